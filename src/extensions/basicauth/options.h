// The options of basicauth, with otelcol's names.
#pragma once

#include <optional>
#include <string>

#include "config/section.h"

namespace millrace::extensions {

struct BasicAuthOptions {
  // For receivers. When both are given, inline users replace users of the file with the same name.
  struct Htpasswd {
    std::string file;  // watched for changes
    std::string inline_text;
  };
  // For exporters. A file takes precedence over the value and is watched for changes.
  struct ClientAuth {
    std::string username;
    std::string username_file;
    std::string password;
    std::string password_file;
  };
  std::optional<Htpasswd> htpasswd;
  std::optional<ClientAuth> client_auth;
};

// Reads `section`, the extension's own section; the caller finishes it.
void read_basic_auth(config::Section& section, BasicAuthOptions& into);

}  // namespace millrace::extensions
