#include "io/tls_session.h"

#include <openssl/x509v3.h>

#include "io/address.h"
#include "io/tls_context.h"
#include "io/tls_peer.h"

namespace millrace::io {

void set_up_client_session(SSL* ssl, const std::string& server_name,
                           const std::vector<std::string>& alpn) {
  X509_VERIFY_PARAM* verify = SSL_get0_param(ssl);
  // As in Go, the alternative names of the certificate count and its common name does not.
  X509_VERIFY_PARAM_set_hostflags(
      verify, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  if (is_numeric_host(server_name)) {
    X509_VERIFY_PARAM_set1_ip_asc(verify, server_name.c_str());
  } else if (!server_name.empty()) {
    X509_VERIFY_PARAM_set1_host(verify, server_name.data(), server_name.size());
    SSL_set_tlsext_host_name(ssl, server_name.c_str());
  }
  if (!alpn.empty()) {
    const std::string wire = to_alpn_wire(alpn);
    SSL_set_alpn_protos(ssl, reinterpret_cast<const unsigned char*>(wire.data()),
                        static_cast<unsigned>(wire.size()));
  }
}

void describe_session(SSL* ssl, TlsInfo& info) {
  info.resumed = SSL_session_reused(ssl) == 1;
  const unsigned char* protocol = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl, &protocol, &size);
  info.alpn.assign(reinterpret_cast<const char*>(protocol), size);
  X509* certificate = SSL_get0_peer_certificate(ssl);
  if (certificate == nullptr || SSL_get_verify_mode(ssl) == SSL_VERIFY_NONE) return;
  info.peer_subject = subject_of(certificate);
  info.peer_names = names_of(certificate);
}

}  // namespace millrace::io
