#include "io/tls_material.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include "io/tls_files.h"

namespace millrace::io {
namespace {

constexpr size_t kFileBytesMax = 8 << 20;  // the system's authorities take 200 KiB

struct BioFree {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using Bio = std::unique_ptr<BIO, BioFree>;

Bio bio_over(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::unexpected<Error> invalid(std::string message) {
  return fail(Code::kInvalidArgument, std::move(message));
}

int refuse_password(char*, int, int, void*) { return -1; }

}  // namespace

Result<TlsMaterial> read_material(const std::string& option, const std::string& file,
                                  const std::string& pem) {
  if (!file.empty() && !pem.empty()) {
    return invalid(option + "_file and " + option + "_pem are both given; give one of them");
  }
  if (!pem.empty()) return TlsMaterial{option + "_pem", pem};
  if (file.empty()) return TlsMaterial{};
  const std::string name = option + "_file \"" + file + "\"";
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  std::string text;
  if (stream) text.assign(std::istreambuf_iterator<char>(stream), {});
  if (!stream || stream.bad()) {
    return invalid(name + " cannot be read: " + (errno != 0 ? ::strerror(errno) : "no data"));
  }
  if (text.size() > kFileBytesMax) return invalid(name + " is too large for a PEM file");
  return TlsMaterial{name, std::move(text)};
}

Result<std::vector<Certificate>> read_certificates(const TlsMaterial& material) {
  std::vector<Certificate> found;
  const Bio bio = bio_over(material.text);
  ERR_clear_error();
  while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, refuse_password, nullptr)) {
    found.emplace_back(certificate);
  }
  const unsigned long error = ERR_peek_last_error();
  const bool reached_end =
      ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
  if (!reached_end) {
    return invalid(material.name + ": certificate " + std::to_string(found.size() + 1) +
                   " is broken: " + take_openssl_error());
  }
  ERR_clear_error();
  if (found.empty()) return invalid(material.name + " holds no PEM certificate");
  return found;
}

Result<PrivateKey> read_private_key(const TlsMaterial& material) {
  const Bio bio = bio_over(material.text);
  PrivateKey key(PEM_read_bio_PrivateKey(bio.get(), nullptr, refuse_password, nullptr));
  if (key != nullptr) return key;
  ERR_clear_error();
  return invalid(material.name + " holds no PEM private key that can be read without a password");
}

std::string take_openssl_error() {
  const unsigned long error = ERR_get_error();
  ERR_clear_error();
  const char* reason = ERR_reason_error_string(error);
  return reason != nullptr ? reason : "error " + std::to_string(error);
}

std::vector<std::string> unreadable_tls_files(const TlsOptions& options) {
  std::vector<std::string> found;
  const std::pair<const char*, const std::string*> files[] = {
      {"ca", &options.ca_file},
      {"client_ca", &options.client_ca_file},
      {"cert", &options.cert_file},
      {"key", &options.key_file}};
  for (const auto& [option, file] : files) {
    const Result<TlsMaterial> read = read_material(option, *file, {});
    if (!read) found.push_back(read.error().message);
  }
  return found;
}

}  // namespace millrace::io
