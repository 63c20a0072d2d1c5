#include "http/http1_response_parser.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <optional>
#include <string>

#include "base/allocation_name.h"
#include "base/bytes.h"
#include "http/chunked_body_reader.h"

namespace millrace::http {

namespace beast = boost::beast::http;

class Http1ResponseParser::Impl {
 public:
  explicit Impl(Http1ResponseHandler& handler) : handler_(handler) { start_message(); }

  void reset() {
    begun_ = false;
    pending_.clear();
    limit_ = ResponseLimit::kNone;
    interim_count_ = 0;
    head_bytes_ = 0;
    start_message();
  }
  bool begun() const { return begun_; }
  bool complete() const { return stage_ == Stage::kComplete; }
  bool keep_alive() const { return head_->keep_alive() && !head_->need_eof(); }
  ResponseLimit limit() const { return limit_; }
  size_t kept_bytes() const { return pending_.size(); }

  Status receive(std::span<const uint8_t> bytes) {
    begun_ = begun_ || !bytes.empty();
    while (!bytes.empty()) {
      switch (stage_) {
        case Stage::kHead:
          if (Status read = read_head(bytes); !read) return read;
          break;
        case Stage::kSizedBody:
        case Stage::kEndlessBody:
          if (Status read = read_plain_body(bytes); !read) return read;
          break;
        case Stage::kChunkedBody:
          if (Status read = read_chunks(bytes); !read) return read;
          break;
        case Stage::kComplete:
          return millrace::fail(Code::kInternal, "bytes behind the end of the response");
      }
    }
    return {};
  }

  Status finish() {
    if (stage_ == Stage::kEndlessBody) stage_ = Stage::kComplete;
    if (stage_ != Stage::kComplete) {
      return millrace::fail(Code::kUnavailable, "the response ended in the middle");
    }
    return {};
  }

 private:
  enum class Stage : uint8_t {
    kHead,       // status line and fields, of a 1xx response or the final one
    kSizedBody,  // body_left_ bytes are missing
    kChunkedBody,
    kEndlessBody,  // up to the end of the connection
    kComplete,
  };

  // Beast wants to be derived from; one object is one head.
  class Head final : public beast::basic_parser<false> {
   public:
    explicit Head(Http1ResponseHandler& handler) : handler_(handler) {}
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
    void on_field_impl(beast::field, View name, View value, ErrorCode& error) override {
      if (++field_count_ > kResponseFieldsMax) error = beast::error::header_limit;
      if (is_interim()) return;
      lower_.assign(name.data(), name.size());
      std::ranges::transform(lower_, lower_.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
      });
      handler_.on_header(lower_, {value.data(), value.size()});
    }
    void on_header_impl(ErrorCode&) override {}
    // The body is read here, not by Beast, which keeps lines of any length.
    void on_body_init_impl(const boost::optional<std::uint64_t>&, ErrorCode&) override {}
    std::size_t on_body_impl(View, ErrorCode&) override { return 0; }
    void on_chunk_header_impl(std::uint64_t, View, ErrorCode&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, View, ErrorCode&) override { return 0; }
    void on_finish_impl(ErrorCode&) override {}

    Http1ResponseHandler& handler_;
    std::string lower_;
    size_t field_count_ = 0;
    int status_ = 0;
  };

  void start_message() {
    stage_ = Stage::kHead;
    head_.emplace(handler_);
    head_->eager(false);
    head_->header_limit(kResponseHeadBytesMax);
    head_->body_limit(boost::none);  // the handler's business
  }

  Status fail_limit(ResponseLimit limit, std::string what) {
    limit_ = limit;
    return millrace::fail(Code::kResourceExhausted, std::move(what));
  }
  Status fail_head() {
    return fail_limit(ResponseLimit::kHead, "the head of the response is larger than " +
                                                std::to_string(kResponseHeadBytesMax) +
                                                " bytes or has more than " +
                                                std::to_string(kResponseFieldsMax) + " fields");
  }

  // Beast takes lines only as a whole, so that the beginning of one waits in pending_.
  Status read_head(std::span<const uint8_t>& bytes) {
    const size_t waited = pending_.size();
    const AllocationName name("constant connection to a back end", 4 * kResponseHeadBytesMax);
    if (waited > 0) pending_.append(as_text(bytes));
    const std::string_view text = waited > 0 ? std::string_view(pending_) : as_text(bytes);
    boost::system::error_code error;
    const size_t used = head_->put(boost::asio::buffer(text.data(), text.size()), error);
    head_bytes_ += used;
    const bool is_cut = error == beast::error::need_more;
    const size_t left = is_cut ? text.size() - used : 0;
    if (error == beast::error::header_limit || head_bytes_ + left > kResponseHeadBytesMax) {
      return fail_head();
    }
    if (error && !is_cut) {
      return millrace::fail(Code::kInternal, "bad HTTP/1.1 response: " + error.message());
    }
    if (is_cut) {
      if (waited > 0) {
        pending_.erase(0, used);
      } else {
        pending_ = text.substr(used);
      }
      bytes = {};
      return {};
    }
    bytes = bytes.subspan(used - std::min(used, waited));
    pending_.clear();
    return end_head();
  }

  Status end_head() {
    if (head_->is_interim()) {
      if (++interim_count_ > kInterimResponsesMax) {
        return fail_limit(ResponseLimit::kInterim, "more than " +
                                                       std::to_string(kInterimResponsesMax) +
                                                       " 1xx responses before the final one");
      }
      start_message();
    } else if (head_->is_done()) {
      stage_ = Stage::kComplete;
    } else if (head_->chunked()) {
      chunks_.reset();
      stage_ = Stage::kChunkedBody;
    } else if (const auto length = head_->content_length()) {
      body_left_ = *length;
      stage_ = Stage::kSizedBody;
    } else {
      stage_ = Stage::kEndlessBody;
    }
    return {};
  }

  Status fail_body() {
    return millrace::fail(Code::kResourceExhausted,
                          "the body of the response is larger than allowed");
  }

  Status read_plain_body(std::span<const uint8_t>& bytes) {
    const bool is_sized = stage_ == Stage::kSizedBody;
    const size_t count =
        is_sized && body_left_ < bytes.size() ? static_cast<size_t>(body_left_) : bytes.size();
    if (!handler_.on_body(bytes.first(count))) return fail_body();
    bytes = bytes.subspan(count);
    if (is_sized) {
      body_left_ -= count;
      if (body_left_ == 0) stage_ = Stage::kComplete;
    }
    return {};
  }

  Status read_chunks(std::span<const uint8_t>& bytes) {
    using Outcome = ChunkedBodyReader::Outcome;
    size_t used = 0;
    const Outcome outcome = chunks_.read(
        bytes, used, [this](std::span<const uint8_t> data) { return handler_.on_body(data); });
    bytes = bytes.subspan(used);
    switch (outcome) {
      case Outcome::kMore:
        return {};
      case Outcome::kComplete:
        stage_ = Stage::kComplete;
        return {};
      case Outcome::kMalformed:
        return millrace::fail(Code::kInternal, "bad HTTP/1.1 response: a malformed chunk");
      case Outcome::kStopped:
        return fail_body();
      case Outcome::kTooLong:
        break;
    }
    if (chunks_.limit() == ResponseLimit::kTrailers) {
      return fail_limit(ResponseLimit::kTrailers, "the trailers of the response are larger than " +
                                                      std::to_string(kTrailerBytesMax) + " bytes");
    }
    return fail_limit(ResponseLimit::kChunkLine,
                      "the lines between the chunks of the response are longer than " +
                          std::to_string(kChunkLineBytesMax) + " bytes, or together " +
                          std::to_string(kChunkLinesExcessMax) + " bytes more than usual");
  }

  Http1ResponseHandler& handler_;
  std::optional<Head> head_;
  ChunkedBodyReader chunks_;
  Stage stage_ = Stage::kHead;
  std::string pending_;    // the beginning of a line of the head
  size_t head_bytes_ = 0;  // of the heads so far, those of 1xx responses included
  uint32_t interim_count_ = 0;
  uint64_t body_left_ = 0;  // kSizedBody
  ResponseLimit limit_ = ResponseLimit::kNone;
  bool begun_ = false;
};

Http1ResponseParser::Http1ResponseParser(Http1ResponseHandler& handler)
    : impl_(std::make_unique<Impl>(handler)) {}
Http1ResponseParser::~Http1ResponseParser() = default;
void Http1ResponseParser::reset() { impl_->reset(); }
Status Http1ResponseParser::receive(std::span<const uint8_t> bytes) {
  return impl_->receive(bytes);
}
Status Http1ResponseParser::finish() { return impl_->finish(); }
ResponseLimit Http1ResponseParser::limit() const { return impl_->limit(); }
size_t Http1ResponseParser::kept_bytes() const { return impl_->kept_bytes(); }
bool Http1ResponseParser::begun() const { return impl_->begun(); }
bool Http1ResponseParser::complete() const { return impl_->complete(); }
bool Http1ResponseParser::keep_alive() const { return impl_->keep_alive(); }

}  // namespace millrace::http
