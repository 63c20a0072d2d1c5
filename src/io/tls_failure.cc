#include "io/tls_failure.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "io/tls_material.h"

namespace millrace::io {

namespace {

// A server that speaks clear text closes the connection on a TLS greeting.
std::string clear_text_hint() {
  return "; it seems not to speak TLS (for clear text: tls::insecure: true)";
}

}  // namespace

std::string explain(const TlsFailure& failure) {
  const long verified = SSL_get_verify_result(failure.ssl);
  const unsigned long error = ERR_peek_error();
  const std::string reason = error != 0 ? take_openssl_error() : std::string();
  if (!failure.broken.empty()) {
    return failure.broken + (failure.is_client ? clear_text_hint() : "");
  }
  if (verified != X509_V_OK) {
    std::string text = "certificate verification failed: ";
    text += X509_verify_cert_error_string(verified);
    if (failure.is_client && verified == X509_V_ERR_HOSTNAME_MISMATCH) {
      text += " (wanted \"" + failure.server_name + "\")";
    }
    return text;
  }
  if (ERR_GET_LIB(error) == ERR_LIB_SSL && (ERR_GET_REASON(error) == SSL_R_WRONG_VERSION_NUMBER ||
                                            ERR_GET_REASON(error) == SSL_R_HTTP_REQUEST)) {
    return "the peer does not speak TLS (" + reason + ")";
  }
  if (failure.inner_ended && failure.is_client)
    return "the peer closed the connection" + clear_text_hint();
  if (!reason.empty()) return reason;
  if (failure.inner_ended || failure.outcome == SSL_ERROR_SYSCALL)
    return "the peer closed the connection";
  return "failed";
}

std::string peek_alert(SSL* ssl) {
  uint8_t byte = 0;
  size_t count = 0;
  ERR_clear_error();
  const int outcome = SSL_peek_ex(ssl, &byte, 1, &count);
  std::string words;
  if (SSL_get_error(ssl, outcome) == SSL_ERROR_SSL) words = take_openssl_error();
  ERR_clear_error();
  return words;
}

}  // namespace millrace::io
