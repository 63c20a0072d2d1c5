// A Span of Jaeger's in Thrift, and lists of its tags.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/pace.h"
#include "receivers/jaeger/span.h"
#include "receivers/jaeger/thrift_reader.h"

namespace millrace::receivers::jaeger {

// Which fields of a struct were there. Only ids below 32 are asked for.
class SeenFields {
 public:
  void note(int16_t id) {
    if (id >= 0 && id < 32) seen_ |= uint32_t{1} << id;
  }
  template <class... Ids>
  bool has(Ids... ids) const {
    const uint32_t wanted = ((uint32_t{1} << ids) | ...);
    return (seen_ & wanted) == wanted;
  }

 private:
  uint32_t seen_ = 0;
};

// One message's. Every function is false where the reader has failed or, with kMemory, the budget
// refuses; field() is then the field of the span, or empty.
class SpanFromThrift {
 public:
  SpanFromThrift(ThriftReader& reader, Failure& failure, Pace& pace)
      : reader_(reader), failure_(failure), pace_(pace) {}

  // Precondition: `span` is cleared.
  bool read_span(Span& span);
  bool read_tags(BudgetedList<Tag>& into);
  bool read_text(std::string_view* into);
  // The number of structs in a list.
  bool read_structs(uint32_t* count);
  std::string_view field() const { return field_; }

 private:
  // The fields of a tag that hold its value, of which its type chooses one.
  struct Values;
  struct Times;
  bool read_span_field(const ThriftReader::Field& field, Span& span, Times& times);
  bool read_number(const ThriftReader::Field& field, Span& span, Times& times);
  bool read_list(const ThriftReader::Field& field, Span& span);
  bool read_id(uint64_t* into);
  bool read_tag(Tag& tag);
  bool read_tag_field(const ThriftReader::Field& field, Tag& tag, Values& values);
  bool read_logs(Span& span);
  bool read_log(Span& span);
  bool read_references(Span& span);
  bool read_reference(Span& span);
  bool no_memory();

  ThriftReader& reader_;
  Failure& failure_;
  Pace& pace_;
  std::string_view field_;
  SeenFields seen_;  // of the span that is being read
};

}  // namespace millrace::receivers::jaeger
