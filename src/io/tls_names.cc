#include "io/tls_names.h"

#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace millrace::io {

namespace {

struct Suite {
  std::string_view name;
  std::string_view openssl;  // empty: a suite of TLS 1.3
  bool secure;
};

// From Go's crypto/tls: CipherSuites() and, marked as insecure, InsecureCipherSuites().
constexpr std::array kSuites = {
    Suite{"TLS_AES_128_GCM_SHA256", "", true},
    Suite{"TLS_AES_256_GCM_SHA384", "", true},
    Suite{"TLS_CHACHA20_POLY1305_SHA256", "", true},
    Suite{"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "ECDHE-ECDSA-AES128-SHA", true},
    Suite{"TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "ECDHE-ECDSA-AES256-SHA", true},
    Suite{"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "ECDHE-RSA-AES128-SHA", true},
    Suite{"TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "ECDHE-RSA-AES256-SHA", true},
    Suite{"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256", true},
    Suite{"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384", true},
    Suite{"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256", true},
    Suite{"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384", true},
    Suite{"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-RSA-CHACHA20-POLY1305", true},
    Suite{"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305", "ECDHE-RSA-CHACHA20-POLY1305", true},
    Suite{"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305", true},
    Suite{"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305", "ECDHE-ECDSA-CHACHA20-POLY1305", true},
    Suite{"TLS_RSA_WITH_AES_128_CBC_SHA", "AES128-SHA", false},
    Suite{"TLS_RSA_WITH_AES_256_CBC_SHA", "AES256-SHA", false},
    Suite{"TLS_RSA_WITH_AES_128_CBC_SHA256", "AES128-SHA256", false},
    Suite{"TLS_RSA_WITH_AES_128_GCM_SHA256", "AES128-GCM-SHA256", false},
    Suite{"TLS_RSA_WITH_AES_256_GCM_SHA384", "AES256-GCM-SHA384", false},
    Suite{"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", "ECDHE-ECDSA-AES128-SHA256", false},
    Suite{"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", "ECDHE-RSA-AES128-SHA256", false},
};

void append(std::string& list, std::string_view name) {
  if (!list.empty()) list += ':';
  list += name;
}

}  // namespace

Result<int> to_tls_version(const std::string& option, const std::string& text) {
  if (text == "1.0") return TLS1_VERSION;
  if (text == "1.1") return TLS1_1_VERSION;
  if (text == "1.2") return TLS1_2_VERSION;
  if (text == "1.3") return TLS1_3_VERSION;
  return fail(Code::kInvalidArgument,
              option + ": \"" + text + "\" is not a TLS version; allowed are 1.0, 1.1, 1.2, 1.3");
}

Result<std::string> to_cipher_list(const std::vector<std::string>& suites, bool insecure_allowed) {
  std::string list;
  for (const std::string& name : suites) {
    const auto* const found = std::find_if(kSuites.begin(), kSuites.end(),
                                           [&](const Suite& suite) { return suite.name == name; });
    if (found == kSuites.end()) {
      return fail(Code::kInvalidArgument,
                  "cipher_suites: \"" + name +
                      "\" is not a cipher suite that is supported here; names "
                      "are like TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
    }
    if (!found->secure && !insecure_allowed) {
      return fail(Code::kInvalidArgument, "cipher_suites: \"" + name +
                                              "\" is insecure; it needs "
                                              "include_insecure_cipher_suites: true");
    }
    if (!found->openssl.empty()) append(list, found->openssl);
  }
  return list;
}

Result<std::string> to_group_list(const std::vector<std::string>& curves) {
  std::string list;
  for (const std::string& name : curves) {
    if (name == "X25519") {
      append(list, "X25519");
    } else if (name == "P256" || name == "P384" || name == "P521") {
      append(list, "P-" + name.substr(1));
    } else {
      return fail(Code::kInvalidArgument, "curve_preferences: \"" + name +
                                              "\" is not supported here; allowed are X25519, P256, "
                                              "P384, P521");
    }
  }
  return list;
}

}  // namespace millrace::io
