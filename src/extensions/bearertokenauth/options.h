// The options of bearertokenauth, with otelcol's names.
#pragma once

#include <string>
#include <vector>

#include "config/section.h"

namespace millrace::extensions {

struct BearerTokenAuthOptions {
  std::string scheme = "Bearer";         // before the token; empty: the token alone
  std::string header = "Authorization";  // as written; matched in any case
  std::vector<std::string> tokens;       // secrets; from `token` or `tokens`
  std::string filename;                  // one token a line; watched; takes precedence over tokens
};

// Reads `section`, the extension's own section; the caller finishes it.
void read_bearer_token_auth(config::Section& section, BearerTokenAuthOptions& into);

}  // namespace millrace::extensions
