// The fast walk. A hand-written switch for forty messages would be the fastest code, but easy to
// get wrong, and the slow walk that finds the place of an error would need it again. The messages
// are therefore tables (schema.h), and a template makes of each table a function that compares tags
// in the table's order; with constants folded in it equals the hand-written code. Most bytes are
// attributes, so attributes with a plain value have a path of their own.
#include "otlp/admit.h"

#include <algorithm>
#include <utility>

#include "otlp/schema.h"
#include "wire/utf8.h"

namespace millrace::otlp {

namespace {

using wire::WireType;

constexpr int kDepthLeast = 10;
constexpr int kDepthMost = 1000;
// Shorter texts are checked in one step: 64 KiB take 30 µs at most.
constexpr size_t kLongTextBytes = 64 * 1024;

constexpr WireType wire_type_of(Kind kind) {
  switch (kind) {
    case Kind::kVarint:
      return WireType::kVarint;
    case Kind::kI64:
      return WireType::kI64;
    case Kind::kI32:
      return WireType::kI32;
    default:
      return WireType::kLen;
  }
}

// The counters of one walk. Most messages are small and are walked without a pause and without the
// comparison that a long walk makes for each field (3 % of the time), so there are two types.
struct QuickWalk {
  uint32_t item_count = 0;
  [[gnu::always_inline]] void pass(const uint8_t*) {}
};
struct LongWalk {
  uint32_t item_count = 0;
  Pace* pace = nullptr;
  const uint8_t* checkpoint = nullptr;  // the position at which the pace is called next

  [[gnu::noinline, gnu::cold]] void tell(const uint8_t* at) {
    constexpr ptrdiff_t kStride = 16 * 1024;
    pace->step(static_cast<size_t>(at - checkpoint + kStride));
    checkpoint = at + kStride;
  }
  [[gnu::always_inline]] void pass(const uint8_t* at) {
    if (__builtin_expect(at >= checkpoint, 0)) tell(at);
  }
};
// Undoes counts: when a Metric has several members of its oneof, only the points of the last one
// count.
struct MetricState {
  uint32_t items_before = 0;
  uint32_t data_field = 0;
};

[[gnu::always_inline]] inline const uint8_t* read_tag(const uint8_t* at, const uint8_t* end,
                                                      uint32_t* tag) {
  const uint32_t first = *at;
  if (__builtin_expect(first < 0x80, 1)) {
    *tag = first;
    return at + 1;
  }
  if (end - at >= 2 && at[1] < 0x80) {  // Span.flags, which current SDKs set on every span
    *tag = (first & 0x7f) | static_cast<uint32_t>(at[1]) << 7;
    return at + 2;
  }
  return wire::detail::read_long_tag(at, end, tag);
}

template <class Walk>
bool walk_packed_varints(Walk& walk, const uint8_t* at, const uint8_t* end) {
  while (at < end) {
    walk.pass(at);
    at = wire::skip_varint(at, end);
    if (at == nullptr) return false;
  }
  return true;
}

// Checks a long text in stretches that end between two characters.
template <class Walk>
[[gnu::noinline]] bool walk_long_text(Walk& walk, const uint8_t* at, size_t size) {
  constexpr size_t kStretchBytes = 16 * 1024;
  const uint8_t* const end = at + size;
  while (at < end) {
    walk.pass(at);
    const uint8_t* stop = end;
    if (static_cast<size_t>(end - at) > kStretchBytes) {
      stop = at + kStretchBytes;
      // Continuation bytes belong to the character before them; there are at most three.
      for (int i = 0; i < 3 && (*stop & 0xc0) == 0x80; ++i) --stop;
    }
    if (!wire::is_utf8_padded(at, static_cast<size_t>(stop - at))) return false;
    at = stop;
  }
  return true;
}

// Checks a group's fields as wire::skip_value does. Returns the position behind its end, or null.
template <class Walk>
[[gnu::noinline]] const uint8_t* walk_group(Walk& walk, uint32_t number, const uint8_t* at,
                                            const uint8_t* end, int depth) {
  if (depth <= 0) return nullptr;
  while (at < end) {
    walk.pass(at);
    uint32_t tag = 0;
    at = wire::read_tag(at, end, &tag);
    if (at == nullptr) return nullptr;
    if (wire::wire_type_of(tag) == WireType::kEndGroup) {
      return wire::field_number_of(tag) == number ? at : nullptr;
    }
    at = wire::wire_type_of(tag) == WireType::kStartGroup
             ? walk_group(walk, wire::field_number_of(tag), at, end, depth - 1)
             : wire::skip_value(tag, at, end, depth - 1);
    if (at == nullptr) return nullptr;
  }
  return nullptr;
}

template <class Walk>
const uint8_t* walk_unknown(Walk& walk, uint32_t tag, const uint8_t* at, const uint8_t* end,
                            int depth) {
  if (wire::wire_type_of(tag) != WireType::kStartGroup)
    return wire::skip_value(tag, at, end, depth);
  const uint32_t number = wire::field_number_of(tag);
  return number == 0 ? nullptr : walk_group(walk, number, at, end, depth);
}

// Whether this is a key with a string, a number or a bool, with lengths of one byte each and
// nothing else, as nearly every attribute is. If false, the general walk decides.
[[gnu::always_inline]] inline bool is_plain_attribute(const uint8_t* at, const uint8_t* end) {
  if (end - at < 6 || at[0] != 0x0a || at[1] >= 0x80) return false;
  const size_t key_size = at[1];
  const uint8_t* const key = at + 2;
  if (static_cast<size_t>(end - key) < key_size + 4) return false;
  const uint8_t* const value = key + key_size;
  if (value[0] != 0x12 || value[1] >= 0x80 || value + 2 + value[1] != end) return false;
  const uint8_t* const content = value + 4;
  switch (value[2]) {
    case 0x0a:  // string_value
      return value[3] < 0x80 && content + value[3] == end && wire::is_utf8_padded(key, key_size) &&
             wire::is_utf8_padded(content, value[3]);
    case 0x10:  // bool_value
    case 0x18:  // int_value
      return wire::skip_varint(value + 3, end) == end && wire::is_utf8_padded(key, key_size);
    case 0x21:  // double_value
      return end - content == 7 && wire::is_utf8_padded(key, key_size);
    default:
      return false;
  }
}

template <Message kMessageType, class Walk>
bool walk_message(Walk& walk, const uint8_t* at, const uint8_t* end, int depth);

// Walks the value of a known field; `at` is behind its tag. Returns its end, or null.
template <Message kParent, size_t kIndex, class Walk>
[[gnu::always_inline]] inline const uint8_t* walk_value(Walk& walk, MetricState& metric,
                                                        const uint8_t* at, const uint8_t* end,
                                                        int depth) {
  constexpr FieldRule kRule = fields_of(kParent)[kIndex];
  if constexpr (kRule.kind == Kind::kVarint) {
    return wire::skip_varint(at, end);
  } else if constexpr (kRule.kind == Kind::kI64) {
    return end - at >= 8 ? at + 8 : nullptr;
  } else if constexpr (kRule.kind == Kind::kI32) {
    return end - at >= 4 ? at + 4 : nullptr;
  } else {
    uint32_t size = 0;
    at = wire::read_length(at, end, &size);
    if (__builtin_expect(at == nullptr, 0)) return nullptr;
    bool valid = true;
    if constexpr (kRule.kind == Kind::kString) {
      valid = __builtin_expect(size <= kLongTextBytes, 1) ? wire::is_utf8_padded(at, size)
                                                          : walk_long_text(walk, at, size);
    } else if constexpr (kRule.kind == Kind::kTraceId) {
      valid = size == 16 || size == 0;
    } else if constexpr (kRule.kind == Kind::kSpanId) {
      valid = size == 8 || size == 0;
    } else if constexpr (kRule.kind == Kind::kPackedI64) {
      valid = size % 8 == 0;
    } else if constexpr (kRule.kind == Kind::kPackedVarint) {
      valid = walk_packed_varints(walk, at, at + size);
    } else if constexpr (kRule.kind == Kind::kMessage) {
      if constexpr (kParent == Message::kMetric && is_metric_data(kRule.number)) {
        if (metric.data_field != kRule.number) walk.item_count = metric.items_before;
        metric.data_field = kRule.number;
      }
      if constexpr (is_item(kRule.message)) walk.item_count++;
      valid = depth > 0 && walk_message<kRule.message>(walk, at, at + size, depth - 1);
    }
    return __builtin_expect(valid, 1) ? at + size : nullptr;
  }
}

template <Message kParent, size_t kIndex, class Walk>
[[gnu::always_inline]] inline bool try_field(Walk& walk, MetricState& metric, uint32_t tag,
                                             const uint8_t*& at, const uint8_t* end, int depth) {
  constexpr FieldRule kRule = fields_of(kParent)[kIndex];
  constexpr uint32_t kTag = wire::make_tag(kRule.number, wire_type_of(kRule.kind));
  if (tag != kTag) return false;
  at = walk_value<kParent, kIndex>(walk, metric, at, end, depth);
  if constexpr (kRule.repeated && kTag < 0x80) {
    // Elements of a repeated field are adjacent. A comparison with the same tag first is a branch
    // that is predicted, unlike the chain of comparisons.
    while (at != nullptr && at < end && *at == kTag) {
      walk.pass(at);
      at = walk_value<kParent, kIndex>(walk, metric, at + 1, end, depth);
    }
  }
  return true;
}

template <Message kMessageType, class Walk>
bool walk_message(Walk& walk, const uint8_t* at, const uint8_t* end, int depth) {
  if constexpr (kMessageType == Message::kKeyValue) {
    if (depth > 0 && is_plain_attribute(at, end)) return true;
  }
  [[maybe_unused]] MetricState metric{walk.item_count, 0};
  while (at < end) {
    walk.pass(at);
    uint32_t tag = 0;
    at = read_tag(at, end, &tag);
    if (__builtin_expect(at == nullptr, 0)) return false;
    const bool known =
        [&]<size_t... kIndex>(std::index_sequence<kIndex...>) __attribute__((always_inline)) {
          return (try_field<kMessageType, kIndex>(walk, metric, tag, at, end, depth) || ...);
        }(std::make_index_sequence<fields_of(kMessageType).size()>());
    // An unknown field, or an unpacked element of a packed field: only its framing is checked.
    if (!known) at = walk_unknown(walk, tag, at, end, depth);
    if (__builtin_expect(at == nullptr, 0)) return false;
  }
  return true;
}

template <class Walk>
bool walk_request(Walk& walk, Signal signal, std::span<const uint8_t> message, int depth) {
  const uint8_t* const at = message.data();
  const uint8_t* const end = at + message.size();
  switch (signal) {
    case Signal::kTraces:
      return walk_message<Message::kTraceRequest>(walk, at, end, depth);
    case Signal::kMetrics:
      return walk_message<Message::kMetricsRequest>(walk, at, end, depth);
    case Signal::kLogs:
      return walk_message<Message::kLogsRequest>(walk, at, end, depth);
    case Signal::kProfiles:
      return walk_message<Message::kProfilesRequest>(walk, at, end, depth);
  }
  return false;
}

}  // namespace

std::expected<Admitted, Violation> admit(Signal signal, std::span<const uint8_t> message,
                                         const AdmitOptions& options) {
  const int depth = std::clamp(options.depth_max, kDepthLeast, kDepthMost);
  uint32_t item_count = 0;
  bool valid = false;
  if (options.pace == nullptr) {
    QuickWalk walk;
    valid = walk_request(walk, signal, message, depth);
    item_count = walk.item_count;
  } else {
    LongWalk walk{.pace = options.pace, .checkpoint = message.data()};
    valid = walk_request(walk, signal, message, depth);
    item_count = walk.item_count;
  }
  valid = valid && message.size() <= wire::kLengthMax;
  if (__builtin_expect(valid, 1)) return Admitted{item_count};
  return std::unexpected(find_violation(signal, message, options).value_or(Violation{}));
}

}  // namespace millrace::otlp
