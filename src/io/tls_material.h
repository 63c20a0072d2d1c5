// Certificates and keys as a configuration gives them: PEM in a file, or as text. Errors name the
// option and the file.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace millrace::io {

struct PemFree {
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Certificate = std::unique_ptr<X509, PemFree>;
using PrivateKey = std::unique_ptr<EVP_PKEY, PemFree>;

struct TlsMaterial {
  std::string name;  // for errors: `cert_file "/etc/x.pem"` or `cert_pem`
  std::string text;
  bool given() const { return !name.empty(); }
};

// Reads the file, or takes the text, of the options `option`_file and `option`_pem; nothing is
// given when both are empty.
Result<TlsMaterial> read_material(const std::string& option, const std::string& file,
                                  const std::string& pem);
// All certificates of the text in order; an error when there is none.
Result<std::vector<Certificate>> read_certificates(const TlsMaterial& material);
// A key with a password is an error.
Result<PrivateKey> read_private_key(const TlsMaterial& material);

// Returns the oldest error of this thread's OpenSSL queue in words, and clears the queue.
std::string take_openssl_error();

}  // namespace millrace::io
