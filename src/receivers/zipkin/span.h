// A Zipkin span (version 2 of its model) between the parser of its format and the translation to
// OTLP: views into the request's body or its arena. One is used for all spans of a request.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "memory/budgeted_list.h"

namespace millrace::receivers::zipkin {

enum class Kind : uint8_t { kNone, kClient, kServer, kProducer, kConsumer };

struct Tag {
  std::string_view key;
  std::string_view value;
  uint32_t position = 0;  // in the body
  bool is_used = false;   // it has become something else than an attribute
};

struct Annotation {
  uint64_t timestamp_us = 0;
  std::string_view value;
};

// An address as it is shown, "10.0.0.1" or "2001:db8::1"; empty: none.
struct AddressText {
  std::array<char, 46> characters{};
  uint8_t size = 0;
  std::string_view text() const { return {characters.data(), size}; }
};

struct Endpoint {
  std::string_view service_name;
  AddressText ipv4;
  AddressText ipv6;
  uint16_t port = 0;
};

struct Span {
  explicit Span(Budget& budget) : annotations(budget), tags(budget) {}

  std::array<uint8_t, 16> trace_id{};
  uint64_t id = 0;
  uint64_t parent_id = 0;  // 0: none
  Kind kind = Kind::kNone;
  std::string_view name;
  uint64_t timestamp_us = 0;
  // Whether the format distinguishes a missing timestamp from zero, as JSON does.
  bool tells_absence = false;
  uint64_t duration_us = 0;
  Endpoint local;
  Endpoint remote;
  BudgetedList<Annotation> annotations;
  BudgetedList<Tag> tags;  // of one key the last counts

  void clear() {
    trace_id = {};
    id = parent_id = timestamp_us = duration_us = 0;
    kind = Kind::kNone;
    name = {};
    tells_absence = false;
    local = remote = {};
    annotations.clear();
    tags.clear();
  }
};

// OTLP counts nanoseconds in 64 bits.
inline constexpr uint64_t kMicrosecondsMax = UINT64_MAX / 1000;
inline constexpr std::string_view kNotMicroseconds =
    "expected whole microseconds, not negative and at most 18446744073709551";

// 4 or 16 bytes.
AddressText address_of_bytes(const uint8_t* bytes, size_t size);
// Text of an address of either kind in any of its spellings; false: it is none.
bool parse_address(std::string_view text, AddressText* into);

// Why a request was not translated.
struct Failure {
  enum class Kind : uint8_t { kNone, kBadData, kMemory, kLimit };
  Kind kind = Kind::kNone;
  std::string_view what = {};  // kBadData: static
};

// Takes each span of a body; false with `failure` stops the reading.
class SpanSink {
 public:
  virtual bool take(Span& span, Failure& failure) = 0;

 protected:
  ~SpanSink() = default;
};

}  // namespace millrace::receivers::zipkin
