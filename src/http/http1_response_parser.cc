#include "http/http1_response_parser.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <optional>
#include <string>

#include "http/last_chunk.h"

namespace millrace::http {

namespace beast = boost::beast::http;

class Http1ResponseParser::Impl {
 public:
  Impl(Http1ResponseHandler& handler, uint32_t header_bytes_max)
      : handler_(handler), header_bytes_max_(header_bytes_max) {
    start_message();
  }

  void reset() {
    begun_ = false;
    pending_.clear();
    start_message();
  }
  bool begun() const { return begun_; }
  bool complete() const { return message_->is_done(); }
  bool keep_alive() const { return message_->keep_alive() && !message_->need_eof(); }

  Status receive(std::span<const uint8_t> bytes) {
    if (bytes.empty()) return {};
    begun_ = true;
    // What an earlier call could not use is a part of a header block, and bounded by its limit.
    if (!pending_.empty()) {
      pending_.append(as_chars(bytes));
      const Result<size_t> used = parse(pending_);
      if (!used) return fail(used.error());
      pending_.erase(0, *used);
      return {};
    }
    const std::string_view text = as_chars(bytes);
    const Result<size_t> used = parse(text);
    if (!used) return fail(used.error());
    pending_ = text.substr(*used);
    return {};
  }

  Status finish() {
    boost::system::error_code error;
    if (message_->got_some() && !message_->is_done()) message_->put_eof(error);
    if (error || !message_->is_done()) {
      return millrace::fail(Code::kUnavailable, "the response ended in the middle");
    }
    return {};
  }

 private:
  // Beast wants to be derived from; one object is one message.
  class Message final : public beast::basic_parser<false> {
   public:
    explicit Message(Http1ResponseHandler& handler) : handler_(handler) {}
    int status() const { return status_; }
    bool is_interim() const { return status_ >= 100 && status_ < 200; }

   private:
    using View = boost::beast::string_view;
    using ErrorCode = boost::beast::error_code;

    void on_request_impl(beast::verb, View, View, int, ErrorCode& error) override {
      error = beast::error::bad_version;
    }
    void on_response_impl(int status, View, int, ErrorCode& error) override {
      status_ = status;
      // We never ask for another protocol.
      if (status < 100 || status == 101) error = beast::error::bad_status;
      if (!is_interim()) handler_.on_status(status);
    }
    void on_field_impl(beast::field, View name, View value, ErrorCode&) override {
      if (is_interim() || header_done_) return;
      lower_.assign(name.data(), name.size());
      std::ranges::transform(lower_, lower_.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
      });
      handler_.on_header(lower_, {value.data(), value.size()});
    }
    void on_header_impl(ErrorCode&) override { header_done_ = true; }
    void on_body_init_impl(const boost::optional<std::uint64_t>&, ErrorCode&) override {}
    std::size_t on_body_impl(View body, ErrorCode& error) override {
      if (!handler_.on_body({reinterpret_cast<const uint8_t*>(body.data()), body.size()})) {
        error = beast::error::body_limit;
      }
      return body.size();
    }
    void on_chunk_header_impl(std::uint64_t, View, ErrorCode&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, View body, ErrorCode& error) override {
      return on_body_impl(body, error);
    }
    void on_finish_impl(ErrorCode&) override {}

    Http1ResponseHandler& handler_;
    std::string lower_;
    int status_ = 0;
    bool header_done_ = false;
  };

  static std::string_view as_chars(std::span<const uint8_t> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  void start_message() {
    message_.emplace(handler_);
    message_->eager(true);
    message_->header_limit(header_bytes_max_);
    message_->body_limit(boost::none);  // the handler's business
  }

  // How many bytes were used; the others are the beginning of something.
  Result<size_t> parse(std::string_view text) {
    size_t used = 0;
    while (used < text.size()) {
      if (message_->is_done()) {
        if (!message_->is_interim()) {
          return millrace::fail(Code::kInternal, "bytes behind the end of the response");
        }
        start_message();
      }
      if (message_->is_header_done() && message_->chunked() &&
          is_cut_last_chunk(text.substr(used))) {
        break;
      }
      boost::system::error_code error;
      used += message_->put(boost::asio::buffer(text.data() + used, text.size() - used), error);
      if (error == beast::error::need_more) {
        // Beast counts the header limit only over what it has looked at as a whole.
        if (!message_->is_header_done() && text.size() - used > header_bytes_max_) {
          return millrace::fail(Code::kInternal, "the header of the response is too large");
        }
        break;
      }
      if (error)
        return millrace::fail(Code::kInternal, "bad HTTP/1.1 response: " + error.message());
    }
    if (message_->is_done() && message_->is_interim()) start_message();
    return used;
  }

  Http1ResponseHandler& handler_;
  const uint32_t header_bytes_max_;
  std::optional<Message> message_;
  std::string pending_;
  bool begun_ = false;
};

Http1ResponseParser::Http1ResponseParser(Http1ResponseHandler& handler, uint32_t header_bytes_max)
    : impl_(std::make_unique<Impl>(handler, header_bytes_max)) {}
Http1ResponseParser::~Http1ResponseParser() = default;
void Http1ResponseParser::reset() { impl_->reset(); }
Status Http1ResponseParser::receive(std::span<const uint8_t> bytes) {
  return impl_->receive(bytes);
}
Status Http1ResponseParser::finish() { return impl_->finish(); }
bool Http1ResponseParser::begun() const { return impl_->begun(); }
bool Http1ResponseParser::complete() const { return impl_->complete(); }
bool Http1ResponseParser::keep_alive() const { return impl_->keep_alive(); }

}  // namespace millrace::http
