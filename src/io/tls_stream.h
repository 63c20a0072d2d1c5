// A TLS session as a Stream over another Stream (a socket, or a simulated one).
//
// A server's session gets no memory of OpenSSL's before the first record is whole, and that record
// must begin a ClientHello of at most 16 KiB. A peer that sends record after record without data,
// or does not read, is bounded here: see the constants in tls_stream.cc.
//
// What is written is encrypted into a buffer of this object and sent from there in as few writes as
// the inner stream allows; the stream is writable again when that buffer is empty. Bytes that were
// taken are sent even if the stream is destroyed at once: its inner stream then lingers in the
// loop's TlsLinger until it has been written, or a deadline passes.
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

// What the TLS streams of a loop share: one buffer, the handshakes that wait for their turn, and
// the inner streams of those that were destroyed with something left to send. Each loop owns one
// and destroys it before itself.
class TlsLinger {
 public:
  // What may be left of destroyed streams on one loop; beyond it the oldest is dropped.
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
  // allocate. Empty; its capacity is what is lent.
  std::vector<uint8_t> take_buffer() { return std::exchange(buffer_, {}); }
  void give_back(std::vector<uint8_t> buffer) {
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
  Entries entries_;  // the oldest first
  size_t bytes_ = 0;
};

class TlsStream final : public Stream, private StreamHandler, private TlsHandshakeQueue::Place {
 public:
  // A server's session over an accepted stream. `context` is kept alive by the stream.
  TlsStream(Loop& loop, TlsLinger& linger, std::unique_ptr<Stream> inner,
            std::shared_ptr<TlsServerContext> context);
  // A client's session over a stream that is connecting.
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
    kConnecting,  // a client
    kGreeting,    // a server, before the first record is whole
    kHandshake,
    kOpen,
    kFailed,
  };

  void on_ready(Interest ready) override;
  void on_failed(const Error& error) override;
  void start_deadline(TlsContext& context);
  void start(TlsContext& context);
  // Reads the first record, up to its end. True: it is whole, and may be a ClientHello.
  bool gather_greeting();
  void step() override;  // of the handshake
  void finish_handshake();
  void fail_handshake(std::string why, Code code = Code::kUnavailable);
  Error explain_failed_write();
  void tell_failure();
  void break_with(Error error);
  void flush();
  // What the inner stream does not take is kept in a buffer of its size.
  void keep_unsent();
  // A message of TLS itself, behind the handshake.
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
  // Shared with the listener, the configuration and other streams; one of the two.
  std::shared_ptr<TlsServerContext> server_context_;
  std::shared_ptr<TlsClientContext> client_context_;
  TlsSessionOwner owner_;
  std::unique_ptr<BIO_METHOD, void (*)(BIO_METHOD*)> bio_method_;
  std::unique_ptr<SSL, SslFree> ssl_;
  std::unique_ptr<Timer> deadline_;
  std::string server_name_;
  std::vector<std::string> offered_alpn_;
  // Points to this object until it is destroyed; calls under way and posted ones look here.
  std::shared_ptr<TlsStream*> alive_;

  StreamHandler* handler_ = nullptr;
  unsigned interest_ = 0;
  Phase phase_;
  bool established_ = false;    // the handshake was done
  bool may_have_more_ = false;  // decrypted or undecrypted bytes lie in the session
  bool call_posted_ = false;
  bool shut_down_ = false;  // close_notify is on its way
  bool inner_shut_down_ = false;
  bool inner_ended_ = false;  // end of the inner stream, in order or not
  bool broken_ = false;       // error_ says how
  Error error_{Code::kOk, ""};
  TlsGreeting greeting_;         // a server: what was read before there was a session
  std::vector<uint8_t> unsent_;  // records, from unsent_start_
  size_t unsent_start_ = 0;
  const size_t unsent_bytes_max_;
  int control_messages_ = 0;  // since control_since_
  MonotonicTime control_since_{};
  bool flooded_ = false;  // too many of them
};

// Makes an accept handler that hands on each accepted stream as a session in its handshake.
std::function<void(std::unique_ptr<Stream>)> accept_with_tls(
    Loop& loop, TlsLinger& linger, std::shared_ptr<TlsServerContext> context,
    std::function<void(std::unique_ptr<Stream>)> on_accept);

}  // namespace millrace::io
