// The keys by which a receiver names the senders that it accepts, and an exporter the credentials
// that it sends. Names are otelcol's, but for allowed_clients, which is Millrace's own.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/section.h"
#include "yaml/node.h"

namespace millrace::access {

// `auth: {authenticator: basicauth/senders}`: the id of an extension.
struct AuthenticatorName {
  std::string id;
  std::string path;  // of the section, for error messages about the id
  yaml::Place place;
};

// Reads the key `auth` of `section` when it is there.
void read_auth(config::Section& section, std::optional<AuthenticatorName>& into);

// `allowed_clients` of a receiver's `tls` section: patterns with their kind, "dns:*.example". Needs
// client_ca_file, without which no client shows a certificate.
void read_allowed_clients(config::Section& tls, std::vector<std::string>& into);

}  // namespace millrace::access
