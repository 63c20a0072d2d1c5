#include "transport/client/web_stream.h"

#include <optional>
#include <utility>
#include <vector>

#include "base/check.h"
#include "http/http1_request_writer.h"
#include "http/http1_response_parser.h"

namespace millrace::transport {
namespace {

constexpr size_t kReadBytes = 16 << 10;

class RunningStream final : public WebStream,
                            private io::StreamHandler,
                            private http::Http1ResponseHandler {
 public:
  RunningStream(io::Loop& loop, const WebRequest& request, WebStreamEvents events)
      : loop_(loop),
        request_(request),
        events_(std::move(events)),
        parser_(*this),
        timer_(loop.make_timer(
            [this] { end(fail(Code::kDeadlineExceeded, "no answer within the time limit")); })) {
    MILLRACE_CHECK(!request.url.uses_tls || request.tls != nullptr);
    if (request.deadline != kNever) timer_->arm_at(request.deadline);
    resolution_ = loop.resolve(request.url.host, request.url.port,
                               [this](Result<std::vector<io::Address>> result) {
                                 if (!result) return end(fail(result.error()));
                                 addresses_ = *std::move(result);
                                 connect_next();
                               });
  }

 private:
  // The addresses of a name are tried in turn: "localhost" has two.
  void connect_next() {
    if (next_address_ == addresses_.size()) return end(fail(last_error_));
    io::ConnectOptions options;
    options.address = addresses_[next_address_++];
    if (request_.url.uses_tls) {
      options.tls = request_.tls;
      options.server_name =
          request_.tls_server_name.empty() ? request_.url.host : request_.tls_server_name;
      options.alpn = {"http/1.1"};
    }
    stream_ = loop_.connect(options);
    stream_->set_handler(this);
    stream_->set_interest(io::Interest::kWrite);
  }

  std::string head() const {
    const std::string authority = request_.url.authority();
    std::vector<http::Http1Field> fields = {{"host", authority}, {"user-agent", "millrace"}};
    for (const MetadataEntry& field : request_.fields) {
      fields.push_back({field.name, field.value});
    }
    return http::write_http1_request_head("GET", request_.url.path, fields);
  }

  void on_ready(io::Interest) override {
    if (!is_written_ && !write_head()) return;
    uint8_t bytes[kReadBytes];
    const io::IoResult result = stream_->read(bytes);
    if (result.outcome == io::IoOutcome::kWouldBlock) return;
    if (result.outcome == io::IoOutcome::kError) return end(fail(stream_->error()));
    const Status read = result.outcome == io::IoOutcome::kEnd
                            ? parser_.finish()
                            : parser_.receive({bytes, result.count});
    if (!read)
      return end(fail(too_large_ ? Error{Code::kResourceExhausted, "the response is too large"}
                                 : read.error()));
    if (parser_.complete()) end(std::move(response_));
  }

  // False: not whole yet, or this has ended.
  bool write_head() {
    if (to_write_.empty()) to_write_ = head();
    const iovec piece{to_write_.data(), to_write_.size()};
    const io::IoResult result = stream_->write({&piece, 1});
    if (result.outcome == io::IoOutcome::kError) {
      end(fail(stream_->error()));
      return false;
    }
    to_write_.erase(0, result.count);
    if (!to_write_.empty()) return false;
    is_written_ = true;
    stream_->set_interest(io::Interest::kRead);
    return true;
  }

  void on_failed(const Error& error) override {
    last_error_ = {error.code, addresses_[next_address_ - 1].text + ": " + error.message};
    if (is_written_) return end(fail(last_error_));
    // In a later turn: this is a call of the stream.
    loop_.post([this, alive = std::weak_ptr<bool>(alive_)] {
      if (!alive.expired()) connect_next();
    });
  }

  void on_status(int status) override {
    response_.status = status;
    if (status == 200) timer_->disarm();
  }
  void on_header(std::string_view name, std::string_view value) override {
    if (name == "content-type") response_.content_type = value;
  }
  bool on_body(std::span<const uint8_t> bytes) override {
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (response_.status == 200) {
      events_.on_bytes(text);
      return true;
    }
    too_large_ = response_.body.size() + text.size() > request_.body_bytes_max;
    if (!too_large_) response_.body += text;
    return !too_large_;
  }

  // In a later turn, so that the callback may destroy this.
  void end(Result<WebResponse> result) {
    timer_->disarm();
    if (stream_ != nullptr) stream_->set_interest(io::Interest::kNone);
    loop_.post([this, alive = std::weak_ptr<bool>(alive_), result = std::move(result)]() mutable {
      if (alive.expired() || events_.on_end == nullptr) return;
      auto on_end = std::move(events_.on_end);
      on_end(std::move(result));
    });
  }

  io::Loop& loop_;
  const WebRequest request_;
  WebStreamEvents events_;
  http::Http1ResponseParser parser_;
  std::unique_ptr<io::Timer> timer_;
  // Posted tasks look whether this still lives.
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::unique_ptr<io::Loop::Resolution> resolution_;
  std::vector<io::Address> addresses_;
  size_t next_address_ = 0;
  Error last_error_{Code::kUnavailable, "the name has no address"};
  std::unique_ptr<io::Stream> stream_;
  std::string to_write_;
  bool is_written_ = false;
  bool too_large_ = false;
  WebResponse response_;
};

}  // namespace

std::unique_ptr<WebStream> start_web_stream(io::Loop& loop, const WebRequest& request,
                                            WebStreamEvents events) {
  return std::make_unique<RunningStream>(loop, request, std::move(events));
}

}  // namespace millrace::transport
