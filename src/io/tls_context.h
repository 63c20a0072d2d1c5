// The implementation of TlsServerContext and TlsClientContext: the current SSL_CTX, its replacement
// when files change, and the sessions that clients may resume.
#pragma once

#include <openssl/ssl.h>
#include <sys/stat.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "io/tls.h"

namespace millrace::io {

struct SslFree {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
};

enum class TlsRole : uint8_t { kServer, kClient };

// Protocols in the encoding of ALPN, each with its length before it.
std::string to_alpn_wire(const std::vector<std::string>& protocols);

class TlsContext;

// The app data of a session, for OpenSSL's callbacks.
struct TlsSessionOwner {
  TlsContext* context = nullptr;
  std::string peer;  // clients: the key of sessions to resume
};

// The result of reading the files once. Immutable except for OpenSSL's own locks.
struct TlsVersion {
  std::unique_ptr<SSL_CTX, SslFree> ssl_context;
  WallTime expiry = WallTime::max();
};

// Errors name the option and the file.
Result<TlsVersion> read_tls_version(const TlsOptions& options, TlsRole role);

class TlsContext {
 public:
  static Result<std::unique_ptr<TlsContext>> make(const TlsOptions& options, TlsRole role);

  const TlsOptions& options() const { return options_; }
  TlsRole role() const { return role_; }
  WallTime expiry() const;
  // The server's protocols in the encoding of ALPN, each with its length before it.
  const std::string& alpn_wire() const { return alpn_wire_; }
  // Creates a session object of the current version after checking for changed files. The owner
  // must outlive the session, and this context the owner.
  std::unique_ptr<SSL, SslFree> start_session(TlsSessionOwner& owner, MonotonicTime now);

  // Any thread. Replaces TlsOptions::on_reload.
  void report_reloads(std::function<void(const Status&)> on_reload);

  // Clients: sessions to resume, by peer. Each is used once, as TLS 1.3 recommends.
  void keep_session(const std::string& peer, SSL_SESSION* session);  // takes ownership
  std::unique_ptr<SSL_SESSION, SslFree> take_session(const std::string& peer);

 private:
  TlsContext(const TlsOptions& options, TlsRole role);

  // Identifies a version of a file.
  struct Stamp {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    int64_t modified_ns = 0;
    int64_t changed_ns = 0;
    friend bool operator==(const Stamp&, const Stamp&) = default;
  };
  std::vector<Stamp> take_stamps() const;  // a zero stamp for a missing file
  // Returns the result if there was something to read.
  std::optional<Status> reload_if_changed(MonotonicTime now) MILLRACE_REQUIRES(mutex_);

  const TlsOptions options_;
  const TlsRole role_;
  const std::string alpn_wire_;
  mutable Mutex mutex_;  // held only at the start of a handshake
  std::function<void(const Status&)> on_reload_ MILLRACE_GUARDED_BY(mutex_);
  TlsVersion current_ MILLRACE_GUARDED_BY(mutex_);
  std::vector<Stamp> stamps_ MILLRACE_GUARDED_BY(mutex_);
  MonotonicTime next_look_ MILLRACE_GUARDED_BY(mutex_){};
  MonotonicTime next_forced_read_ MILLRACE_GUARDED_BY(mutex_){};
  std::map<std::string, std::unique_ptr<SSL_SESSION, SslFree>> sessions_
      MILLRACE_GUARDED_BY(mutex_);
};

}  // namespace millrace::io
