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
#include <list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "io/loop.h"
#include "io/tls_context.h"
#include "io/tls_greeting.h"
#include "io/tls_handshake_queue.h"

namespace millrace::io {

// The state that the TLS streams of a loop share: a buffer, the queue of handshakes, and the inner
// streams of destroyed TLS streams with unsent bytes. Each loop owns one and destroys it before
// itself.
class TlsLinger {
 public:
  // The maximum of such inner streams on one loop; beyond it the oldest is dropped.
  static constexpr size_t kEntriesMax = 64;
  static constexpr size_t kBytesMax = 1 << 20;

  // `on_trouble` may be empty.
  TlsLinger(Loop& loop, std::function<void(std::string_view what, const Error& error)> on_trouble);
  ~TlsLinger();
  TlsLinger(const TlsLinger&) = delete;
  TlsLinger& operator=(const TlsLinger&) = delete;
  void add(std::unique_ptr<Stream> stream, std::vector<uint8_t> unsent, size_t sent);
  size_t count() const { return entries_.size(); }
  TlsHandshakeQueue& handshakes() { return handshakes_; }

  // One buffer for the records of a write, so that idle sessions hold none and busy ones need not
  // allocate. It is empty; the caller borrows its capacity.
  std::vector<uint8_t> take_buffer() { return std::exchange(buffer_, {}); }
  void return_buffer(std::vector<uint8_t> buffer) {
    buffer.clear();
    if (buffer.capacity() > buffer_.capacity()) buffer_ = std::move(buffer);
  }

 private:
  class Entry;
  using Entries = std::list<std::unique_ptr<Entry>>;
  void leave(Entries::iterator entry);

  Loop& loop_;
  const std::function<void(std::string_view what, const Error& error)> on_trouble_;
  TlsHandshakeQueue handshakes_;
  std::vector<uint8_t> buffer_;
  Entries entries_;  // the oldest is first
  size_t bytes_ = 0;
};

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
  // Reads the first record up to its end. True: it is complete and may be a ClientHello. A peer
  // that leaves without a byte, as probes do, is reported as kCancelled.
  bool gather_greeting();
  void step() override;  // a step of the handshake
  void finish_handshake();
  void fail_handshake(std::string why, Code code = Code::kUnavailable);
  Error explain_failed_write();
  void report_failure();
  void break_with(Error error);
  void flush();
  // Moves bytes that the inner stream does not accept into a buffer of their size.
  void keep_unsent();
  // Counts a message of TLS itself after the handshake.
  void note_control_message();
  void update_inner_interest();
  void call_handler(unsigned ready);
  void call_soon();
  bool encrypt(const uint8_t* data, size_t size);
  static BIO_METHOD* make_bio_method();
  static int bio_write(BIO* bio, const char* data, int size);
  static int bio_read(BIO* bio, char* data, int size);
  static void on_tls_message(int written, int version, int type, const void* data, size_t size,
                             SSL* ssl, void* self);
  static long bio_control(BIO* bio, int command, long number, void* pointer);

  Loop& loop_;
  TlsLinger& linger_;
  std::unique_ptr<Stream> inner_;
  // Shared with the listener, the configuration and other streams; one of the two is set.
  std::shared_ptr<TlsServerContext> server_context_;
  std::shared_ptr<TlsClientContext> client_context_;
  TlsSessionOwner owner_;
  std::unique_ptr<BIO_METHOD, void (*)(BIO_METHOD*)> bio_method_;
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
  bool inner_ended_ = false;  // the inner stream ended, in order or not
  bool broken_ = false;       // error_ has the reason
  Error error_{Code::kOk, ""};
  TlsGreeting greeting_;         // server: bytes read before the session exists
  std::vector<uint8_t> unsent_;  // encrypted records, from unsent_start_
  size_t unsent_start_ = 0;
  const size_t unsent_bytes_max_;
  int control_messages_ = 0;  // since control_since_
  MonotonicTime control_since_{};
  bool flooded_ = false;  // there were too many control messages
};

// Returns an accept handler that wraps each accepted stream in a session and passes it on.
std::function<void(std::unique_ptr<Stream>)> accept_with_tls(
    Loop& loop, TlsLinger& linger, std::shared_ptr<TlsServerContext> context,
    std::function<void(std::unique_ptr<Stream>)> on_accept);

}  // namespace millrace::io
