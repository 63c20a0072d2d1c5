// The options of oauth2client, with otelcol's names.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "config/section.h"
#include "config/tls.h"
#include "transport/client/web_url.h"

namespace millrace::extensions {

struct OAuth2ClientOptions {
  std::string client_id;
  std::string client_id_file;  // goes before the value
  std::string client_secret;   // a secret
  std::string client_secret_file;
  std::optional<transport::WebUrl> token_url;
  std::vector<std::string> scopes;
  std::vector<std::pair<std::string, std::string>> endpoint_params;  // names may repeat
  Duration timeout = 0s;                                             // of a fetch; zero: 30 s
  Duration expiry_buffer = 5min;  // a token is replaced so long before its end
  config::ClientTls tls;
};

// Reads `section`, the extension's own section; the caller finishes it.
void read_oauth2_client(config::Section& section, OAuth2ClientOptions& into);

}  // namespace millrace::extensions
