// The spans of one body as one ExportTraceServiceRequest: spans with the same resource stand
// together, and among them those with the same scope, in the order of the body. Resources are
// sorted by their encoding, so by the name of the service first.
//
// otelcol groups by service name alone, takes the tags that describe the resource from one span of
// each service and loses those of the others; here spans with different such tags have different
// resources.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "memory/chunk_buffer.h"
#include "memory/work.h"
#include "otlp/json/output.h"
#include "receivers/zipkin/arena.h"
#include "receivers/zipkin/span.h"

namespace millrace::receivers::zipkin {

class OtlpRequest final : public SpanSink {
 public:
  // No part of it, and not the whole, gets larger than `bytes_max`.
  OtlpRequest(bool parse_string_tags, Arena& arena, Work& work, size_t bytes_max);

  bool take(Span& span, Failure& failure) override;
  // Everything that was taken. Empty: there were no spans.
  bool finish(Bytes* into, Failure& failure);

 private:
  struct Entry {
    size_t head_offset = 0;  // of the resource and the scope, which stand behind one another
    uint32_t resource_size = 0;
    uint32_t scope_size = 0;
    size_t span_offset = 0;
    uint32_t span_size = 0;
  };
  bool add_head(const Span& span, Entry& entry);
  void sort();
  bool same_resource(const Entry& a, const Entry& b);
  bool same_scope(const Entry& a, const Entry& b);
  std::string_view resource_of(const Entry& entry);
  std::string_view scope_of(const Entry& entry);
  bool write_all();
  void copy(ChunkBuffer& from, size_t offset, size_t size);
  bool no_room(const otlp::json::Output& out, Failure& failure) const;

  const bool parse_string_tags_;
  Arena& arena_;
  Work& work_;
  otlp::json::LengthGuesses guesses_{};
  ChunkBuffer heads_;
  ChunkBuffer spans_;
  ChunkBuffer whole_;
  otlp::json::Output heads_out_;
  otlp::json::Output spans_out_;
  otlp::json::Output whole_out_;
  BudgetedList<Entry> entries_;
};

}  // namespace millrace::receivers::zipkin
