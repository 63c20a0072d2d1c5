// The fast walk over a message. A hand-written switch for forty messages would be the fastest code,
// but easy to get wrong, and the slow walk that finds the place of an error would need it again.
// The messages are therefore tables (schema.h), and a template makes of each table a function that
// compares tags in the table's order. Encoders write fields in the same order, so that one round of
// comparisons, which the processor predicts, reads the whole message. Most bytes are attributes, so
// attributes with a plain value have a path of their own (plain_attribute.h).
//
// Included once by each walk_*.cc, which compiles it for its instruction set. The names are
// therefore local to the file that includes them: a copy with other instructions must not take
// their place.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include "base/pace.h"
#include "base/signal.h"
#include "otlp/plain_attribute.h"
#include "otlp/schema.h"
#include "wire/protobuf.h"
#include "wire/utf8.h"

namespace millrace::otlp {

namespace {

using wire::WireType;

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

// The counters of one walk, and the instructions that it may use. Most messages are small and are
// walked without a pause and without the comparison that a long walk makes for each field, so there
// are two types.
template <class WindowType>
struct QuickWalk {
  using Window = WindowType;
  static constexpr bool kIsLong = false;
  uint32_t item_count = 0;
  [[gnu::always_inline]] void pass(const uint8_t*) {}
};
template <class WindowType>
struct LongWalk : QuickWalk<WindowType> {
  static constexpr bool kIsLong = true;
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
// Messages up to this size inside a long walk are walked as in a quick one: 10 µs at most.
constexpr ptrdiff_t kQuickBytes = 4096;

// The messages that may lie at any depth. The others are at most eight levels below the request,
// and options allow at least ten.
constexpr bool is_recursive(Message message) {
  return message == Message::kKeyValue || message == Message::kAnyValue ||
         message == Message::kArrayValue || message == Message::kKeyValueList;
}

// Undoes counts: when a Metric has several members of its oneof, only the points of the last one
// count.
struct MetricState {
  uint32_t items_before = 0;
  uint32_t data_field = 0;
};

// The position in one message. Bytes behind `end` are readable (kChunkPadding), so that a position
// is compared with the end after the load and not before.
struct Cursor {
  const uint8_t* at;  // behind the tag; null when a field was not valid
  const uint8_t* end;
  uint32_t tag;
};

// A tag or a length with the position behind it, or null. In registers, unlike a number whose
// address is given to a function.
struct Number {
  const uint8_t* after;
  uint32_t value;
};
[[gnu::noinline]] inline Number read_long_tag(const uint8_t* at, const uint8_t* end) {
  uint32_t tag = 0;
  at = wire::detail::read_long_tag(at, end, &tag);
  return {at, tag};
}
[[gnu::noinline]] inline Number read_long_length(const uint8_t* at, const uint8_t* end) {
  uint32_t length = 0;
  at = wire::detail::read_long_length(at, end, &length);
  return {at, length};
}

// Reads the tag at `at`, where a byte is left. False: not valid.
MILLRACE_WALK_INLINE bool read_tag(Cursor& cursor) {
  const uint32_t first = *cursor.at;
  if (__builtin_expect(first < 0x80, 1)) {
    cursor.tag = first;
    ++cursor.at;
    return true;
  }
  if (cursor.end - cursor.at >= 2 && cursor.at[1] < 0x80) {  // Span.flags, on every span
    cursor.tag = (first & 0x7f) | static_cast<uint32_t>(cursor.at[1]) << 7;
    cursor.at += 2;
    return true;
  }
  const Number read = read_long_tag(cursor.at, cursor.end);
  cursor.at = read.after;
  cursor.tag = read.value;
  return cursor.at != nullptr;
}

// wire::read_length, with lengths of two bytes in line: those of items.
MILLRACE_WALK_INLINE Number read_length(const uint8_t* at, const uint8_t* end) {
  Number length{at + 1, *at};
  if (length.value >= 0x80) {
    if (__builtin_expect(at[1] < 0x80, 1)) {
      length = {at + 2, (length.value & 0x7f) | static_cast<uint32_t>(at[1]) << 7};
    } else {
      length = read_long_length(at, end);
      if (length.after == nullptr) return length;
    }
  }
  if (static_cast<ptrdiff_t>(length.value) > end - length.after) length.after = nullptr;
  return length;
}

MILLRACE_WALK_INLINE const uint8_t* skip_varint(const uint8_t* at, const uint8_t* end) {
  if (__builtin_expect(*at < 0x80, 1)) return at < end ? at + 1 : nullptr;
  return wire::skip_varint(at, end);
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

template <Message kMessageType, class Walk>
bool walk_message(Walk& walk, const uint8_t* at, const uint8_t* end, int depth);
template <Message kNested, class Walk>
bool walk_nested(Walk& walk, const uint8_t* at, const uint8_t* end, int depth);

// Walks the value of a known field; `at` is behind its tag. Returns its end, or null.
template <Message kParent, size_t kIndex, class Walk>
MILLRACE_WALK_INLINE const uint8_t* walk_value(Walk& walk, MetricState& metric, const uint8_t* at,
                                               const uint8_t* end, int depth) {
  constexpr FieldRule kRule = fields_of(kParent)[kIndex];
  if constexpr (kRule.kind == Kind::kVarint) {
    return skip_varint(at, end);
  } else if constexpr (kRule.kind == Kind::kI64) {
    return end - at >= 8 ? at + 8 : nullptr;
  } else if constexpr (kRule.kind == Kind::kI32) {
    return end - at >= 4 ? at + 4 : nullptr;
  } else {
    if constexpr (kRule.message == Message::kKeyValue) {
      if (!is_recursive(kParent) || depth > 1) {
        const uint8_t* const after = skip_plain_attribute<typename Walk::Window>(at, end);
        if (__builtin_expect(after != nullptr, 1)) return after;
      }
    }
    const Number length = read_length(at, end);
    if (__builtin_expect(length.after == nullptr, 0)) return nullptr;
    at = length.after;
    const uint32_t size = length.value;
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
      valid = (!is_recursive(kParent) || depth > 0) &&
              (size == 0 || walk_nested<kRule.message>(walk, at, at + size, depth - 1));
    }
    return __builtin_expect(valid, 1) ? at + size : nullptr;
  }
}

template <Message kNested, class Walk>
MILLRACE_WALK_INLINE bool walk_nested(Walk& walk, const uint8_t* at, const uint8_t* end,
                                      int depth) {
  if constexpr (Walk::kIsLong) {
    if (__builtin_expect(end - at <= kQuickBytes, 1)) {
      return walk_message<kNested, QuickWalk<typename Walk::Window>>(walk, at, end, depth);
    }
  }
  return walk_message<kNested>(walk, at, end, depth);
}

// Walks the fields with one number that follow the cursor. False at the end of the message and at a
// mistake.
template <Message kParent, size_t kIndex, class Walk>
MILLRACE_WALK_INLINE bool walk_fields(Walk& walk, MetricState& metric, Cursor& cursor, int depth) {
  constexpr FieldRule kRule = fields_of(kParent)[kIndex];
  constexpr uint32_t kTag = wire::make_tag(kRule.number, wire_type_of(kRule.kind));
  if (cursor.tag != kTag) return true;
  while (true) {
    cursor.at = walk_value<kParent, kIndex>(walk, metric, cursor.at, cursor.end, depth);
    if (__builtin_expect(cursor.at == nullptr, 0) || cursor.at == cursor.end) return false;
    walk.pass(cursor.at);
    if (!kRule.repeated || kTag >= 0x80 || *cursor.at != kTag) return read_tag(cursor);
    ++cursor.at;
  }
}

template <Message kMessageType, class Walk, size_t... kIndex>
MILLRACE_WALK_INLINE bool walk_round(Walk& walk, MetricState& metric, Cursor& cursor,
                                     [[maybe_unused]] int depth, std::index_sequence<kIndex...>) {
  return (walk_fields<kMessageType, kIndex>(walk, metric, cursor, depth) && ...);
}

template <Message kMessageType, class Walk>
bool walk_message(Walk& walk, const uint8_t* at, const uint8_t* end, int depth) {
  if (at == end) return true;
  walk.pass(at);
  Cursor cursor{at, end, 0};
  if (__builtin_expect(!read_tag(cursor), 0)) return false;
  MetricState metric{walk.item_count, 0};
  while (true) {
    const uint8_t* const before = cursor.at;
    if (!walk_round<kMessageType>(walk, metric, cursor, depth,
                                  std::make_index_sequence<fields_of(kMessageType).size()>())) {
      return cursor.at != nullptr;
    }
    if (cursor.at != before) continue;
    // An unknown field, or an unpacked element of a packed field: only its framing is checked.
    cursor.at = walk_unknown(walk, cursor.tag, cursor.at, end, depth);
    if (cursor.at == nullptr) return false;
    if (cursor.at == end) return true;
    walk.pass(cursor.at);
    if (!read_tag(cursor)) return false;
  }
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

// The walk as walks.h describes it.
template <class Window>
std::optional<uint32_t> walk_with(Signal signal, std::span<const uint8_t> message, int depth,
                                  Pace* pace) {
  if (pace == nullptr) {
    QuickWalk<Window> walk;
    if (!walk_request(walk, signal, message, depth)) return std::nullopt;
    return walk.item_count;
  }
  LongWalk<Window> walk;
  walk.pace = pace;
  walk.checkpoint = message.data();
  if (!walk_request(walk, signal, message, depth)) return std::nullopt;
  return walk.item_count;
}

}  // namespace

}  // namespace millrace::otlp
