#include "processors/redaction/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

#include "base/check.h"
#include "otlp/json/text_values.h"

namespace millrace::processors::redaction {

namespace {

const EVP_MD* digest_of(HashFunction function) {
  switch (function) {
    case HashFunction::kMd5:
      return EVP_md5();
    case HashFunction::kSha1:
      return EVP_sha1();
    case HashFunction::kSha3:
      return EVP_sha3_256();
    case HashFunction::kHmacSha256:
      return EVP_sha256();
    case HashFunction::kHmacSha512:
      return EVP_sha512();
    case HashFunction::kNone:
      break;
  }
  return nullptr;
}

}  // namespace

std::string hash_in_hex(const Options& options, std::string_view text) {
  const bool has_key = options.hash_function == HashFunction::kHmacSha256 ||
                       options.hash_function == HashFunction::kHmacSha512;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  const EVP_MD* const function = digest_of(options.hash_function);
  const bool done =
      has_key ? HMAC(function, options.hmac_key.data(), static_cast<int>(options.hmac_key.size()),
                     reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                     digest.data(), &size) != nullptr
              : EVP_Digest(text.data(), text.size(), digest.data(), &size, function, nullptr) == 1;
  // Nothing else may stand in for what had to be hidden.
  MILLRACE_CHECK(done);
  std::string hex;
  otlp::json::append_hex({digest.data(), size}, &hex);
  return hex;
}

}  // namespace millrace::processors::redaction
