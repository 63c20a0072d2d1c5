// Attributes: names with values of every type that OTLP has (opentelemetry.proto.common.v1,
// AnyValue). Plain values, copied and compared like numbers; one thread each.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "millrace/export.h"

MILLRACE_NAMESPACE_BEGIN

struct Attribute;

class Value {
 public:
  using Bytes = std::vector<uint8_t>;  // not text
  using Array = std::vector<Value>;    // of any types
  using Map = std::vector<Attribute>;  // in the order given; keys should differ
  // monostate: the empty value, which OTLP knows too.
  using Variant =
      std::variant<std::monostate, std::string, bool, int64_t, double, Bytes, Array, Map>;

  // NOLINTBEGIN(google-explicit-constructor): `span.set("port", 8080)`
  inline Value() noexcept;
  inline Value(const char* text);       // null is an empty text
  inline Value(std::string_view text);  // copied
  inline Value(std::string text);       // taken over
  inline Value(bool value);             // yes or no
  // Unsigned numbers over INT64_MAX become that.
  template <class Number>
    requires(std::integral<Number> && !std::same_as<Number, bool>)
  inline Value(Number value);
  template <class Number>
    requires std::floating_point<Number>
  inline Value(Number value);
  inline Value(Bytes bytes);
  inline Value(Array array);
  inline Value(Map map);
  // NOLINTEND(google-explicit-constructor)
  inline Value(const Value&);
  inline Value(Value&&) noexcept;
  inline Value& operator=(const Value&);
  inline Value& operator=(Value&&) noexcept;
  inline ~Value();

  const Variant& variant() const noexcept { return variant_; }  // whichever it is
  // The text, or empty when this is of another type.
  inline std::string_view as_text() const noexcept;
  inline friend bool operator==(const Value& a, const Value& b);

 private:
  Variant variant_;
};

struct Attribute {
  std::string key;  // not empty
  Value value;      // of any type
  friend bool operator==(const Attribute&, const Attribute&) = default;
};
using Attributes = std::vector<Attribute>;  // in the order given; keys should differ

// As on the wire, most significant byte first; all zero means "none".
using TraceId = std::array<uint8_t, 16>;
using SpanId = std::array<uint8_t, 8>;

// Random and not zero. Thread safe; a forked child does not repeat its parent's. A few nanoseconds.
MILLRACE_API TraceId random_trace_id() noexcept;
MILLRACE_API SpanId random_span_id() noexcept;

// Nanoseconds since the Unix epoch, now.
MILLRACE_API uint64_t now_unix_nano() noexcept;

inline Value::Value() noexcept = default;
inline Value::Value(const char* text) : variant_(std::string(text == nullptr ? "" : text)) {}
inline Value::Value(std::string_view text) : variant_(std::string(text)) {}
inline Value::Value(std::string text) : variant_(std::move(text)) {}
inline Value::Value(bool value) : variant_(value) {}
template <class Number>
  requires(std::integral<Number> && !std::same_as<Number, bool>)
inline Value::Value(Number value)
    : variant_(std::cmp_greater(value, INT64_MAX) ? INT64_MAX : static_cast<int64_t>(value)) {}
template <class Number>
  requires std::floating_point<Number>
inline Value::Value(Number value) : variant_(static_cast<double>(value)) {}
inline Value::Value(Bytes bytes) : variant_(std::move(bytes)) {}
inline Value::Value(Array array) : variant_(std::move(array)) {}
inline Value::Value(Map map) : variant_(std::move(map)) {}
inline Value::Value(const Value&) = default;
inline Value::Value(Value&&) noexcept = default;
inline Value& Value::operator=(const Value&) = default;
inline Value& Value::operator=(Value&&) noexcept = default;
inline Value::~Value() = default;
inline std::string_view Value::as_text() const noexcept {
  const auto* text = std::get_if<std::string>(&variant_);
  return text == nullptr ? std::string_view() : std::string_view(*text);
}
inline bool operator==(const Value& a, const Value& b) { return a.variant_ == b.variant_; }

MILLRACE_NAMESPACE_END
