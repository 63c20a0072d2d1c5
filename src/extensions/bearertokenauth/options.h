// bearertokenauth's options, with otelcol's names.
#pragma once

#include <string>
#include <vector>

#include "config/section.h"

namespace millrace::extensions {

struct BearerTokenAuthOptions {
  std::string scheme = "Bearer";         // before the token; empty: the token stands alone
  std::string header = "Authorization";  // as written; any case on the wire
  std::vector<std::string> tokens;       // secrets; from token or tokens
  std::string filename;                  // a token a line; watched; goes before tokens
};

// `section` is the extension's own; the caller finishes it.
void read_bearer_token_auth(config::Section& section, BearerTokenAuthOptions& into);

}  // namespace millrace::extensions
