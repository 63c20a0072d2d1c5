#include "extensions/basicauth/options.h"

namespace millrace::extensions {

void read_basic_auth(config::Section& section, BasicAuthOptions& into) {
  section.section("htpasswd", [&](config::Section& htpasswd) {
    into.htpasswd.emplace();
    htpasswd.text("file", &into.htpasswd->file);
    htpasswd.secret("inline", &into.htpasswd->inline_text);
    if (into.htpasswd->file.empty() && into.htpasswd->inline_text.empty()) {
      htpasswd.error("no credential source provided: give file or inline");
    }
  });
  section.section("client_auth", [&](config::Section& client) {
    into.client_auth.emplace();
    client.text("username", &into.client_auth->username);
    client.text("username_file", &into.client_auth->username_file);
    client.secret("password", &into.client_auth->password);
    client.text("password_file", &into.client_auth->password_file);
    client.unsupported("aws_secrets_manager",
                       "secrets of AWS are not supported in this version; use password_file");
  });
  if (into.htpasswd && into.client_auth) {
    section.error("only one of `htpasswd` or `client_auth` can be specified");
  }
  if (!into.htpasswd && !into.client_auth) section.error("no credential source provided");
}

}  // namespace millrace::extensions
