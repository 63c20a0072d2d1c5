// Translates configured names of versions, cipher suites and curves to OpenSSL's.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace millrace::io {

// "1.2" -> TLS1_2_VERSION. Errors name `option`.
Result<int> to_tls_version(const std::string& option, const std::string& text);
// Go's names to OpenSSL's cipher list. Suites of TLS 1.3 are accepted and ignored: as in Go, they
// can't be configured.
Result<std::string> to_cipher_list(const std::vector<std::string>& suites, bool insecure_allowed);
Result<std::string> to_group_list(const std::vector<std::string>& curves);

}  // namespace millrace::io
