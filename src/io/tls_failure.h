// Explains why a TLS handshake failed, for the person that configures it.
#pragma once

#include <openssl/ssl.h>

#include <string>

namespace millrace::io {

struct TlsFailure {
  SSL* ssl = nullptr;
  int outcome = 0;  // SSL_get_error
  // Of the stream below, where it broke; empty: it did not.
  std::string broken;
  bool inner_ended = false;
  bool is_client = false;
  std::string server_name;  // clients: as verified
};

// Takes the oldest error of the thread's OpenSSL queue.
std::string explain(const TlsFailure& failure);

// What the peer said before it closed, empty if nothing: a peer that refuses us (our certificate,
// say) sends an alert and closes, and its words are behind the reset that a write gets to see
// first.
std::string peek_alert(SSL* ssl);

}  // namespace millrace::io
