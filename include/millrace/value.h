// Attributes: keys with values of every type of OTLP (opentelemetry.proto.common.v1, AnyValue).
// Plain values that are copied and compared like numbers. Numbers and texts of up to 31 bytes are
// stored inside without an allocation. One thread at a time.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "millrace/detail/slot.h"
#include "millrace/export.h"
#include "millrace/text.h"

MILLRACE_NAMESPACE_BEGIN

struct Attribute;

class Value {
 public:
  using Bytes = std::vector<uint8_t>;  // not text
  using Array = std::vector<Value>;    // of any types
  using Map = std::vector<Attribute>;  // in the given order; keys should differ
  // The type of a value. The numbers are Millrace's own, not OTLP's.
  enum class Type : uint8_t {
    kText = detail::Slot::kLongText,
    kBytes,
    kArray,
    kMap,
    kBool,
    kInteger,
    kDouble,
    kEmpty,  // OTLP's AnyValue without a value
  };

  // NOLINTBEGIN(google-explicit-constructor): `span.set("port", 8080)`
  Value() noexcept : slot_(Type::kEmpty, uint64_t{0}) {}
  // A null pointer gives an empty text.
  Value(const char* text) : Value(text == nullptr ? std::string_view() : std::string_view(text)) {}
  Value(std::string_view text) : slot_(text) {}                        // copied
  Value(const std::string& text) : Value(std::string_view(text)) {}    // copied
  Value(const Text& text) : Value(std::string_view(text)) {}           // copied
  Value(bool value) noexcept : slot_(Type::kBool, uint64_t{value}) {}  // stored as 0 or 1
  // Unsigned numbers over INT64_MAX become INT64_MAX.
  template <class Number>
    requires(std::integral<Number> && !std::same_as<Number, bool>)
  Value(Number value) noexcept
      : slot_(Type::kInteger,
              std::cmp_greater(value, INT64_MAX) ? INT64_MAX : static_cast<int64_t>(value)) {}
  template <class Number>
    requires std::floating_point<Number>
  Value(Number value) noexcept : slot_(Type::kDouble, static_cast<double>(value)) {}
  Value(Bytes bytes) : slot_(Type::kBytes, new Bytes(std::move(bytes))) {}
  Value(Array array) : slot_(Type::kArray, new Array(std::move(array))) {}
  inline Value(Map map);
  // NOLINTEND(google-explicit-constructor)
  // A value that was moved from is empty.
  Value(const Value& other) : slot_(other.owns_memory() ? other.copy_memory() : other.slot_) {}
  Value(Value&& other) noexcept : Value() { std::swap(slot_, other.slot_); }
  Value& operator=(Value other) noexcept {
    std::swap(slot_, other.slot_);
    return *this;
  }
  ~Value() {
    if (owns_memory()) [[unlikely]] {
      free_memory();
    }
  }

  // The type of the value.
  Type type() const noexcept {
    return slot_.is_text() ? Type::kText : static_cast<Type>(slot_.tag());
  }
  // The content, borrowed. For a value of another type: an empty text, false, 0 or no elements.
  std::string_view as_text() const noexcept {
    return slot_.is_text() ? slot_.text() : std::string_view();
  }
  bool as_bool() const noexcept { return is(Type::kBool) && slot_.word<uint64_t>(0) != 0; }
  int64_t as_integer() const noexcept { return is(Type::kInteger) ? slot_.word<int64_t>(0) : 0; }
  double as_double() const noexcept { return is(Type::kDouble) ? slot_.word<double>(0) : 0; }
  inline std::span<const uint8_t> as_bytes() const noexcept;
  inline std::span<const Value> as_array() const noexcept;
  inline std::span<const Attribute> as_map() const noexcept;
  MILLRACE_API friend bool operator==(const Value& a, const Value& b) noexcept;

 private:
  friend struct detail::Access;
  bool is(Type type) const noexcept { return slot_.tag() == static_cast<uint8_t>(type); }
  bool owns_memory() const noexcept {
    return slot_.tag() >= detail::Slot::kLongText &&
           slot_.tag() <= static_cast<uint8_t>(Type::kMap);
  }
  MILLRACE_API detail::Slot copy_memory() const;
  MILLRACE_API void free_memory() noexcept;

  detail::Slot slot_;
};

struct Attribute {
  Text key = {};     // not empty
  Value value = {};  // of any type

  Attribute() = default;
  // `content` is converted to a Value. A template, so that the Value is constructed in place.
  template <class Content = Value>
    requires std::convertible_to<Content, Value>
  Attribute(std::string_view name, Content&& content)
      : key(name), value(std::forward<Content>(content)) {}
  friend bool operator==(const Attribute&, const Attribute&) = default;
};
using Attributes = std::vector<Attribute>;  // in the given order; keys should differ

// The bytes in OTLP's order, most significant first; all zero means "none".
using TraceId = std::array<uint8_t, 16>;
using SpanId = std::array<uint8_t, 8>;

// Random and not zero. Thread safe; a forked child does not repeat its parent's. A few nanoseconds.
MILLRACE_API TraceId random_trace_id() noexcept;
MILLRACE_API SpanId random_span_id() noexcept;

// The current time in nanoseconds since the Unix epoch.
MILLRACE_API uint64_t now_unix_nano() noexcept;

inline Value::Value(Map map) : slot_(Type::kMap, new Map(std::move(map))) {}
inline std::span<const uint8_t> Value::as_bytes() const noexcept {
  if (!is(Type::kBytes)) return {};
  return *slot_.word<const Bytes*>(0);
}
inline std::span<const Value> Value::as_array() const noexcept {
  if (!is(Type::kArray)) return {};
  return *slot_.word<const Array*>(0);
}
inline std::span<const Attribute> Value::as_map() const noexcept {
  if (!is(Type::kMap)) return {};
  return *slot_.word<const Map*>(0);
}

MILLRACE_NAMESPACE_END
