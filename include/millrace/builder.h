// The common part of SpanBuilder, LogRecordBuilder and MetricPointBuilder. A builder writes an item
// as protobuf bytes while the program describes it. It does not allocate, and the only copy is the
// one into the thread's chunk in collect().
//
// Until collect() the bytes are in the builder and not in the thread's chunk. A builder may
// therefore live as long as the work it describes, move between threads with it, exist beside other
// builders, or be discarded, and flush() never waits for it. It has about 1.6 KiB and is meant for
// the stack. After collect() it can be collected again, or begin another item with reset().
//
// Texts that are not UTF-8 are repaired (U+FFFD) and counted; attributes with an empty key are
// skipped and counted. A setter that says "at most once" must not be called twice for one item.
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

// An attribute of a part of an item, such as an event. Both texts are borrowed for the call.
struct TextPair {
  std::string_view key;   // not empty
  std::string_view text;  // the value of the attribute
};

// Appends attributes to the item of `Builder`; `Builder::attribute_field()` is their field number.
template <class Builder>
class ItemBuilder {
 public:
  // Appends an attribute. Does not check whether the key was set before; keys should differ.
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
