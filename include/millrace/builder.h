// What SpanBuilder, LogRecordBuilder and MetricPointBuilder have in common: an item is written as
// protobuf bytes while it is being described. No allocation, no copy but the one into the thread's
// chunk when it is collected.
//
// The bytes are in the builder, not in the thread's chunk, until collect(): so a builder may live
// as long as the work it describes, move between threads with it, have others built inside it, and
// be thrown away; and flush() never waits for one. It is about 1.6 KiB, meant for the stack. After
// collect() it can be collected again, or begin another item with reset().
//
// Texts that are not UTF-8 are repaired (U+FFFD) and counted, attributes with an empty key are
// left out and counted. What a setter says must be said at most once an item, where it says so.
// One thread at a time.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "millrace/detail/encoder.h"
#include "millrace/value.h"

MILLRACE_NAMESPACE_BEGIN

namespace detail {
struct Access;
}

// An attribute of something inside an item; both texts are borrowed for the call.
struct TextPair {
  std::string_view key;   // not empty
  std::string_view text;  // its value
};

// The attributes of an item that `Builder` writes. `Builder::attribute_field()` is their number.
template <class Builder>
class ItemBuilder {
 public:
  // One more attribute; a key that is there already is not looked for.
  Builder& set(std::string_view key, std::string_view text) noexcept {
    encoder_.text_attribute(self().attribute_field(), key, text);
    return self();
  }
  Builder& set(std::string_view key, const char* text) noexcept {
    return set(key, text == nullptr ? std::string_view() : std::string_view(text));
  }
  Builder& set(std::string_view key, const std::string& text) noexcept {
    return set(key, std::string_view(text));
  }
  Builder& set(std::string_view key, bool value) noexcept {
    encoder_.bool_attribute(self().attribute_field(), key, value);
    return self();
  }
  template <class Number>
    requires(std::integral<Number> && !std::same_as<Number, bool>)
  Builder& set(std::string_view key, Number value) noexcept {
    encoder_.integer_attribute(
        self().attribute_field(), key,
        std::cmp_greater(value, INT64_MAX) ? INT64_MAX : static_cast<int64_t>(value));
    return self();
  }
  Builder& set(std::string_view key, double value) noexcept {
    encoder_.double_attribute(self().attribute_field(), key, value);
    return self();
  }
  Builder& set(std::string_view key, const Value& value) noexcept {
    encoder_.value_attribute(self().attribute_field(), key, value);
    return self();
  }

 private:
  friend Builder;
  friend struct detail::Access;
  explicit ItemBuilder(size_t front) noexcept : encoder_(front) {}
  ~ItemBuilder() = default;

  Builder& self() noexcept { return static_cast<Builder&>(*this); }
  void write_pairs(uint32_t number, std::initializer_list<TextPair> pairs) noexcept {
    for (const TextPair& pair : pairs) encoder_.text_attribute(number, pair.key, pair.text);
  }
  void write_id(uint32_t number, const TraceId& id) noexcept {
    encoder_.bytes_field(number, id.data(), id.size());
  }
  void write_id(uint32_t number, const SpanId& id) noexcept {
    encoder_.bytes_field(number, id.data(), id.size());
  }

  detail::Encoder encoder_;
};

MILLRACE_NAMESPACE_END
