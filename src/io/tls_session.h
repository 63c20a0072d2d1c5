// Settings and results of an OpenSSL session.
#pragma once

#include <openssl/ssl.h>

#include <string>
#include <vector>

#include "io/stream.h"

namespace millrace::io {

// Before the handshake of a client: the name that the server's certificate must have (a host name
// or an address; empty: any), and the protocols offered by ALPN.
void set_up_client_session(SSL* ssl, const std::string& server_name,
                           const std::vector<std::string>& alpn);
// After the handshake: fills in `resumed`, `alpn` and, where the peer's certificate was verified,
// the names in it.
void describe_session(SSL* ssl, TlsInfo& info);

}  // namespace millrace::io
