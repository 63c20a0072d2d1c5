// The gate that admits only authenticated senders: by an authenticator, by a client certificate
// from a list, or by both.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "access/authenticator.h"
#include "transport/server/request_gate.h"

namespace millrace::access {

struct AuthGateOptions {
  std::shared_ptr<Authenticator> authenticator = nullptr;  // null: no authenticator
  // Patterns for TlsInfo::peer_names, such as "dns:*.example". Empty: every certificate that the
  // TLS settings accept.
  std::vector<std::string> allowed_clients = {};
};

// Returns null when the options require nothing. With a client certificate and no authenticator the
// identity is the certificate's subject.
std::shared_ptr<transport::RequestGate> make_auth_gate(AuthGateOptions options);
// Admits every sender and sets the identity from its client certificate: for limits by identity.
std::shared_ptr<transport::RequestGate> make_certificate_gate();

}  // namespace millrace::access
