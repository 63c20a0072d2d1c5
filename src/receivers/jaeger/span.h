// A Jaeger span and its process between the reader of their encoding and the translation to OTLP:
// views into the request's body. One of each is used for all spans of a request.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "memory/budgeted_list.h"

namespace millrace::receivers::jaeger {

struct Tag {
  enum class Kind : uint8_t {
    kText,
    kBoolean,
    kInteger,
    kDouble,
    kBytes,
    kUnknown,  // a type that has no meaning; `number` has the type
  };
  std::string_view key;
  std::string_view text;   // the field of texts, whatever the kind
  std::string_view bytes;  // kBytes
  uint64_t number = 0;     // kBoolean: 0 or 1; kInteger: two's complement; kDouble: its bits
  uint32_t position = 0;   // in its list
  Kind kind = Kind::kText;
  bool is_used = false;  // it has become something else than an attribute
};

struct Reference {
  enum class Kind : uint8_t { kChildOf, kFollowsFrom, kUnknown };
  uint64_t trace_high = 0;
  uint64_t trace_low = 0;
  uint64_t span_id = 0;
  Kind kind = Kind::kChildOf;
};

// Its fields are the stretch [begin, end) of Span::log_fields.
struct Log {
  uint64_t time_ns = 0;
  size_t fields_begin = 0;
  size_t fields_end = 0;
};

struct Process {
  explicit Process(Budget& budget) : tags(budget) {}

  bool exists = false;
  std::string_view service_name;
  BudgetedList<Tag> tags;

  void clear() {
    exists = false;
    service_name = {};
    tags.clear();
  }
};

struct Span {
  explicit Span(Budget& budget)
      : process(budget), references(budget), tags(budget), log_fields(budget), logs(budget) {}

  uint64_t trace_high = 0;
  uint64_t trace_low = 0;
  uint64_t id = 0;
  uint64_t parent_id = 0;  // Thrift alone: protobuf has references only
  std::string_view name;
  uint32_t flags = 0;
  uint64_t start_ns = 0;
  uint64_t end_ns = 0;
  // A field without a meaning for OTLP is there, or a list without elements: not is_blank().
  bool has_more = false;
  Process process;  // protobuf alone: its own instead of the batch's
  BudgetedList<Reference> references;
  BudgetedList<Tag> tags;
  BudgetedList<Tag> log_fields;
  BudgetedList<Log> logs;

  // No field was set: otelcol leaves such a span out.
  bool is_blank() const {
    return trace_high == 0 && trace_low == 0 && id == 0 && parent_id == 0 && name.empty() &&
           flags == 0 && start_ns == 0 && end_ns == 0 && !has_more && !process.exists &&
           references.items().empty() && tags.items().empty() && logs.items().empty();
  }
  void clear() {
    trace_high = trace_low = id = parent_id = start_ns = end_ns = 0;
    name = {};
    flags = 0;
    has_more = false;
    process.clear();
    references.clear();
    tags.clear();
    log_fields.clear();
    logs.clear();
  }
};

// Protobuf has a scope and a trace state among the tags of a span; otelcol does not look for them
// in Thrift.
enum class Model : uint8_t { kProtobuf, kThrift };

inline constexpr uint32_t kFlagSampled = 1;

// Why a request was not translated.
struct Failure {
  enum class Kind : uint8_t { kNone, kBadData, kMemory, kLimit };
  Kind kind = Kind::kNone;
};

// Takes the parts of a batch; false with `failure` stops the reading.
class BatchSink {
 public:
  // The spans behind it belong to this process. Called before the first span, and once.
  virtual bool take_process(Process& process, Failure& failure) = 0;
  virtual bool take(Span& span, Failure& failure) = 0;

 protected:
  ~BatchSink() = default;
};

}  // namespace millrace::receivers::jaeger
