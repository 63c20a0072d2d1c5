// One accepted connection: reads, writes, watches the clock, and finds out from the first bytes
// which protocol is spoken. The protocols themselves do no I/O.
//
// The memory and the work that a peer can cause are bounded here. While output waits, nothing
// is read. What is read is looked at in pieces, with a look at the clock in between; when the slice
// of the turn is used up, the rest waits for the next turn.
//
// Belongs to the server's loop. It never deletes itself: when it is done it tells its owner, which
// destroys it when the turn of the loop ends.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "io/loop.h"
#include "io/stream.h"
#include "memory/budget.h"
#include "transport/server/kept_bytes.h"
#include "transport/server/message_landing.h"
#include "transport/server/read_pacing.h"
#include "transport/server/server_context.h"

namespace millrace::transport {

// Bytes that a connection holds beside the messages in chunks, as terms of the budget (law 5):
// reserved when it is accepted. Measured: 2 KiB resident for HTTP/1.1, 15 KiB for HTTP/2, 31 KiB
// with both HPACK tables full.
inline constexpr size_t kConnectionBytes = 32 * 1024;
// More with TLS. Measured with OpenSSL 3.0: 17 KiB for an open session, as much again for half a
// record that was read and for a record that waits to be written. During the handshake up to 64 KiB
// are held, and nothing of the above.
inline constexpr size_t kTlsConnectionBytes = 52 * 1024;

class ServerConnection;

class ConnectionOwner {
 public:
  // flush() is to be called when the turn ends; asked for at most once until then.
  virtual void flush_later(ServerConnection& connection) = 0;
  // Its first whole request was handed on.
  virtual void on_proven(ServerConnection& connection) = 0;

 protected:
  ~ConnectionOwner() = default;
};

class ServerConnection final : public io::StreamHandler, public ConnectionHost {
 public:
  // `memory` is the connection's own, as above.
  ServerConnection(ServerContext& context, ConnectionOwner& owner,
                   std::unique_ptr<io::Stream> stream, Reservation memory);
  ~ServerConnection();

  // Writes what there is; one write for all answers of a turn. False: done, to be destroyed.
  bool flush();
  void begin_drain();
  // Closes the connection, whose memory is needed; `reason` is the observer's word.
  void evict(std::string_view reason, std::string_view detail);
  // Since when no request is under way; kNever while one is.
  MonotonicTime idle_since() const;

  void on_ready(io::Interest ready) override;
  void on_failed(const Error& error) override;

  ServerContext& context() override { return context_; }
  Landing& landing() override { return landing_; }
  const std::string& peer() override;
  const io::TlsInfo& tls() override;
  void schedule_flush() override;
  void wake_by(MonotonicTime when) override;
  void take_smaller_pieces() override { pacing_.take_smaller_pieces(); }
  void note_whole_request() override;

 private:
  void read_once();
  void read_lingering();
  // The protocol looks at the bytes, piece after piece; how many there were.
  size_t take(std::span<uint8_t> bytes);
  // Copies the unconsumed bytes until the protocol needs them, or closes.
  void keep(std::span<const uint8_t> left);
  // Bytes that were left can be looked at without anything from outside.
  bool can_resume() const;
  bool slice_is_over();
  // Writes what there is, as far as the peer takes it.
  void write_out();
  size_t write_some(std::string_view bytes);
  void keep_out(std::string_view unwritten);
  bool lingering() const { return linger_until_ != kNever; }
  // Decides the protocol; false: not yet, or the peer is not understood.
  bool sniff(std::span<const uint8_t> bytes);
  void close_now();
  void report_flood();
  // Ends our side and waits a little for the peer to end its own: closing at once with bytes
  // unread would reset the connection and destroy the answer on its way.
  void linger();
  void update_interest();
  void on_timer();
  MonotonicTime check_sniffing(MonotonicTime now);
  MonotonicTime check_writing(MonotonicTime now);

  ServerContext& context_;
  ConnectionOwner& owner_;
  std::unique_ptr<io::Stream> stream_;
  Reservation memory_;
  Landing landing_;
  std::unique_ptr<ConnectionProtocol> protocol_;  // null until the first bytes tell; dies first
  std::unique_ptr<io::Timer> timer_;
  MonotonicTime timer_at_ = kNever;
  KeptBytes unconsumed_;  // read, and left until more comes or the next turn
  KeptBytes out_;         // what the peer did not take yet
  ReadPacing pacing_;
  std::string peer_;
  std::unique_ptr<io::TlsInfo> tls_;  // once asked for
  io::Interest interest_ = io::Interest::kNone;
  MonotonicTime accepted_at_;
  MonotonicTime write_progress_at_ = kNever;  // since when the peer takes nothing; kNever: it does
  bool flush_scheduled_ = false;
  bool closed_ = false;
  bool read_ended_ = false;
  MonotonicTime linger_until_ = kNever;  // kNever: not lingering
  MonotonicTime linger_read_at_{};       // not before
  size_t linger_bytes_left_ = 0;
  bool draining_ = false;
  bool proven_ = false;  // a whole request was handed on
};

}  // namespace millrace::transport
