#include <array>
#include <string>
#include <utility>

#include "http/http2_client_session.h"
#include "transport/client/client_connection.h"
#include "transport/client/wrong_port_hint.h"

namespace millrace::transport {
namespace {

constexpr size_t kReadBytes = 16 * 1024;
// Then others get their turn; the stream is level-triggered and will be called again.
constexpr int kReadsInARow = 4;
// As much is written in a turn, one gathering more at the most.
constexpr size_t kWriteBytesMax = 1 << 20;

// A connection that has answered nothing for so long, and for all the time of a request, takes no
// more.
constexpr Duration kSilenceMin = 1s;

class Http2ClientConnection final : public ClientConnection, io::StreamHandler {
 public:
  Http2ClientConnection(const ConnectionContext& context, std::unique_ptr<io::Stream> stream)
      : loop_(context.loop),
        options_(context.options),
        dialect_(context.dialect),
        owner_(context.owner),
        stream_(std::move(stream)),
        last_read_(loop_.now()) {
    if (options_.ping_after > 0s) {
      ping_timer_ = loop_.make_timer([this] { keep_alive(); });
    }
    stream_->set_handler(this);
    stream_->set_interest(io::Interest::kRead);
  }
  ~Http2ClientConnection() override {
    while (!streams_.empty()) destroy(*streams_.back());
  }

  bool can_take() const override {
    return stream_ != nullptr && !draining_ && session_.can_start();
  }
  size_t call_count() const override { return streams_.size(); }
  bool multiplexes() const override { return true; }

  void start(ClientCall& call) override {
    if (silent_since_ == kNever) silent_since_ = loop_.now();
    auto* stream_of_call = new CallStream{*this, call, streams_.size()};
    streams_.push_back(stream_of_call);
    const MonotonicTime deadline = call.request.deadline;
    const Duration left = deadline == kNever ? Duration::max() : deadline - loop_.now();
    http::Http2Request request = dialect_.write_http2(call.request, left, scratch_);
    request.body = std::move(call.request.body);
    call.request.body.clear();
    stream_of_call->stream = session_.start(std::move(request), *stream_of_call);
    call.ticket = stream_of_call;
    if (ping_timer_ && !ping_timer_->armed())
      ping_timer_->arm_at(loop_.now() + options_.ping_after);
  }

  void cancel(ClientCall& call) override {
    auto* stream_of_call = static_cast<CallStream*>(call.ticket);
    // In all its time the peer has answered nothing: it may have gone without a word, or it does
    // not read, and what is sent to it would pile up here. The next requests take another one.
    const bool is_silent =
        silent_since_ <= stream_of_call->started_at && loop_.now() - silent_since_ >= kSilenceMin;
    session_.cancel(stream_of_call->stream);
    destroy(*stream_of_call);
    if (is_silent && !draining_ && stream_ != nullptr) {
      draining_ = true;
      owner_.on_draining(*this);
    }
    owner_.on_work(*this);
  }

  void drain() override {
    draining_ = true;
    owner_.on_work(*this);
  }

  void flush() override {
    if (stream_ == nullptr) return;
    bool blocked = false;
    for (size_t written = 0; !blocked;) {
      // Then others get their turn: the peer's window may be large and its reading quick.
      blocked = written >= kWriteBytesMax;
      if (blocked) break;
      const std::span<const iovec> output = session_.view_output();
      if (output.empty()) break;
      const io::IoResult result = stream_->write(output);
      if (result.outcome == io::IoOutcome::kOk) {
        session_.advance_output(result.count);
        written += result.count;
      } else if (result.outcome == io::IoOutcome::kWouldBlock) {
        blocked = true;
      } else {
        return close(stream_->error());
      }
    }
    if (!blocked && session_.finished()) {
      return close({Code::kUnavailable, session_.going_away()
                                            ? "the peer ended the connection (GOAWAY)"
                                            : "the peer broke the HTTP/2 protocol"});
    }
    // A connection without calls does not wait until a peer that does not read takes its output.
    if (draining_ && streams_.empty()) {
      return close({Code::kUnavailable, "the connection is no longer needed"});
    }
    stream_->set_interest(blocked ? io::Interest::kReadWrite : io::Interest::kRead);
  }

 private:
  // Between a stream of the session and its call.
  struct CallStream final : http::Http2ResponseHandler {
    CallStream(Http2ClientConnection& c, ClientCall& of, size_t i)
        : connection(c), call(of), index(i) {}
    Http2ClientConnection& connection;
    ClientCall& call;
    size_t index;
    const MonotonicTime started_at = connection.loop_.now();
    http::Http2ClientSession::Stream* stream = nullptr;

    void on_header(std::string_view name, std::string_view value) override {
      connection.silent_since_ = connection.loop_.now();
      call.response.add_header(name, value);
    }
    bool on_body(std::span<const uint8_t> bytes) override {
      connection.silent_since_ = connection.loop_.now();
      const http::ResponseLimit limit = call.add_body(bytes, connection.options_);
      if (limit != http::ResponseLimit::kNone) {
        report_limit(connection.options_, limit, connection.stream_->peer_address());
      }
      return limit != http::ResponseLimit::kBody;
    }
    void on_end(http::Http2End end, http::Http2ErrorCode code, Rope body) override {
      connection.end(*this, end, code, std::move(body));
    }
  };

  void end(CallStream& stream_of_call, http::Http2End end, http::Http2ErrorCode code, Rope body) {
    ClientCall& call = stream_of_call.call;
    destroy(stream_of_call);
    if (end == http::Http2End::kComplete && streams_.empty()) silent_since_ = kNever;
    CallEnd told;
    told.http2_error = code;
    switch (end) {
      case http::Http2End::kComplete:
        told.kind = CallEnd::Kind::kComplete;
        break;
      case http::Http2End::kReset:
        told.kind = CallEnd::Kind::kReset;
        break;
      case http::Http2End::kNotSent:
        told.kind = CallEnd::Kind::kNotSent;
        told.message = closing_ ? error_.message : "the peer did not take the request";
        break;
      case http::Http2End::kBroken:
        told.kind = CallEnd::Kind::kBroken;
        told.message = error_.message;
        break;
    }
    if (session_.going_away() && !session_.goaway_text().empty() &&
        told.kind != CallEnd::Kind::kComplete && !told.message.empty()) {
      told.message += " (GOAWAY " + session_.goaway_text() + ")";
    }
    owner_.on_call_ended(call, std::move(told), std::move(body));
  }

  void destroy(CallStream& stream_of_call) {
    streams_[stream_of_call.index] = streams_.back();
    streams_[stream_of_call.index]->index = stream_of_call.index;
    streams_.pop_back();
    delete &stream_of_call;
  }

  void on_ready(io::Interest ready) override {
    const auto bits = static_cast<unsigned>(ready);
    if ((bits & static_cast<unsigned>(io::Interest::kRead)) != 0) read();
    if (stream_ != nullptr) owner_.on_work(*this);
  }

  void on_failed(const Error& error) override { close(Error(error)); }

  void read() {
    std::array<uint8_t, kReadBytes> buffer;
    for (int i = 0; i < kReadsInARow; ++i) {
      const io::IoResult result = stream_->read(buffer);
      if (result.outcome == io::IoOutcome::kWouldBlock) break;
      if (result.outcome == io::IoOutcome::kEnd) {
        const bool is_silent = !has_read_ && options_.tls == nullptr;
        return close({Code::kUnavailable,
                      is_silent ? std::string(hint_of_silent_close(SpokenProtocol::kHttp2))
                                : "the peer closed the connection"});
      }
      if (result.outcome == io::IoOutcome::kError) return close(stream_->error());
      last_read_ = loop_.now();
      if (!std::exchange(has_read_, true)) {
        const std::string_view hint =
            hint_of_first_bytes(std::span(buffer).first(result.count), SpokenProtocol::kHttp2);
        if (!hint.empty()) return close({Code::kUnavailable, std::string(hint)});
      }
      const Status received = session_.receive(std::span(buffer).first(result.count), last_read_);
      if (!received) {
        if (session_.limit() != http::ResponseLimit::kNone) {
          report_limit(options_, session_.limit(), stream_->peer_address());
        }
        return close(received.error());
      }
      if (result.count < buffer.size()) break;
    }
    if (session_.going_away() && !draining_) {
      draining_ = true;
      owner_.on_draining(*this);
    }
  }

  void keep_alive() {
    if (stream_ == nullptr) return;
    const MonotonicTime now = loop_.now();
    if (waits_for_pong_ && session_.unanswered_ping_count() > 0 && last_read_ < ping_sent_) {
      return close({Code::kUnavailable, "the peer did not answer a keep-alive ping"});
    }
    waits_for_pong_ = false;
    // Without requests gRPC does not ping (permit_without_stream is false).
    if (streams_.empty()) return;
    if (now - last_read_ >= options_.ping_after) {
      session_.submit_ping();
      ping_sent_ = now;
      waits_for_pong_ = true;
      ping_timer_->arm_at(now + options_.ping_timeout);
      owner_.on_work(*this);
    } else {
      ping_timer_->arm_at(last_read_ + options_.ping_after);
    }
  }

  void close(Error error) {
    if (closing_) return;
    closing_ = true;
    error_ = std::move(error);
    stream_.reset();
    if (ping_timer_) ping_timer_->disarm();
    session_.close();
    owner_.on_closed(*this, error_);
  }

  io::Loop& loop_;
  const ClientOptions& options_;
  const ClientDialect& dialect_;
  ClientConnectionOwner& owner_;
  std::unique_ptr<io::Stream> stream_;  // null once closed
  http::Http2ClientSession session_;
  FieldScratch scratch_;
  std::vector<CallStream*> streams_;
  std::unique_ptr<io::Timer> ping_timer_;
  MonotonicTime last_read_;
  // Since when no part of a response has come though one is waited for; kNever: none is.
  MonotonicTime silent_since_ = kNever;
  MonotonicTime ping_sent_{};
  bool waits_for_pong_ = false;
  bool has_read_ = false;
  bool draining_ = false;
  bool closing_ = false;
  Error error_;
};

}  // namespace

std::unique_ptr<ClientConnection> make_http2_connection(const ConnectionContext& context,
                                                        std::unique_ptr<io::Stream> stream) {
  return std::make_unique<Http2ClientConnection>(context, std::move(stream));
}

}  // namespace millrace::transport
