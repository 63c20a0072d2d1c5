#include "transport/server/reply_mapping.h"

#include <algorithm>

#include "base/json_string.h"
#include "base/retryable.h"
#include "http/grpc_wire.h"
#include "wire/utf8.h"
#include "wire/writer.h"

namespace millrace::transport {
namespace {

// Texts for people are cut, so that an answer never passes what clients take as headers (8 KiB is
// the smallest common limit; message and details both carry the text) or as a response. A text may
// be a back end's and hold any byte; in an answer it is a string field, which has to be UTF-8.
constexpr size_t kErrorTextBytesMax = 2048;
constexpr size_t kPartialTextBytesMax = 64 * 1024;

bool is_partial(const Reply& reply) {
  return reply.rejected_count != 0 || !reply.partial_message.empty();
}

// Whether the answer may say when to send again: RESOURCE_EXHAUSTED with RetryInfo means "try
// again", which the answer to a request that is too large must never say.
bool tells_retry(const Reply& reply) {
  return reply.retry_after && !reply.too_large &&
         (reply.code == Code::kUnavailable || reply.code == Code::kResourceExhausted);
}

RpcStatus status_of(const Reply& reply) {
  RpcStatus status;
  status.code = reply.too_large ? Code::kResourceExhausted : reply.code;
  status.message = wire::to_utf8(reply.message, kErrorTextBytesMax);
  if (tells_retry(reply)) status.retry_delay = reply.retry_after;
  if (reply.code == Code::kInvalidArgument && !reply.bad_field.empty()) {
    status.bad_field = wire::to_utf8(reply.bad_field, kErrorTextBytesMax / 2);
    status.bad_field_description = wire::to_utf8(reply.message, kErrorTextBytesMax / 2);
  }
  return status;
}

// Export<Signal>ServiceResponse { partial_success = 1 { rejected_… = 1; error_message = 2 } },
// the same numbers for every signal.
std::string response_message(const Reply& reply) {
  if (!is_partial(reply)) return {};
  wire::Writer writer(64 + std::min(reply.partial_message.size(), kPartialTextBytesMax));
  const auto partial = writer.open(1, reply.partial_message.size());
  if (reply.rejected_count != 0) writer.varint_field(1, reply.rejected_count);
  if (!reply.partial_message.empty()) {
    writer.string_field(2, wire::to_utf8(reply.partial_message, kPartialTextBytesMax));
  }
  writer.close(partial);
  return writer.to_string();
}

std::string_view rejected_name(Signal signal) {
  switch (signal) {
    case Signal::kTraces:
      return "rejectedSpans";
    case Signal::kMetrics:
      return "rejectedDataPoints";
    case Signal::kLogs:
      return "rejectedLogRecords";
    case Signal::kProfiles:
      return "rejectedProfiles";
  }
  return "rejectedSpans";
}

std::string response_json(const Reply& reply, Signal signal) {
  std::string json = "{\"partialSuccess\":{";
  if (reply.rejected_count != 0) {
    json += '"';
    json += rejected_name(signal);
    json += "\":\"" + std::to_string(reply.rejected_count) + '"';
  }
  if (!reply.partial_message.empty()) {
    if (reply.rejected_count != 0) json += ',';
    json += "\"errorMessage\":";
    append_json_string(json, wire::to_utf8(reply.partial_message, kPartialTextBytesMax));
  }
  return json + "}}";
}

}  // namespace

int http_status_of(Code code) {
  if (is_retryable_code(code)) return 503;
  switch (code) {
    case Code::kOk:
      return 200;
    case Code::kResourceExhausted:
      return 429;
    case Code::kInvalidArgument:
      return 400;
    case Code::kUnauthenticated:
      return 401;
    case Code::kPermissionDenied:
      return 403;
    case Code::kUnimplemented:
      return 404;
    default:
      return 500;
  }
}

std::string_view content_type_of(BodyFormat format) {
  return format == BodyFormat::kJson ? "application/json" : "application/x-protobuf";
}

GrpcReply map_to_grpc(const Reply& reply) {
  GrpcReply answer;
  if (reply.code == Code::kOk && !reply.too_large) {
    answer.body = response_message(reply);
    return answer;
  }
  const RpcStatus status = status_of(reply);
  answer.code = status.code;
  answer.message = http::percent_encode_grpc_message(status.message);
  if (status.retry_delay || !status.bad_field.empty()) {
    answer.status_details_bin = http::encode_base64(encode_rpc_status(status));
  }
  return answer;
}

HttpReply map_to_http(const Reply& reply, Signal signal, BodyFormat format) {
  HttpReply answer;
  answer.content_type = content_type_of(format);
  if (reply.code == Code::kOk && !reply.too_large) {
    answer.body =
        format == BodyFormat::kJson ? response_json(reply, signal) : response_message(reply);
    return answer;
  }
  const RpcStatus status = status_of(reply);
  answer.status = reply.too_large ? 413 : http_status_of(reply.code);
  answer.body =
      format == BodyFormat::kJson ? encode_rpc_status_json(status) : encode_rpc_status(status);
  if (reply.code == Code::kUnauthenticated && !reply.challenge.empty()) {
    answer.fields.push_back({"www-authenticate", reply.challenge});
  }
  if (tells_retry(reply)) {
    const int64_t nanoseconds = std::max<int64_t>(reply.retry_after->count(), 0);
    const int64_t seconds =
        nanoseconds / 1'000'000'000 + (nanoseconds % 1'000'000'000 != 0 ? 1 : 0);
    answer.fields.push_back({"retry-after", std::to_string(seconds)});
  }
  return answer;
}

}  // namespace millrace::transport
