// OTLP over HTTP (OTLP specification, "OTLP/HTTP"), client side, for HTTP/1.1 and HTTP/2.
#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/allocation_name.h"
#include "http/http1_request_writer.h"
#include "http/http_date.h"
#include "transport/client/client_dialect.h"
#include "transport/client/response_inflater.h"
#include "transport/rpc_status.h"

namespace millrace::transport {
namespace {

// How much of an error page goes into a message.
constexpr size_t kTextMax = 512;

// As otelcol reads HTTP answers; 413 is the size error that gRPC calls RESOURCE_EXHAUSTED.
Code code_of_status(int status) {
  if (status >= 200 && status < 300) return Code::kOk;
  switch (status) {
    case 400:
      return Code::kInvalidArgument;
    case 401:
      return Code::kUnauthenticated;
    case 403:
      return Code::kPermissionDenied;
    case 404:
      return Code::kUnimplemented;
    case 413:
    case 429:
      return Code::kResourceExhausted;
    case 500:
      return Code::kInternal;
    case 502:
    case 503:
    case 504:
      return Code::kUnavailable;
    default:
      return Code::kUnknown;
  }
}

// Seconds or a date (RFC 9110, section 10.2.3); a date that has passed is no delay.
std::optional<Duration> read_retry_after(std::string_view text, WallTime now) {
  constexpr int64_t kSecondsMax = 365LL * 24 * 3600;
  int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error == std::errc() && end == text.data() + text.size() && !text.empty()) {
    if (seconds < 0) return std::nullopt;
    return Duration(std::chrono::seconds(std::min(seconds, kSecondsMax)));
  }
  const std::optional<WallTime> date = http::parse_http_date(text);
  if (!date) return std::nullopt;
  return std::clamp<Duration>(*date - now, 0ns, std::chrono::seconds(kSecondsMax));
}

class HttpDialect final : public ClientDialect {
 public:
  explicit HttpDialect(const ClientOptions& options)
      : scheme_(options.scheme),
        authority_(options.authority.empty() ? options.host + ":" + std::to_string(options.port)
                                             : options.authority),
        user_agent_(options.user_agent),
        content_type_(options.content_type),
        headers_(options.headers),
        inflater_(options.response_bytes_max, options.budget) {
    for (size_t i = 0; i < kSignalCount; ++i) {
      paths_[i] = options.paths[i].empty() ? "/" : options.paths[i];
    }
    if (options.proxy && options.tls == nullptr) {
      // The proxy passes requests on; it needs the whole URL (RFC 9112, section 3.2.2).
      for (std::string& path : paths_) path = "http://" + authority_ + path;
      proxy_authorization_ = options.proxy->authorization;
    }
    const auto add = [this](std::string_view name, std::string_view value) {
      fixed_.push_back({.name = name, .value = value, .is_static = true});
    };
    if (!user_agent_.empty()) add("user-agent", user_agent_);
    add("content-type", content_type_);
    add("accept-encoding", "gzip");
    for (const MetadataEntry& entry : headers_) add(entry.name, entry.value);
  }

  http::Http2Request write_http2(const ClientRequest& request, Duration,
                                 FieldScratch& scratch) const override {
    std::vector<http::Http2Field>& fields = scratch.fields;
    fields.clear();
    const auto add = [&](std::string_view name, std::string_view value) {
      fields.push_back({.name = name, .value = value, .is_static = true});
    };
    add(":method", "POST");
    add(":scheme", scheme_);
    add(":path", paths_[index_of(request.signal)]);
    add(":authority", authority_);
    scratch.length = std::to_string(request.body.size());
    fields.push_back({.name = "content-length", .value = scratch.length, .indexed = false});
    each_field(request, [&](const http::Http2Field& field) { fields.push_back(field); });
    http::Http2Request made;
    made.fields = fields;
    return made;
  }

  std::string write_http1(const ClientRequest& request) const override {
    std::vector<http::Http1Field> fields;
    const std::string length = std::to_string(request.body.size());
    fields.push_back({"host", authority_});
    fields.push_back({"content-length", length});
    if (!proxy_authorization_.empty()) {
      fields.push_back({"proxy-authorization", proxy_authorization_});
    }
    each_field(request,
               [&](const http::Http2Field& field) { fields.push_back({field.name, field.value}); });
    return http::write_http1_request_head("POST", paths_[index_of(request.signal)], fields);
  }

  ClientAnswer interpret(ClientResponse response, const CallEnd& end, WallTime wall) override {
    if (end.kind != CallEnd::Kind::kComplete && !response.too_large) return interpret_failure(end);
    ClientAnswer answer;
    answer.http_status = response.http_status;
    answer.code = code_of_status(response.http_status);
    answer.too_large = response.http_status == 413;
    answer.body_is_json = response.media_type == MediaType::kJson;
    if (!response.retry_after.empty()) {
      answer.retry_after = read_retry_after(response.retry_after, wall);
    }
    if (Status read = read_body(response, answer);
        !read && read.error().code == Code::kUnavailable && answer.code == Code::kOk) {
      // The peer has taken the request; only what it says of that is lost.
      answer.message = kNoMemory;
    } else if (!read) {
      // A success whose body can't be read is still no reason to send again (otelcol: permanent);
      // an error remains the error that its status says.
      if (answer.code == Code::kOk) answer.code = Code::kInternal;
      answer.message = "HTTP status " + std::to_string(response.http_status) +
                       ", and the response could not be read: " + read.error().message;
    } else if (answer.code != Code::kOk) {
      describe_error(response, answer);
    } else if (response.media_type != MediaType::kProtobuf && !answer.body_is_json) {
      // "OK" as text/plain is a success, and no message to be parsed.
      answer.body = {};
    }
    return answer;
  }

 private:
  template <class Add>
  void each_field(const ClientRequest& request, Add add) const {
    for (const http::Http2Field& field : fixed_) {
      if (!is_replaced(request, field.name)) add(field);
    }
    if (request.credentials != nullptr) {
      for (const MetadataEntry& entry : *request.credentials) {
        add(http::Http2Field{.name = entry.name, .value = entry.value, .indexed = false});
      }
    }
    if (request.coding != compress::Coding::kIdentity) {
      add(http::Http2Field{.name = "content-encoding",
                           .value = compress::coding_name(request.coding),
                           .is_static = true});
    }
    if (request.metadata == nullptr) return;
    for (const MetadataEntry& entry : request.metadata->entries) {
      if (is_reserved_field(entry.name) || !is_field_value(entry.value)) continue;
      if (is_replaced(request, entry.name)) continue;
      add(http::Http2Field{.name = entry.name, .value = entry.value});
    }
  }

  static ClientAnswer interpret_failure(const CallEnd& end) {
    ClientAnswer answer;
    answer.kind = end.kind == CallEnd::Kind::kNotSent ? ClientAnswer::Kind::kNotSent
                                                      : ClientAnswer::Kind::kBroken;
    answer.code = Code::kUnavailable;
    answer.message = !end.message.empty() ? end.message
                                          : "the stream was reset with " +
                                                std::string(http2_error_name(end.http2_error));
    return answer;
  }

  Status read_body(const ClientResponse& response, ClientAnswer& answer) {
    if (response.too_large) return fail(Code::kResourceExhausted, "it is larger than allowed");
    if (response.is_body_dropped) return fail(Code::kUnavailable, "no memory for it");
    if (response.body.empty()) return {};
    if (response.content_encoding.empty()) {
      const AllocationName name("term responses");
      answer.body = Bytes::copy_of(response.body);
      return {};
    }
    Result<Bytes> inflated = inflater_.inflate(response.content_encoding, response.body);
    if (!inflated) return fail(inflated.error());
    answer.body = std::move(*inflated);
    return {};
  }

  static void describe_error(const ClientResponse& response, ClientAnswer& answer) {
    answer.message = "HTTP status " + std::to_string(response.http_status);
    if (response.http_status >= 300 && response.http_status < 400) {
      answer.message += " (redirections are not followed)";
    }
    if (response.media_type == MediaType::kProtobuf) {
      // A longer one is no Status but work: each of its millions of details would be looked at.
      if (answer.body.size() > kInterpretedBytesMax) return;
      if (const auto status = decode_rpc_status(answer.body.view())) {
        if (!status->message.empty()) answer.message += ": " + status->message;
        if (!answer.retry_after) answer.retry_after = status->retry_delay;
      }
    } else if (!answer.body.empty()) {
      answer.message.append(": ").append(answer.body.text().substr(0, kTextMax));
    }
  }

  const std::string scheme_;
  const std::string authority_;
  const std::string user_agent_;
  const std::string content_type_;
  const std::vector<MetadataEntry> headers_;
  std::array<std::string, kSignalCount> paths_;
  std::string proxy_authorization_;  // of a proxy that passes requests on; a secret
  std::vector<http::Http2Field> fixed_;
  ResponseInflater inflater_;
};

}  // namespace

std::unique_ptr<ClientDialect> make_http_dialect(const ClientOptions& options) {
  return std::make_unique<HttpDialect>(options);
}

}  // namespace millrace::transport
