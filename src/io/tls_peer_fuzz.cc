// Any certificate that OpenSSL reads gives names: the subject first, then names with their
// kind. A name with a NUL in it is complete, so that it does not equal the part before the NUL.
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "io/tls_peer.h"

namespace {

// The number of alternative names of the reported kinds.
size_t alternative_count(X509* certificate) {
  auto* names = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  size_t count = 0;
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const int type = sk_GENERAL_NAME_value(names, i)->type;
    count += type == GEN_DNS || type == GEN_URI || type == GEN_EMAIL || type == GEN_IPADD ? 1 : 0;
  }
  GENERAL_NAMES_free(names);
  return count;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const uint8_t* at = data;
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      d2i_X509(nullptr, &at, static_cast<long>(size)), X509_free);
  ERR_clear_error();
  if (certificate == nullptr) return 0;
  const std::vector<std::string> names = millrace::io::names_of(certificate.get());
  MILLRACE_CHECK(names[0] == "subject:" + millrace::io::subject_of(certificate.get()));
  size_t alternatives = 0;
  for (size_t i = 1; i < names.size(); ++i) {
    const auto is_kind = [&](const char* kind) { return names[i].starts_with(kind); };
    if (is_kind("cn:")) continue;
    MILLRACE_CHECK(is_kind("dns:") || is_kind("uri:") || is_kind("email:") || is_kind("ip:"));
    ++alternatives;
  }
  MILLRACE_CHECK(alternatives == alternative_count(certificate.get()));
  ERR_clear_error();
  return 0;
}
