#include "daemon/replay/signal_guess.h"

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>

#include "otlp/json/schema.h"
#include "wire/protobuf.h"
#include "wire/utf8.h"

namespace millrace::replay {
namespace {

using otlp::json::Kind;
using otlp::json::MessageId;

constexpr int kDepthMax = 100;

// Whether this is text, as names and values are. Tags and lengths of a message are not.
bool is_text(std::string_view text) {
  const bool has_controls = std::ranges::any_of(text, [](char c) {
    return static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\r' && c != '\t';
  });
  return !has_controls && wire::is_utf8(text);
}

bool has_its_form(const otlp::json::Field& known, const wire::Field& field) {
  const size_t size = field.bytes.size();
  if (known.kind == Kind::kHex16) return size == 0 || size == 16;
  if (known.kind == Kind::kHex8) return size == 0 || size == 8;
  if (known.kind == Kind::kString) return is_text(field.text());
  return true;
}

// The number of bytes that do not fit the message type `id`.
uint64_t unexplained(MessageId id, std::span<const uint8_t> bytes, int depth) {
  if (depth > kDepthMax) return bytes.size();
  const otlp::json::Message& message = otlp::json::message(id);
  uint64_t sum = 0;
  wire::FieldReader reader(bytes);
  for (wire::Field field; reader.next(&field);) {
    const otlp::json::Field* known = message.find(field.number);
    if (known == nullptr || !fits(*known, field.type) || !has_its_form(*known, field)) {
      sum += field.whole.size();
    } else if (known->kind == Kind::kMessage) {
      sum += unexplained(known->message, field.bytes, depth + 1);
    }
  }
  if (!reader.ok()) sum += static_cast<uint64_t>(bytes.data() + bytes.size() - reader.position());
  return sum;
}

}  // namespace

std::optional<Signal> guess_signal(std::span<const uint8_t> request) {
  std::optional<Signal> best;
  uint64_t least = std::numeric_limits<uint64_t>::max();
  uint64_t second = least;
  for (const Signal signal : kSignals) {
    const uint64_t left = unexplained(otlp::json::request_message(signal), request, 0);
    if (left < least) {
      best = signal;
      second = std::exchange(least, left);
    } else {
      second = std::min(second, left);
    }
  }
  if (least == second) return std::nullopt;
  return best;
}

}  // namespace millrace::replay
