// Spans as one ExportTraceServiceRequest: spans with the same resource stand together, and among
// them those with the same scope, in the order in which they were written. Resources are sorted by
// their encoding.
//
// A head is a resource and a scope; spans that follow one another mostly share it:
//
//   groups.begin_head();  …write the field `resource` to groups.heads()…
//   groups.end_resource();  …write the field `scope`…
//   const auto head = groups.end_head();
//   groups.begin_span();  …write the field `spans` of a ScopeSpans to groups.spans()…
//   if (!groups.end_span(head)) …the budget refuses…
//
// One request's. Cost: each byte is copied once more at the end; sorting compares heads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "memory/budgeted_list.h"
#include "memory/chunk_buffer.h"
#include "memory/work.h"
#include "otlp/json/output.h"

namespace millrace::span_output {

class SpanGroups {
 public:
  // The resource and the scope stand behind one another.
  struct Head {
    size_t offset = 0;
    uint32_t resource_size = 0;
    uint32_t scope_size = 0;
  };

  // No part of it, and not the whole, gets larger than `bytes_max`.
  SpanGroups(Work& work, size_t bytes_max);

  otlp::json::Output& heads() { return heads_out_; }
  otlp::json::Output& spans() { return spans_out_; }
  void begin_head() { head_begin_ = heads_out_.offset(); }
  void end_resource() { resource_end_ = heads_out_.offset(); }
  // The head of the span before this one where both are the same.
  Head end_head();
  void begin_span() { span_begin_ = spans_out_.offset(); }
  // Precondition: `head` is of this object.
  [[nodiscard]] bool end_span(const Head& head);

  // Everything that was written. Empty: there were no spans. False: whole_failure() has the reason.
  bool finish(Bytes* into);
  ChunkBuffer::Room whole_failure() const { return whole_out_.room_failure(); }

 private:
  struct Entry {
    Head head;
    size_t span_offset = 0;
    uint32_t span_size = 0;
  };
  void sort();
  bool same_resource(const Head& a, const Head& b);
  bool same_scope(const Head& a, const Head& b);
  std::string_view resource_of(const Head& head);
  std::string_view scope_of(const Head& head);
  bool write_all();
  void copy(ChunkBuffer& from, size_t offset, size_t size);

  Work& work_;
  otlp::json::LengthGuesses guesses_{};
  ChunkBuffer heads_;
  ChunkBuffer spans_;
  ChunkBuffer whole_;
  otlp::json::Output heads_out_;
  otlp::json::Output spans_out_;
  otlp::json::Output whole_out_;
  BudgetedList<Entry> entries_;
  size_t head_begin_ = 0;
  size_t resource_end_ = 0;
  size_t span_begin_ = 0;
};

}  // namespace millrace::span_output
