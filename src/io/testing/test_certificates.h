// Certificates created for tests of TLS: an authority that signs for any name and time.
// Test code only. Any thread, one object per thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::io::testing {

struct CertificateRequest {
  std::string common_name = "localhost";
  std::vector<std::string> dns_names = {"localhost"};
  std::vector<std::string> ip_addresses = {"127.0.0.1", "::1"};
  std::vector<std::string> uris = {};
  // Relative to now, in seconds.
  int64_t valid_from_s = -3600;
  int64_t valid_until_s = 86'400;
};

struct IssuedCertificate {
  std::string certificate_pem;
  std::string key_pem;
};

// A P-256 key and a self-signed certificate of a CA.
class TestAuthority {
 public:
  explicit TestAuthority(const std::string& name);
  ~TestAuthority();
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;
  const std::string& certificate_pem() const { return certificate_pem_; }
  IssuedCertificate issue(const CertificateRequest& request);

 private:
  void* key_ = nullptr;          // EVP_PKEY
  void* certificate_ = nullptr;  // X509
  std::string certificate_pem_;
  long next_serial_ = 2;
};

// A folder that the destructor removes with its contents.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }
  // Writes a file, replacing an old one by a rename, and returns its path.
  std::string write(const std::string& name, std::string_view text);

 private:
  std::string path_;
};

}  // namespace millrace::io::testing
