// The configuration keys for a receiver's authentication of senders and for an exporter's
// credentials. The names are otelcol's, except allowed_clients, which is Millrace's own.
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
  std::string path;  // of the section; error messages about the id name it
  yaml::Place place;
};

// Reads the key `auth` of `section` if it is present.
void read_auth(config::Section& section, std::optional<AuthenticatorName>& into);

// Reads `allowed_clients` of a receiver's `tls` section: patterns with their kind, "dns:*.example".
// Requires client_ca_file, because without it no client shows a certificate.
void read_allowed_clients(config::Section& tls, std::vector<std::string>& into);

}  // namespace millrace::access
