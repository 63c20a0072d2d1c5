// One HTTP/1.1 connection: one request at a time, kept between requests.
#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "http/http1_response_parser.h"
#include "transport/client/client_connection.h"
#include "transport/client/wrong_port_hint.h"

namespace millrace::transport {
namespace {

constexpr size_t kReadBytes = 16 * 1024;
// Then others get their turn; the stream is level-triggered and will be called again.
constexpr int kReadsInARow = 4;
// As much is written in a turn, one write more at the most.
constexpr size_t kWriteBytesMax = 1 << 20;
constexpr size_t kPieceCountMax = 512;

class Http1ClientConnection final : public ClientConnection,
                                    io::StreamHandler,
                                    http::Http1ResponseHandler {
 public:
  Http1ClientConnection(const ConnectionContext& context, std::unique_ptr<io::Stream> stream)
      : loop_(context.loop),
        options_(context.options),
        dialect_(context.dialect),
        owner_(context.owner),
        stream_(std::move(stream)),
        parser_(*this),
        idle_timer_(
            loop_.make_timer([this] { close({Code::kUnavailable, "the connection was idle"}); })) {
    stream_->set_handler(this);
    stream_->set_interest(io::Interest::kRead);
    idle_timer_->arm_at(loop_.now() + options_.idle_max);
  }

  bool can_take() const override { return stream_ != nullptr && call_ == nullptr && !draining_; }
  size_t call_count() const override { return call_ == nullptr ? 0 : 1; }
  bool multiplexes() const override { return false; }

  void start(ClientCall& call) override {
    call_ = &call;
    head_ = dialect_.write_http1(call.request);
    body_ = std::move(call.request.body);
    call.request.body.clear();
    written_ = 0;
    parser_.reset();
    idle_timer_->disarm();
  }

  void cancel(ClientCall&) override {
    // Without streams, the only way to stop a request is to end its connection.
    call_ = nullptr;
    close({Code::kCancelled, "a request was given up"});
  }

  void drain() override {
    draining_ = true;
    if (call_ == nullptr) close({Code::kUnavailable, "the connection is no longer needed"});
  }

  void flush() override {
    if (stream_ == nullptr || call_ == nullptr) return;
    for (const size_t begun_at = written_; written_ < head_.size() + body_.size();) {
      // Then others get their turn: a large body must not go out in one.
      if (written_ - begun_at >= kWriteBytesMax) {
        stream_->set_interest(io::Interest::kReadWrite);
        return;
      }
      gather();
      const io::IoResult result = stream_->write(pieces_);
      if (result.outcome == io::IoOutcome::kOk) {
        written_ += result.count;
      } else if (result.outcome == io::IoOutcome::kWouldBlock) {
        stream_->set_interest(io::Interest::kReadWrite);
        return;
      } else {
        // The peer may have said why before it closed.
        const Error error = stream_->error();
        read();
        return close(error);
      }
    }
    stream_->set_interest(io::Interest::kRead);
  }

 private:
  // The pieces that are not written yet; parts of the head and the body.
  void gather() {
    pieces_.clear();
    size_t skip = written_;
    const auto add = [&](const void* data, size_t size) {
      if (skip >= size) {
        skip -= size;
        return;
      }
      pieces_.push_back({const_cast<char*>(static_cast<const char*>(data)) + skip, size - skip});
      skip = 0;
    };
    add(head_.data(), head_.size());
    for (const Bytes& piece : body_.pieces()) {
      if (pieces_.size() == kPieceCountMax) break;
      add(piece.data(), piece.size());
    }
  }

  void on_status(int status) override {
    call_->response = {};
    call_->response.http_status = status;
  }
  void on_header(std::string_view name, std::string_view value) override {
    call_->response.add_header(name, value);
  }
  bool on_body(std::span<const uint8_t> bytes) override {
    const http::ResponseLimit limit = call_->add_body(bytes, options_);
    if (limit != http::ResponseLimit::kNone) {
      report_limit(options_, limit, stream_->peer_address());
    }
    return limit != http::ResponseLimit::kBody;
  }

  void on_ready(io::Interest ready) override {
    const auto bits = static_cast<unsigned>(ready);
    if ((bits & static_cast<unsigned>(io::Interest::kRead)) != 0) read();
    if (stream_ != nullptr && (bits & static_cast<unsigned>(io::Interest::kWrite)) != 0) flush();
  }
  void on_failed(const Error& error) override { close(Error(error)); }

  void read() {
    std::array<uint8_t, kReadBytes> buffer;
    for (int i = 0; i < kReadsInARow && stream_ != nullptr; ++i) {
      const io::IoResult result = stream_->read(buffer);
      if (result.outcome == io::IoOutcome::kWouldBlock) return;
      if (result.outcome == io::IoOutcome::kError) return close(stream_->error());
      if (result.outcome == io::IoOutcome::kEnd) return on_end_of_stream();
      if (call_ == nullptr || written_ == 0) {
        return close({Code::kUnavailable, "the peer sent bytes that nobody asked for"});
      }
      if (!std::exchange(has_read_, true)) {
        const std::string_view hint =
            hint_of_first_bytes(std::span(buffer).first(result.count), SpokenProtocol::kHttp1);
        if (!hint.empty()) return close({Code::kUnavailable, std::string(hint)});
      }
      const Status received = parser_.receive(std::span(buffer).first(result.count));
      if (!received) {
        if (parser_.limit() != http::ResponseLimit::kNone) {
          report_limit(options_, parser_.limit(), stream_->peer_address());
        }
        if (call_->response.too_large) {
          end_call({.kind = CallEnd::Kind::kComplete});
        }
        return close(received.error());
      }
      if (parser_.complete()) return on_complete();
    }
  }

  void on_end_of_stream() {
    if (call_ != nullptr && parser_.begun() && parser_.finish()) {
      end_call({.kind = CallEnd::Kind::kComplete});
    }
    const bool is_silent = call_ != nullptr && !has_read_ && options_.tls == nullptr;
    close({Code::kUnavailable, is_silent ? std::string(hint_of_silent_close(SpokenProtocol::kHttp1))
                                         : "the peer closed the connection"});
  }

  void on_complete() {
    const bool whole = written_ == head_.size() + body_.size();
    const bool keeps = whole && parser_.keep_alive() && !draining_;
    end_call({.kind = CallEnd::Kind::kComplete});
    if (!keeps) return close({Code::kUnavailable, "the peer ends the connection"});
    idle_timer_->arm_at(loop_.now() + options_.idle_max);
    owner_.on_work(*this);
  }

  void end_call(CallEnd end) {
    ClientCall* call = std::exchange(call_, nullptr);
    head_.clear();
    Rope body = std::exchange(body_, {});
    if (end.kind != CallEnd::Kind::kNotSent) body.clear();
    owner_.on_call_ended(*call, std::move(end), std::move(body));
  }

  void close(Error error) {
    if (stream_ == nullptr) return;
    stream_.reset();
    idle_timer_->disarm();
    if (call_ != nullptr) {
      end_call({.kind = written_ == 0 ? CallEnd::Kind::kNotSent : CallEnd::Kind::kBroken,
                .message = error.message});
    }
    owner_.on_closed(*this, error);
  }

  io::Loop& loop_;
  const ClientOptions& options_;
  const ClientDialect& dialect_;
  ClientConnectionOwner& owner_;
  std::unique_ptr<io::Stream> stream_;  // null once closed
  http::Http1ResponseParser parser_;
  std::unique_ptr<io::Timer> idle_timer_;
  ClientCall* call_ = nullptr;
  std::string head_;
  Rope body_;
  size_t written_ = 0;  // of head_ and body_ together
  std::vector<iovec> pieces_;
  bool has_read_ = false;
  bool draining_ = false;
};

}  // namespace

std::unique_ptr<ClientConnection> make_http1_connection(const ConnectionContext& context,
                                                        std::unique_ptr<io::Stream> stream) {
  return std::make_unique<Http1ClientConnection>(context, std::move(stream));
}

}  // namespace millrace::transport
