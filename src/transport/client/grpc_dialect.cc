// gRPC's rules for a unary call (grpc/doc/PROTOCOL-HTTP2.md), client side.
#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "http/grpc_wire.h"
#include "transport/client/client_dialect.h"
#include "transport/client/response_inflater.h"
#include "transport/grpc_coding.h"
#include "transport/grpc_path.h"
#include "transport/rpc_status.h"

namespace millrace::transport {
namespace {

// The deadline is sent in steps, so that requests that follow each other say the same.
constexpr Duration kTimeoutStep = 10ms;

// Size limits have no code of their own in gRPC; what the implementations say is all there is.
// Older tonic answers OUT_OF_RANGE, all others RESOURCE_EXHAUSTED.
bool speaks_of_size(Code code, std::string_view message) {
  std::string text(message);
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  if (code == Code::kOutOfRange) return text.contains("message length too large");
  if (code != Code::kResourceExhausted) return false;
  constexpr std::array<std::string_view, 8> kWords = {
      "larger than max", "too large",   "exceeds maximum", "exceeds the maximum",
      "message size",    "exceeds max", "size limit",      "too big"};
  return std::ranges::any_of(kWords, [&](std::string_view word) { return text.contains(word); });
}

class GrpcDialect final : public ClientDialect {
 public:
  explicit GrpcDialect(const ClientOptions& options)
      : scheme_(options.scheme),
        authority_(options.authority.empty() ? options.host + ":" + std::to_string(options.port)
                                             : options.authority),
        user_agent_(options.user_agent),
        headers_(options.headers),
        inflater_(options.response_bytes_max, options.budget) {
    for (MetadataEntry& entry : headers_) {
      if (entry.name.ends_with("-bin")) entry.value = http::encode_base64(entry.value);
    }
    for (size_t i = 0; i < kSignalCount; ++i) {
      std::vector<http::Http2Field>& fields = fields_[i];
      const auto add = [&](std::string_view name, std::string_view value) {
        fields.push_back({.name = name, .value = value, .is_static = true});
      };
      add(":method", "POST");
      add(":scheme", scheme_);
      add(":path", grpc_path_of(kSignals[i]));
      add(":authority", authority_);
      add("te", "trailers");
      add("content-type", "application/grpc");
      if (!user_agent_.empty()) add("user-agent", user_agent_);
      add("grpc-accept-encoding", kGrpcAcceptedCodings);
      for (const MetadataEntry& entry : headers_) add(entry.name, entry.value);
    }
  }

  http::Http2Request write_http2(const ClientRequest& request, Duration left,
                                 FieldScratch& scratch) const override {
    scratch.fields = fields_[index_of(request.signal)];
    if (left != Duration::max()) {
      const Duration told = (left + kTimeoutStep - 1ns) / kTimeoutStep * kTimeoutStep;
      scratch.timeout = http::write_grpc_timeout(told);
      scratch.fields.push_back(
          {.name = "grpc-timeout", .value = scratch.timeout, .indexed = false});
    }
    if (request.coding != compress::Coding::kIdentity) {
      scratch.fields.push_back(
          {.name = "grpc-encoding", .value = grpc_name_of(request.coding), .is_static = true});
    }
    if (request.metadata != nullptr) {
      for (const MetadataEntry& entry : request.metadata->entries) {
        if (is_reserved_field(entry.name) || !is_field_value(entry.value)) continue;
        if (is_replaced(request, entry.name)) continue;
        scratch.fields.push_back({.name = entry.name, .value = entry.value});
      }
    }
    if (request.credentials != nullptr || !request.without.empty()) {
      std::erase_if(scratch.fields, [&](const http::Http2Field& field) {
        return is_replaced(request, field.name);
      });
    }
    if (request.credentials != nullptr) {
      for (const MetadataEntry& entry : *request.credentials) {
        scratch.fields.push_back({.name = entry.name, .value = entry.value, .indexed = false});
      }
    }
    http::Http2Request made;
    made.fields = scratch.fields;
    made.prefix =
        http::write_grpc_prefix({.compression = request.coding == compress::Coding::kIdentity
                                                    ? http::GrpcCompression::kNone
                                                    : http::GrpcCompression::kCompressed,
                                 .length = static_cast<uint32_t>(request.body.size())});
    made.prefix_size = http::kGrpcPrefixBytes;
    return made;
  }

  std::string write_http1(const ClientRequest&) const override { return {}; }

  ClientAnswer interpret(ClientResponse response, const CallEnd& end, WallTime) override {
    ClientAnswer answer;
    if (end.kind != CallEnd::Kind::kComplete && !response.too_large) {
      return interpret_failure(end);
    }
    if (response.too_large) {
      // OTLP: over the client's limit is not retryable, so not RESOURCE_EXHAUSTED.
      answer.code = Code::kInternal;
      answer.message = "the response is larger than allowed";
      return answer;
    }
    if (!response.grpc_status) return interpret_no_status(response);
    answer.code = *response.grpc_status;
    answer.message = http::percent_decode_grpc_message(response.grpc_message);
    if (answer.code == Code::kOk) {
      read_message(response, answer);
      return answer;
    }
    if (!response.grpc_details.empty()) {
      if (const auto details = http::decode_base64(response.grpc_details)) {
        if (const auto status = decode_rpc_status(as_span(*details))) {
          answer.retry_after = status->retry_delay;
        }
      }
    }
    answer.too_large = !answer.retry_after && speaks_of_size(answer.code, answer.message);
    return answer;
  }

 private:
  static ClientAnswer interpret_failure(const CallEnd& end) {
    ClientAnswer answer;
    answer.kind = end.kind == CallEnd::Kind::kNotSent ? ClientAnswer::Kind::kNotSent
                                                      : ClientAnswer::Kind::kBroken;
    answer.code = end.kind == CallEnd::Kind::kReset
                      ? http::code_of_http2_error(static_cast<uint32_t>(end.http2_error))
                      : Code::kUnavailable;
    answer.message =
        !end.message.empty()
            ? end.message
            : "the stream was reset with " + std::string(http::http2_error_name(end.http2_error));
    return answer;
  }

  static ClientAnswer interpret_no_status(const ClientResponse& response) {
    ClientAnswer answer;
    answer.code = response.http_status == 200 ? Code::kUnknown
                                              : http::code_of_http_status(response.http_status);
    answer.message =
        "not a gRPC answer: HTTP status " + std::to_string(response.http_status) +
        (response.media_type == MediaType::kGrpc ? ", no grpc-status"
                                                 : ", content type is not application/grpc");
    return answer;
  }

  // The peer has said OK, so a message that can't be read takes nothing back: it only means that
  // there is no partial success to tell of.
  void read_message(const ClientResponse& response, ClientAnswer& answer) {
    if (response.is_body_dropped) {
      answer.message = kNoMemory;
      return;
    }
    const std::span<const uint8_t> body = as_span(response.body);
    if (body.size() < http::kGrpcPrefixBytes) return;
    const auto prefix = http::parse_grpc_prefix(body.first<http::kGrpcPrefixBytes>());
    const std::span<const uint8_t> message = body.subspan(http::kGrpcPrefixBytes);
    if (!prefix || prefix->length != message.size()) {
      answer.message = "the response message could not be read";
    } else if (prefix->compression == http::GrpcCompression::kNone) {
      if (!message.empty()) answer.body = Bytes::copy_of(message);
    } else if (Result<Bytes> plain = inflater_.inflate(response.grpc_encoding, as_text(message))) {
      answer.body = std::move(*plain);
    } else {
      answer.message = "the response message could not be read: " + plain.error().message;
      // OTLP: what passes the limit is an error that is not retryable.
      if (plain.error().code == Code::kResourceExhausted) answer.code = Code::kInternal;
    }
  }

  const std::string scheme_;
  const std::string authority_;
  const std::string user_agent_;
  std::vector<MetadataEntry> headers_;
  std::array<std::vector<http::Http2Field>, kSignalCount> fields_;
  ResponseInflater inflater_;
};

}  // namespace

std::unique_ptr<ClientDialect> make_grpc_dialect(const ClientOptions& options) {
  return std::make_unique<GrpcDialect>(options);
}

}  // namespace millrace::transport
