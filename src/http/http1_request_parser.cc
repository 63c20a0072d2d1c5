#include "http/http1_request_parser.h"

#include <boost/beast/http/basic_parser.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "http/last_chunk.h"

namespace millrace::http {
namespace {

namespace beast_http = boost::beast::http;
using boost::beast::error_code;
// Boost's own string_view, which converts to and from the standard's.
using BoostView = boost::beast::string_view;

std::string_view view_of(BoostView text) { return {text.data(), text.size()}; }

// "http://host:4318/v1/traces" is "/v1/traces" (RFC 9112, section 3.2.2).
std::string_view path_of_target(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!target.starts_with(scheme)) continue;
    const size_t slash = target.find('/', scheme.size());
    return slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
  }
  return target;
}

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] | 0x20) : text[i];
    if (c != lower[i]) return false;
  }
  return true;
}

}  // namespace

class Http1RequestParser::Grammar final : public beast_http::basic_parser<true> {
 public:
  Grammar(size_t header_bytes_max, Http1RequestEvents& events)
      : header_bytes_max_(header_bytes_max), events_(events) {
    header_limit(static_cast<std::uint32_t>(header_bytes_max));
    body_limit(boost::none);
    eager(true);
  }

  bool started = false;
  bool ended = false;
  bool head_seen() const { return head_seen_; }
  // The grammar tells of the head before it says where the body begins, so the event waits for the
  // first of what follows, or for the end of the bytes.
  void announce_head(const uint8_t* body_at) {
    if (!std::exchange(head_due_, false)) return;
    head_.body_at = body_at;
    events_.on_head(head_, fields_);
    fields_.release();
  }
  Http1Error error_of(const error_code& ec) const {
    if (error_ != Http1Error::kNone) return error_;
    if (ec == beast_http::error::header_limit) return Http1Error::kHeaderTooLarge;
    // Beast refuses the second of the two fields before we hear of it.
    const bool both = (length_seen_ && ec == beast_http::error::bad_transfer_encoding) ||
                      (coding_seen_ && ec == beast_http::error::bad_content_length);
    if (both) return Http1Error::kBothLengths;
    return !head_seen_ && fields_.count() == 0 ? Http1Error::kNotHttp : Http1Error::kMalformed;
  }

 private:
  static error_code stop() { return make_error_code(beast_http::error::bad_field); }

  void on_request_impl(beast_http::verb, BoostView method, BoostView target, int version,
                       error_code&) override {
    fields_.append(":method", view_of(method));
    fields_.append(":path", path_of_target(view_of(target)));
    head_.minor_version = version % 10;
  }
  void on_response_impl(int, BoostView, int, error_code&) override {}

  void on_field_impl(beast_http::field field, BoostView name, BoostView value,
                     error_code& ec) override {
    if (head_seen_) return;  // trailers of a chunked body
    const std::string_view text = view_of(value);
    switch (field) {
      case beast_http::field::content_length:
        length_seen_ = true;
        break;
      case beast_http::field::transfer_encoding:
        coding_seen_ = true;
        if (!equals_ignoring_case(text, "chunked")) {
          error_ = Http1Error::kUnknownTransferCoding;
          ec = stop();
          return;
        }
        break;
      case beast_http::field::host:
        ++host_count_;
        fields_.append(":authority", text);
        break;
      case beast_http::field::expect:
        head_.expects_continue = equals_ignoring_case(text, "100-continue");
        break;
      default:
        break;
    }
    fields_.append_mixed_case(view_of(name), text);
    if (fields_.size_bytes() > header_bytes_max_) {
      error_ = Http1Error::kHeaderTooLarge;
      ec = stop();
    }
  }

  void on_header_impl(error_code& ec) override {
    head_seen_ = true;
    if (length_seen_ && coding_seen_) {
      error_ = Http1Error::kBothLengths;
      ec = stop();
      return;
    }
    // HTTP/1.0 knows no transfer codings; a front that ignores them would see another message.
    const bool host_missing = head_.minor_version >= 1 && host_count_ != 1;
    if (host_missing || (head_.minor_version == 0 && coding_seen_)) {
      error_ = Http1Error::kMalformed;
      ec = stop();
      return;
    }
    head_.keep_alive = keep_alive();
    head_.chunked = chunked();
    if (const auto length = content_length()) head_.content_length = *length;
    head_due_ = true;
  }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(BoostView body, error_code&) override {
    // The bytes lie in the buffer that parse() was given, which is the caller's to change.
    auto* data = reinterpret_cast<uint8_t*>(const_cast<char*>(body.data()));
    announce_head(data);
    events_.on_body({data, body.size()});
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t, BoostView, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, BoostView body, error_code& ec) override {
    return on_body_impl(body, ec);
  }
  void on_finish_impl(error_code&) override {
    announce_head(nullptr);
    ended = true;
    events_.on_end();
  }

  const size_t header_bytes_max_;
  Http1RequestEvents& events_;
  Http1Error error_ = Http1Error::kNone;
  Http1Head head_;
  HeaderList fields_;
  bool head_seen_ = false;
  bool head_due_ = false;  // on_head() is
  bool length_seen_ = false;
  bool coding_seen_ = false;
  int host_count_ = 0;
};

Http1RequestParser::Http1RequestParser(size_t header_bytes_max, Http1RequestEvents& events)
    : header_bytes_max_(header_bytes_max), events_(events) {
  reset();
}
Http1RequestParser::~Http1RequestParser() = default;

void Http1RequestParser::reset() {
  grammar_ = std::make_unique<Grammar>(header_bytes_max_, events_);
}
bool Http1RequestParser::started() const { return grammar_->started && !grammar_->ended; }
bool Http1RequestParser::head_done() const { return grammar_->head_seen(); }

Http1RequestParser::Progress Http1RequestParser::parse(std::span<uint8_t> bytes) {
  Progress progress;
  Grammar& grammar = *grammar_;
  // Empty lines before a request are skipped (RFC 9112, section 2.2).
  while (!grammar.started && progress.consumed + 1 < bytes.size() &&
         bytes[progress.consumed] == '\r' && bytes[progress.consumed + 1] == '\n') {
    progress.consumed += 2;
  }
  while (!grammar.ended && progress.consumed < bytes.size()) {
    const std::span<uint8_t> rest = bytes.subspan(progress.consumed);
    if (!grammar.started && rest.size() == 1 && rest[0] == '\r') break;
    if (grammar.head_seen() && grammar.chunked() &&
        is_cut_last_chunk({reinterpret_cast<const char*>(rest.data()), rest.size()})) {
      break;
    }
    grammar.started = true;
    error_code ec;
    const size_t used = grammar.put(boost::asio::const_buffer(rest.data(), rest.size()), ec);
    progress.consumed += used;
    grammar.announce_head(rest.data() + used);
    if (ec == beast_http::error::need_more) {
      if (bytes.size() - progress.consumed > header_bytes_max_) {
        progress.error = Http1Error::kHeaderTooLarge;
      }
      break;
    }
    if (ec) {
      progress.error = grammar.error_of(ec);
      break;
    }
    if (used == 0) break;
  }
  return progress;
}

}  // namespace millrace::http
