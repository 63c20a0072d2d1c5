// The gate that admits only authenticated senders: by an authenticator, by a client certificate
// from a list, or by both.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "access/authenticator.h"
#include "transport/request_gate.h"

namespace millrace::access {

struct AuthGateOptions {
  std::shared_ptr<Authenticator> authenticator = nullptr;  // null: none
  // Patterns over TlsInfo::peer_names, "dns:*.example"; empty: every certificate that the TLS
  // settings accept.
  std::vector<std::string> allowed_clients = {};
};

// Null when there is nothing to ask. With a client certificate and no authenticator the identity is
// the certificate's subject.
std::shared_ptr<transport::RequestGate> make_auth_gate(AuthGateOptions options);
// Lets everybody in and takes the identity from the client's certificate: for limits by identity.
std::shared_ptr<transport::RequestGate> make_certificate_gate();

}  // namespace millrace::access
