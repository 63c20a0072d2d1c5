// TLS on both sides, over OpenSSL 3. A context is made from files or PEM text and given to
// Loop::listen or Loop::connect; the streams that come out of it are ordinary Streams.
//
// Files are read again when they change (looked at during handshakes, at most once a second). A new
// version that is broken is reported and not used: the old one stays.
//
// Threads: contexts are shared by the loops of a process and may be used from any thread; a
// handshake takes a short lock, the data path takes none.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace millrace::io {

// The settings of otelcol's configtls, with its names, units and defaults. For each piece, the
// file or the PEM text may be given, not both.
struct TlsOptions {
  // Whom to trust. Clients: for the server's certificate; none of them: the system's authorities.
  std::string ca_file = {};
  std::string ca_pem = {};
  bool include_system_ca_certs_pool = false;
  // The own certificate: the leaf first, then intermediates. Servers need it.
  std::string cert_file = {};
  std::string cert_pem = {};
  std::string key_file = {};
  std::string key_pem = {};
  // Servers: clients must show a certificate of one of these authorities.
  std::string client_ca_file = {};
  std::string client_ca_pem = {};

  std::string min_version = "1.2";  // "1.0" to "1.3"
  std::string max_version = {};     // empty: the newest
  // Names as Go and IANA spell them, for TLS up to 1.2; empty: OpenSSL's own choice.
  std::vector<std::string> cipher_suites = {};
  bool include_insecure_cipher_suites = false;
  std::vector<std::string> curve_preferences = {};  // X25519, P256, P384, P521

  // Clients.
  bool insecure_skip_verify = false;
  std::string server_name_override = {};  // SNI and verification, instead of the endpoint's name

  // Servers: protocols in order of preference; a client that offers others only is refused.
  // Empty: the extension is not answered. (Clients offer ConnectOptions::alpn.)
  std::vector<std::string> alpn = {};

  Duration handshake_timeout = 10s;
  // Also read the files again this often, changed or not; zero: only when they change.
  Duration reload_interval = 0s;
  // Called when changed files have been read: with OK when they are in use from now on, or with
  // what is wrong with them. On the thread of the handshake that found out. May be empty.
  std::function<void(const Status&)> on_reload = {};
};

class TlsContext;  // tls_context.h

class TlsServerContext {
 public:
  explicit TlsServerContext(std::unique_ptr<TlsContext> context);
  ~TlsServerContext();
  // When the certificate in use expires, for a metric.
  WallTime certificate_expiry() const;
  // Sets TlsOptions::on_reload, for an owner that has no logger earlier. From any thread.
  void report_reloads(std::function<void(const Status&)> on_reload);
  TlsContext& context() { return *context_; }

 private:
  std::unique_ptr<TlsContext> context_;
};

class TlsClientContext {
 public:
  explicit TlsClientContext(std::unique_ptr<TlsContext> context);
  ~TlsClientContext();
  // Of our own certificate; WallTime::max() when we have none.
  WallTime certificate_expiry() const;
  // Sets TlsOptions::on_reload, for an owner that has no logger earlier. From any thread.
  void report_reloads(std::function<void(const Status&)> on_reload);
  TlsContext& context() { return *context_; }

 private:
  std::unique_ptr<TlsContext> context_;
};

// Errors (INVALID_ARGUMENT) name the option, the file and what is wrong with it.
Result<std::shared_ptr<TlsServerContext>> make_tls_server_context(const TlsOptions& options);
Result<std::shared_ptr<TlsClientContext>> make_tls_client_context(const TlsOptions& options);

}  // namespace millrace::io
