#include "exporters/otlp/partial_success.h"

#include <algorithm>

#include "transport/client/peer_text.h"
#include "wire/protobuf.h"

namespace millrace::exporters {
namespace {

constexpr uint32_t kPartialSuccess = 1;
constexpr uint32_t kRejected = 1;
constexpr uint32_t kErrorMessage = 2;

bool read_partial(std::span<const uint8_t> message, PartialSuccess& into, size_t& fields_left) {
  wire::FieldReader reader(message);
  for (wire::Field field; reader.next(&field);) {
    if (fields_left == 0) return true;
    --fields_left;
    if (field.is(kRejected, wire::WireType::kVarint)) {
      into.rejected_count = static_cast<int64_t>(field.value) < 0 ? 0 : field.value;
    } else if (field.is(kErrorMessage, wire::WireType::kLen)) {
      into.message = transport::to_peer_text(field.text());
    }
  }
  return reader.ok();
}

}  // namespace

std::optional<PartialSuccess> parse_partial_success(std::span<const uint8_t> response) {
  PartialSuccess partial;
  size_t fields_left = kPartialSuccessFieldsMax;
  wire::FieldReader reader(response);
  for (wire::Field field; fields_left > 0 && reader.next(&field);) {
    --fields_left;
    if (field.is(kPartialSuccess, wire::WireType::kLen) &&
        !read_partial(field.bytes, partial, fields_left)) {
      return std::nullopt;
    }
  }
  if (!reader.ok()) return std::nullopt;
  if (fields_left == 0) return PartialSuccess{.has_too_many_fields = true};
  return partial;
}

}  // namespace millrace::exporters
