// TLS for servers and clients, with OpenSSL 3. A context is made from files or PEM text and passed
// to Loop::listen or Loop::connect; their streams are then ordinary Streams with TLS.
//
// Files are read again when they change (checked during handshakes, at most once a second). A new
// version that is unusable is reported, and the old one stays in use.
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

// The settings of otelcol's configtls, with its names, units and defaults. Each certificate or key
// is given as a file or as PEM text, not both.
struct TlsOptions {
  // Clients: the authorities to verify the server's certificate; neither given: the system's.
  std::string ca_file = {};
  std::string ca_pem = {};
  bool include_system_ca_certs_pool = false;
  // The own certificate: the leaf first, then intermediates. Required for servers.
  std::string cert_file = {};
  std::string cert_pem = {};
  std::string key_file = {};
  std::string key_pem = {};
  // Servers: clients must show a certificate signed by an authority in it.
  std::string client_ca_file = {};
  std::string client_ca_pem = {};

  std::string min_version = "1.2";  // "1.0" to "1.3"
  std::string max_version = {};     // empty: the newest
  // Names in Go's and IANA's spelling, for TLS up to 1.2; empty: OpenSSL's defaults.
  std::vector<std::string> cipher_suites = {};
  bool include_insecure_cipher_suites = false;
  std::vector<std::string> curve_preferences = {};  // X25519, P256, P384, P521

  // For clients.
  bool insecure_skip_verify = false;
  std::string server_name_override = {};  // SNI and verification; empty: the endpoint's name

  // Servers: protocols in order of preference; a client that offers only others is refused.
  // Empty: the extension is not answered. (Clients use ConnectOptions::alpn.)
  std::vector<std::string> alpn = {};

  Duration handshake_timeout = 10s;
  // Also read the files again at this interval, changed or not; zero: only when they change.
  Duration reload_interval = 0s;
  // Called after changed files were read: with OK when they are in use from now on, otherwise with
  // the error. Called on the thread of the handshake that checked them. May be empty.
  std::function<void(const Status&)> on_reload = {};
};

class TlsContext;  // tls_context.h

class TlsServerContext {
 public:
  explicit TlsServerContext(std::unique_ptr<TlsContext> context);
  ~TlsServerContext();
  // The expiry of the certificate in use, for a metric.
  WallTime certificate_expiry() const;
  // Sets TlsOptions::on_reload, for an owner that has no logger earlier. Any thread.
  void report_reloads(std::function<void(const Status&)> on_reload);
  TlsContext& context() { return *context_; }

 private:
  std::unique_ptr<TlsContext> context_;
};

class TlsClientContext {
 public:
  explicit TlsClientContext(std::unique_ptr<TlsContext> context);
  ~TlsClientContext();
  // The expiry of the own certificate; WallTime::max() without one.
  WallTime certificate_expiry() const;
  // Sets TlsOptions::on_reload, for an owner that has no logger earlier. Any thread.
  void report_reloads(std::function<void(const Status&)> on_reload);
  TlsContext& context() { return *context_; }

 private:
  std::unique_ptr<TlsContext> context_;
};

// Errors (INVALID_ARGUMENT) name the option, the file and the reason.
Result<std::shared_ptr<TlsServerContext>> make_tls_server_context(const TlsOptions& options);
Result<std::shared_ptr<TlsClientContext>> make_tls_client_context(const TlsOptions& options);

}  // namespace millrace::io
