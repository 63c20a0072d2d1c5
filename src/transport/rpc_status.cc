#include "transport/rpc_status.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <limits>

#include "base/bytes.h"
#include "base/json_string.h"
#include "wire/protobuf.h"
#include "wire/writer.h"

namespace millrace::transport {
namespace {

constexpr std::string_view kRetryInfo = "type.googleapis.com/google.rpc.RetryInfo";
constexpr std::string_view kBadRequest = "type.googleapis.com/google.rpc.BadRequest";
constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;

// google.protobuf.Any { type_url = 1; value = 2; } as Status.details = 3. Opens both; the content
// of the value is written between.
struct OpenDetail {
  wire::Writer::Nested any, value;
};
OpenDetail open_detail(wire::Writer& writer, std::string_view type_url) {
  OpenDetail detail;
  detail.any = writer.open(3);
  writer.string_field(1, type_url);
  detail.value = writer.open(2);
  return detail;
}
void close_detail(wire::Writer& writer, const OpenDetail& detail) {
  writer.close(detail.value);
  writer.close(detail.any);
}

// google.protobuf.Duration { seconds = 1; nanos = 2; }.
void write_duration(wire::Writer& writer, Duration duration) {
  const int64_t seconds = duration.count() / kNanosecondsPerSecond;
  const int64_t nanos = duration.count() % kNanosecondsPerSecond;
  if (seconds != 0) writer.varint_field(1, static_cast<uint64_t>(seconds));
  if (nanos != 0) writer.varint_field(2, static_cast<uint64_t>(nanos));
}

Duration read_duration(std::span<const uint8_t> bytes) {
  int64_t seconds = 0;
  int64_t nanos = 0;
  wire::FieldReader reader(bytes);
  for (wire::Field field; reader.next(&field);) {
    if (field.is(1, wire::WireType::kVarint)) seconds = static_cast<int64_t>(field.value);
    if (field.is(2, wire::WireType::kVarint)) nanos = static_cast<int32_t>(field.value);
  }
  if (seconds < 0 || nanos < 0) return Duration::zero();
  if (seconds >= std::numeric_limits<int64_t>::max() / kNanosecondsPerSecond - 2) {
    return Duration::max();
  }
  return Duration(seconds * kNanosecondsPerSecond + nanos);
}

void read_retry_info(std::span<const uint8_t> bytes, RpcStatus& status) {
  status.retry_delay = Duration::zero();
  wire::FieldReader reader(bytes);
  for (wire::Field field; reader.next(&field);) {
    if (field.is(1, wire::WireType::kLen)) status.retry_delay = read_duration(field.bytes);
  }
}

void read_bad_request(std::span<const uint8_t> bytes, RpcStatus& status) {
  wire::FieldReader reader(bytes);
  for (wire::Field violation; reader.next(&violation);) {
    if (!violation.is(1, wire::WireType::kLen)) continue;
    wire::FieldReader inner(violation.bytes);
    for (wire::Field field; inner.next(&field);) {
      if (field.is(1, wire::WireType::kLen)) status.bad_field = field.text();
      if (field.is(2, wire::WireType::kLen)) status.bad_field_description = field.text();
    }
    return;
  }
}

void read_detail(std::span<const uint8_t> any, RpcStatus& status) {
  std::string_view type_url;
  std::span<const uint8_t> value;
  wire::FieldReader reader(any);
  for (wire::Field field; reader.next(&field);) {
    if (field.is(1, wire::WireType::kLen)) type_url = field.text();
    if (field.is(2, wire::WireType::kLen)) value = field.bytes;
  }
  if (type_url == kRetryInfo) read_retry_info(value, status);
  if (type_url == kBadRequest) read_bad_request(value, status);
}

// The JSON form of google.protobuf.Duration: "1.500s".
std::string duration_text(Duration duration) {
  std::array<char, 48> text{};
  const auto seconds = static_cast<long long>(duration.count() / kNanosecondsPerSecond);
  const auto nanos = static_cast<long long>(duration.count() % kNanosecondsPerSecond);
  if (nanos == 0) {
    std::snprintf(text.data(), text.size(), "%llds", seconds);
  } else {
    std::snprintf(text.data(), text.size(), "%lld.%09llds", seconds, nanos);
  }
  return text.data();
}

}  // namespace

std::string encode_rpc_status(const RpcStatus& status) {
  wire::Writer writer(128 + status.message.size());
  if (status.code != Code::kOk) writer.varint_field(1, static_cast<uint64_t>(status.code));
  if (!status.message.empty()) writer.string_field(2, status.message);
  if (status.retry_delay) {
    const OpenDetail detail = open_detail(writer, kRetryInfo);
    const auto delay = writer.open(1);
    write_duration(writer, std::max(*status.retry_delay, Duration::zero()));
    writer.close(delay);
    close_detail(writer, detail);
  }
  if (!status.bad_field.empty()) {
    const OpenDetail detail = open_detail(writer, kBadRequest);
    const auto violation = writer.open(1);
    writer.string_field(1, status.bad_field);
    if (!status.bad_field_description.empty()) {
      writer.string_field(2, status.bad_field_description);
    }
    writer.close(violation);
    close_detail(writer, detail);
  }
  return writer.to_string();
}

std::string encode_rpc_status_json(const RpcStatus& status) {
  std::string json = "{\"code\":" + std::to_string(static_cast<int>(status.code));
  json += ",\"message\":";
  append_json_string(json, status.message);
  std::string details;
  if (status.retry_delay) {
    details += "{\"@type\":\"";
    details += kRetryInfo;
    details +=
        "\",\"retryDelay\":\"" + duration_text(std::max(*status.retry_delay, Duration::zero()));
    details += "\"}";
  }
  if (!status.bad_field.empty()) {
    if (!details.empty()) details += ',';
    details += "{\"@type\":\"";
    details += kBadRequest;
    details += "\",\"fieldViolations\":[{\"field\":";
    append_json_string(details, status.bad_field);
    if (!status.bad_field_description.empty()) {
      details += ",\"description\":";
      append_json_string(details, status.bad_field_description);
    }
    details += "}]}";
  }
  if (!details.empty()) json += ",\"details\":[" + details + "]";
  return json + "}";
}

std::optional<RpcStatus> decode_rpc_status(std::span<const uint8_t> bytes) {
  RpcStatus status;
  status.code = Code::kOk;
  wire::FieldReader reader(bytes);
  for (wire::Field field; reader.next(&field);) {
    if (field.is(1, wire::WireType::kVarint)) {
      status.code = field.value <= 16 ? static_cast<Code>(field.value) : Code::kUnknown;
    } else if (field.is(2, wire::WireType::kLen)) {
      status.message = field.text();
    } else if (field.is(3, wire::WireType::kLen)) {
      read_detail(field.bytes, status);
    }
  }
  if (!reader.ok()) return std::nullopt;
  return status;
}

}  // namespace millrace::transport
