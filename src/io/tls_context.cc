#include "io/tls_context.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

#include "io/tls_material.h"
#include "io/tls_names.h"

namespace millrace::io {

namespace {

constexpr Duration kLookInterval = 1s;  // between two checks of the files
constexpr size_t kSessionsMax = 256;    // kept by clients for resumption
// Chains of certificates take 2 to 8 KiB.
constexpr long kClientChainBytesMax = 32 << 10;
constexpr std::string_view kSessionContext = "millrace";

std::unexpected<Error> invalid(std::string message) {
  return fail(Code::kInvalidArgument, std::move(message));
}

Status trust(X509_STORE* store, const TlsMaterial& material) {
  auto certificates = read_certificates(material);
  if (!certificates) return fail(certificates.error());
  for (const Certificate& certificate : *certificates) {
    X509_STORE_add_cert(store, certificate.get());  // a duplicate is no error
  }
  return {};
}

// Where distributions keep the system's authorities: Debian, Fedora, openSUSE, Alpine.
constexpr const char* kAuthorityFiles[] = {"/etc/ssl/certs/ca-certificates.crt",
                                           "/etc/pki/tls/certs/ca-bundle.crt",
                                           "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"};

// OpenSSL's places are those of the distribution that it was built for, which need not be the one
// that it runs on. SSL_CERT_FILE and SSL_CERT_DIR take precedence over all.
void trust_the_system(SSL_CTX* context) {
  SSL_CTX_set_default_verify_paths(context);
  const auto is_there = [](const char* path) { return access(path, R_OK) == 0; };
  if (std::getenv(X509_get_default_cert_file_env()) != nullptr ||
      std::getenv(X509_get_default_cert_dir_env()) != nullptr ||
      is_there(X509_get_default_cert_file()) || is_there(X509_get_default_cert_dir())) {
    return;
  }
  for (const char* file : kAuthorityFiles) {
    if (is_there(file) && SSL_CTX_load_verify_file(context, file) == 1) break;
  }
  ERR_clear_error();
}

WallTime expiry_of(const X509* certificate) {
  tm time{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &time) != 1) return WallTime::max();
  return WallTime(std::chrono::seconds(::timegm(&time)));
}

// Loads the own certificate, its chain and its key.
Status load_identity(TlsVersion& version, const TlsOptions& options, TlsRole role) {
  auto chain = read_material("cert", options.cert_file, options.cert_pem);
  if (!chain) return fail(chain.error());
  auto key = read_material("key", options.key_file, options.key_pem);
  if (!key) return fail(key.error());
  if (!chain->given() && !key->given()) {
    if (role == TlsRole::kClient) return {};
    return invalid("a TLS server needs cert_file and key_file (or cert_pem and key_pem)");
  }
  if (!key->given()) return invalid(chain->name + " is given without key_file or key_pem");
  if (!chain->given()) return invalid(key->name + " is given without cert_file or cert_pem");

  auto certificates = read_certificates(*chain);
  if (!certificates) return fail(certificates.error());
  const auto parsed = read_private_key(*key);
  if (!parsed) return fail(parsed.error());
  SSL_CTX* context = version.ssl_context.get();
  if (X509_check_private_key(certificates->front().get(), parsed->get()) != 1) {
    ERR_clear_error();
    return invalid(key->name + " does not belong to the first certificate of " + chain->name);
  }
  if (SSL_CTX_use_certificate(context, certificates->front().get()) != 1 ||
      SSL_CTX_use_PrivateKey(context, parsed->get()) != 1) {
    return invalid(chain->name + ": " + take_openssl_error());
  }
  for (size_t i = 1; i < certificates->size(); ++i) {
    SSL_CTX_add1_chain_cert(context, (*certificates)[i].get());
  }
  version.expiry = expiry_of(certificates->front().get());
  return {};
}

Status load_trust(SSL_CTX* context, const TlsOptions& options, TlsRole role) {
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  const bool client = role == TlsRole::kClient;
  auto authorities =
      client ? read_material("ca", options.ca_file, options.ca_pem)
             : read_material("client_ca", options.client_ca_file, options.client_ca_pem);
  if (!authorities) return fail(authorities.error());
  if (authorities->given()) {
    if (Status trusted = trust(store, *authorities); !trusted) return trusted;
  }
  if (!client) {
    if (!authorities->given()) return {};
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    auto certificates = read_certificates(*authorities);
    for (const Certificate& certificate : *certificates) {
      SSL_CTX_add_client_CA(context, certificate.get());
    }
    return {};
  }
  if (!authorities->given() || options.include_system_ca_certs_pool) {
    trust_the_system(context);
  }
  SSL_CTX_set_verify(context, options.insecure_skip_verify ? SSL_VERIFY_NONE : SSL_VERIFY_PEER,
                     nullptr);
  return {};
}

Status set_protocol(SSL_CTX* context, const TlsOptions& options) {
  auto min =
      to_tls_version("min_version", options.min_version.empty() ? "1.2" : options.min_version);
  if (!min) return fail(min.error());
  SSL_CTX_set_min_proto_version(context, *min);
  if (!options.max_version.empty()) {
    auto max = to_tls_version("max_version", options.max_version);
    if (!max) return fail(max.error());
    if (*max < *min) return invalid("max_version is older than min_version");
    SSL_CTX_set_max_proto_version(context, *max);
  }
  auto ciphers = to_cipher_list(options.cipher_suites, options.include_insecure_cipher_suites);
  if (!ciphers) return fail(ciphers.error());
  if (!ciphers->empty() && SSL_CTX_set_cipher_list(context, ciphers->c_str()) != 1) {
    return invalid("cipher_suites: this OpenSSL has none of them: " + take_openssl_error());
  }
  auto groups = to_group_list(options.curve_preferences);
  if (!groups) return fail(groups.error());
  if (!groups->empty() && SSL_CTX_set1_groups_list(context, groups->c_str()) != 1) {
    return invalid("curve_preferences: " + take_openssl_error());
  }
  return {};
}

TlsSessionOwner& owner_of(const SSL* ssl) {
  return *static_cast<TlsSessionOwner*>(SSL_get_app_data(ssl));
}

int choose_protocol(SSL* ssl, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* in, unsigned in_size, void*) {
  const std::string& ours = owner_of(ssl).context->alpn_wire();
  unsigned char* chosen = nullptr;
  const int outcome =
      SSL_select_next_proto(&chosen, out_size, reinterpret_cast<const unsigned char*>(ours.data()),
                            static_cast<unsigned>(ours.size()), in, in_size);
  *out = chosen;
  // As Go does: a client that offers only other protocols is refused.
  return outcome == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

int keep_new_session(SSL* ssl, SSL_SESSION* session) {
  const TlsSessionOwner& owner = owner_of(ssl);
  owner.context->keep_session(owner.peer, session);
  return 1;
}

}  // namespace

std::string to_alpn_wire(const std::vector<std::string>& protocols) {
  std::string wire;
  for (const std::string& protocol : protocols) {
    wire += static_cast<char>(protocol.size());
    wire += protocol;
  }
  return wire;
}

Result<TlsVersion> read_tls_version(const TlsOptions& options, TlsRole role) {
  TlsVersion version;
  version.ssl_context.reset(
      SSL_CTX_new(role == TlsRole::kServer ? TLS_server_method() : TLS_client_method()));
  SSL_CTX* context = version.ssl_context.get();
  if (context == nullptr) return fail(Code::kInternal, "OpenSSL: " + take_openssl_error());
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_options(
      context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  // A client reads several records in one read of the socket. A server has many peers, and each
  // could keep a buffer with half of a record allocated.
  SSL_CTX_set_read_ahead(context, 1);
  if (role == TlsRole::kClient) SSL_CTX_set_default_read_buffer_len(context, 64 << 10);
  if (Status set = set_protocol(context, options); !set) return fail(set.error());
  if (Status loaded = load_identity(version, options, role); !loaded) return fail(loaded.error());
  if (Status loaded = load_trust(context, options, role); !loaded) return fail(loaded.error());
  if (role == TlsRole::kServer) {
    // Sessions are stored in tickets at the client. A new version has new ticket keys, so that
    // certificates are checked again after the client authority has changed.
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context, 1);
    // OpenSSL collects a chain of certificates completely before it checks the chain.
    SSL_CTX_set_max_cert_list(context, kClientChainBytesMax);
    SSL_CTX_set_session_id_context(context,
                                   reinterpret_cast<const unsigned char*>(kSessionContext.data()),
                                   kSessionContext.size());
    if (!options.alpn.empty()) SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  } else {
    SSL_CTX_set_session_cache_mode(context,
                                   SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
    SSL_CTX_sess_set_new_cb(context, keep_new_session);
  }
  return version;
}

TlsContext::TlsContext(const TlsOptions& options, TlsRole role)
    : options_(options),
      role_(role),
      alpn_wire_(to_alpn_wire(options.alpn)),
      on_reload_(options.on_reload) {}

Result<std::unique_ptr<TlsContext>> TlsContext::make(const TlsOptions& options, TlsRole role) {
  std::unique_ptr<TlsContext> context(new TlsContext(options, role));
  const MutexLock lock(context->mutex_);
  context->stamps_ = context->take_stamps();  // before reading: finds a change during the read
  auto version = read_tls_version(options, role);
  if (!version) return fail(version.error());
  context->current_ = std::move(*version);
  return context;
}

WallTime TlsContext::expiry() const {
  const MutexLock lock(mutex_);
  return current_.expiry;
}

std::vector<TlsContext::Stamp> TlsContext::take_stamps() const {
  std::vector<Stamp> stamps;
  for (const std::string* file :
       {&options_.ca_file, &options_.cert_file, &options_.key_file, &options_.client_ca_file}) {
    struct stat found{};
    Stamp stamp;
    if (!file->empty() && ::stat(file->c_str(), &found) == 0) {
      stamp = {found.st_dev, found.st_ino, found.st_size,
               found.st_mtim.tv_sec * 1'000'000'000 + found.st_mtim.tv_nsec,
               found.st_ctim.tv_sec * 1'000'000'000 + found.st_ctim.tv_nsec};
    }
    stamps.push_back(stamp);
  }
  return stamps;
}

// Holds the lock while it reads: handshakes of other loops wait for the new version, which takes a
// millisecond and happens only when a certificate is renewed.
std::optional<Status> TlsContext::reload_if_changed(MonotonicTime now) {
  if (now < next_look_) return std::nullopt;
  next_look_ = now + kLookInterval;
  std::vector<Stamp> stamps = take_stamps();
  bool wanted = stamps != stamps_;
  if (options_.reload_interval > 0ns) {
    if (next_forced_read_ == MonotonicTime{}) next_forced_read_ = now + options_.reload_interval;
    if (now >= next_forced_read_) {
      next_forced_read_ = now + options_.reload_interval;
      wanted = true;
    }
  }
  if (!wanted) return std::nullopt;
  stamps_ = std::move(stamps);
  auto version = read_tls_version(options_, role_);
  if (!version) return Status(fail(version.error()));
  current_ = std::move(*version);
  sessions_.clear();
  return Status{};
}

std::unique_ptr<SSL, SslFree> TlsContext::start_session(TlsSessionOwner& owner, MonotonicTime now) {
  MutexLock lock(mutex_);
  const std::optional<Status> reloaded = reload_if_changed(now);
  std::unique_ptr<SSL, SslFree> session(SSL_new(current_.ssl_context.get()));
  const auto report = reloaded ? on_reload_ : nullptr;
  lock.unlock();
  if (session) SSL_set_app_data(session.get(), &owner);
  // Without the lock, because the callback may call certificate_expiry().
  if (report) report(*reloaded);
  return session;
}

void TlsContext::report_reloads(std::function<void(const Status&)> on_reload) {
  const MutexLock lock(mutex_);
  on_reload_ = std::move(on_reload);
}

void TlsContext::keep_session(const std::string& peer, SSL_SESSION* session) {
  const MutexLock lock(mutex_);
  if (sessions_.size() >= kSessionsMax && !sessions_.contains(peer)) {
    sessions_.erase(sessions_.begin());
  }
  sessions_[peer].reset(session);
}

std::unique_ptr<SSL_SESSION, SslFree> TlsContext::take_session(const std::string& peer) {
  const MutexLock lock(mutex_);
  const auto found = sessions_.find(peer);
  if (found == sessions_.end()) return nullptr;
  auto session = std::move(found->second);
  sessions_.erase(found);
  return session;
}

TlsServerContext::TlsServerContext(std::unique_ptr<TlsContext> context)
    : context_(std::move(context)) {}
TlsServerContext::~TlsServerContext() = default;
WallTime TlsServerContext::certificate_expiry() const { return context_->expiry(); }
void TlsServerContext::report_reloads(std::function<void(const Status&)> on_reload) {
  context_->report_reloads(std::move(on_reload));
}

TlsClientContext::TlsClientContext(std::unique_ptr<TlsContext> context)
    : context_(std::move(context)) {}
TlsClientContext::~TlsClientContext() = default;
WallTime TlsClientContext::certificate_expiry() const { return context_->expiry(); }
void TlsClientContext::report_reloads(std::function<void(const Status&)> on_reload) {
  context_->report_reloads(std::move(on_reload));
}

Result<std::shared_ptr<TlsServerContext>> make_tls_server_context(const TlsOptions& options) {
  auto context = TlsContext::make(options, TlsRole::kServer);
  if (!context) return fail(context.error());
  return std::make_shared<TlsServerContext>(std::move(*context));
}

Result<std::shared_ptr<TlsClientContext>> make_tls_client_context(const TlsOptions& options) {
  auto context = TlsContext::make(options, TlsRole::kClient);
  if (!context) return fail(context.error());
  return std::make_shared<TlsClientContext>(std::move(*context));
}

}  // namespace millrace::io
