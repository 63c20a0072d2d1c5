// A TLS session as a Stream over another Stream (a socket, or a simulated one).
//
// OpenSSL allocates memory for a server's session only after the first record is complete, and that
// record must begin a ClientHello of at most 16 KiB. A peer that sends record after record without
// data, or does not read, is limited by the constants in tls_stream.cc.
//
// Written data is encrypted into a buffer of this object and sent from there in as few writes as
// the inner stream allows; the stream is writable again when that buffer is empty. Accepted bytes
// are sent even if the stream is destroyed at once: its inner stream then stays in the loop's
// TlsLinger until it has been written, or a deadline passes.
#pragma once

#include <openssl/ssl.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "io/loop.h"
#include "io/tls_context.h"
#include "io/tls_control_limit.h"
#include "io/tls_handshake_queue.h"
#include "io/tls_linger.h"
#include "io/tls_wire.h"

namespace millrace::io {

class TlsStream final : public Stream, private StreamHandler, private TlsHandshakeQueue::Handshake {
 public:
  // A server's session over an accepted stream. The stream keeps `context` alive.
  TlsStream(Loop& loop, TlsLinger& linger, std::unique_ptr<Stream> inner,
            std::shared_ptr<TlsServerContext> context);
  // A client's session over a connecting stream.
  TlsStream(Loop& loop, TlsLinger& linger, std::unique_ptr<Stream> inner,
            const ConnectOptions& options);
  ~TlsStream();

  void set_handler(StreamHandler* handler) override;
  void set_interest(Interest interest) override;
  IoResult read(std::span<uint8_t> into) override;
  IoResult write(std::span<const iovec> from) override;
  void shutdown_write() override;
  Error error() const override { return error_; }
  TlsInfo tls() const override;
  std::string peer_address() const override { return inner_->peer_address(); }
  std::string local_address() const override { return inner_->local_address(); }

 private:
  enum class Phase : uint8_t {
    kConnecting,  // client: the inner stream connects
    kGreeting,    // server: the first record is not complete
    kHandshake,
    kOpen,
    kFailed,
  };

  void on_ready(Interest ready) override;
  void on_failed(const Error& error) override;
  void start_deadline(TlsContext& context);
  void start(TlsContext& context);
  // True: the first record is complete and may be a ClientHello.
  bool gather_greeting();
  void step() override;  // a step of the handshake
  void finish_handshake();
  void fail_handshake(std::string why, Code code = Code::kUnavailable);
  int do_handshake();
  Error explain_failed_write();
  void report_failure();
  void note_wire_error();
  void break_with(Error error);
  void flush();
  // A message of TLS itself after the handshake.
  void note_control_message();
  void update_inner_interest();
  void call_handler(unsigned ready);
  void call_soon();
  bool encrypt(std::span<const uint8_t> record);
  static void on_tls_message(int written, int version, int type, const void* data, size_t size,
                             SSL* ssl, void* self);

  Loop& loop_;
  TlsLinger& linger_;
  std::unique_ptr<Stream> inner_;
  TlsWire wire_;
  // Shared with the listener, the configuration and other streams; one of the two is set.
  std::shared_ptr<TlsServerContext> server_context_;
  std::shared_ptr<TlsClientContext> client_context_;
  TlsSessionOwner owner_;
  std::unique_ptr<SSL, SslFree> ssl_;
  std::unique_ptr<Timer> deadline_;
  std::string server_name_;
  std::vector<std::string> offered_alpn_;
  // Points to this object until it is destroyed; running calls and posted tasks check it.
  std::shared_ptr<TlsStream*> alive_;

  StreamHandler* handler_ = nullptr;
  unsigned interest_ = 0;
  Phase phase_;
  bool established_ = false;    // the handshake is done
  bool may_have_more_ = false;  // the session may hold received bytes
  bool call_posted_ = false;
  bool shut_down_ = false;  // close_notify was written
  bool inner_shut_down_ = false;
  bool broken_ = false;  // error_ has the reason
  Error error_{Code::kOk, ""};
  const size_t unsent_bytes_max_;
  TlsControlLimit control_limit_;
  bool flooded_ = false;  // there were too many control messages
};

// Returns an accept handler that wraps each accepted stream in a session and passes it on.
std::function<void(std::unique_ptr<Stream>)> accept_with_tls(
    Loop& loop, TlsLinger& linger, std::shared_ptr<TlsServerContext> context,
    std::function<void(std::unique_ptr<Stream>)> on_accept);

}  // namespace millrace::io
