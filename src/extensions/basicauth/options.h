// basicauth's options, with otelcol's names.
#pragma once

#include <optional>
#include <string>

#include "config/section.h"

namespace millrace::extensions {

struct BasicAuthOptions {
  // For receivers. With both, the inline users go before those of the file.
  struct Htpasswd {
    std::string file;  // watched
    std::string inline_text;
  };
  // For exporters. Files go before values and are watched.
  struct ClientAuth {
    std::string username;
    std::string username_file;
    std::string password;
    std::string password_file;
  };
  std::optional<Htpasswd> htpasswd;
  std::optional<ClientAuth> client_auth;
};

// `section` is the extension's own; the caller finishes it.
void read_basic_auth(config::Section& section, BasicAuthOptions& into);

}  // namespace millrace::extensions
