#include "io/testing/test_certificates.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>

#include "base/check.h"

namespace millrace::io::testing {

namespace {

using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

template <class Write>
std::string to_pem(Write write) {
  BIO* bio = BIO_new(BIO_s_mem());
  MILLRACE_CHECK(write(bio) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<size_t>(size));
  BIO_free(bio);
  return text;
}

std::string certificate_to_pem(X509* certificate) {
  return to_pem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
}

void add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  MILLRACE_CHECK(extension != nullptr);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

Certificate new_certificate(const std::string& name, long serial, EVP_PKEY* key, X509* issuer,
                            int64_t from_s, int64_t until_s) {
  Certificate made(X509_new(), X509_free);
  X509_set_version(made.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), static_cast<long>(from_s));
  X509_gmtime_adj(X509_getm_notAfter(made.get()), static_cast<long>(until_s));
  X509_set_pubkey(made.get(), key);
  X509_NAME* subject = X509_get_subject_name(made.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(made.get(), issuer == nullptr ? subject : X509_get_subject_name(issuer));
  return made;
}

EVP_PKEY* new_key() {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  MILLRACE_CHECK(key != nullptr);
  return key;
}

}  // namespace

TestAuthority::TestAuthority(const std::string& name) {
  EVP_PKEY* key = new_key();
  Certificate made = new_certificate(name, 1, key, nullptr, -86'400, 864'000);
  add_extension(made.get(), made.get(), NID_basic_constraints, "critical,CA:TRUE");
  add_extension(made.get(), made.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(made.get(), made.get(), NID_subject_key_identifier, "hash");
  MILLRACE_CHECK(X509_sign(made.get(), key, EVP_sha256()) > 0);
  certificate_pem_ = certificate_to_pem(made.get());
  key_ = key;
  certificate_ = made.release();
}

TestAuthority::~TestAuthority() {
  EVP_PKEY_free(static_cast<EVP_PKEY*>(key_));
  X509_free(static_cast<X509*>(certificate_));
}

IssuedCertificate TestAuthority::issue(const CertificateRequest& request) {
  auto* issuer = static_cast<X509*>(certificate_);
  EVP_PKEY* key = new_key();
  Certificate made = new_certificate(request.common_name, next_serial_++, key, issuer,
                                     request.valid_from_s, request.valid_until_s);
  std::string names;
  for (const std::string& name : request.dns_names) names += ",DNS:" + name;
  for (const std::string& address : request.ip_addresses) names += ",IP:" + address;
  for (const std::string& uri : request.uris) names += ",URI:" + uri;
  if (!names.empty()) {
    add_extension(made.get(), issuer, NID_subject_alt_name, names.substr(1));
  }
  add_extension(made.get(), issuer, NID_ext_key_usage, "serverAuth,clientAuth");
  MILLRACE_CHECK(X509_sign(made.get(), static_cast<EVP_PKEY*>(key_), EVP_sha256()) > 0);
  IssuedCertificate issued;
  issued.certificate_pem = certificate_to_pem(made.get());
  issued.key_pem = to_pem([&](BIO* bio) {
    return PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
  EVP_PKEY_free(key);
  return issued;
}

TemporaryFolder::TemporaryFolder() {
  path_ = (std::filesystem::temp_directory_path() / "millrace-test-XXXXXX").string();
  MILLRACE_CHECK(::mkdtemp(path_.data()) != nullptr);
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryFolder::write(const std::string& name, std::string_view text) {
  const std::string target = path_ + "/" + name;
  {
    std::ofstream file(target + ".new", std::ios::binary);
    file << text;
  }
  MILLRACE_CHECK(std::rename((target + ".new").c_str(), target.c_str()) == 0);
  return target;
}

}  // namespace millrace::io::testing
