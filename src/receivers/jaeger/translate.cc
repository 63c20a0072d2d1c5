#include "receivers/jaeger/translate.h"

#include <string>

#include "receivers/jaeger/batch_from_protobuf.h"
#include "receivers/jaeger/batch_from_thrift.h"
#include "receivers/jaeger/span_translation.h"
#include "span_output/span_groups.h"

namespace millrace::receivers::jaeger {
namespace {

using otlp::json::Output;
using span_output::SpanGroups;

class Translation final : public BatchSink {
 public:
  Translation(Model model, Work& work, size_t bytes_max)
      : model_(model), work_(work), groups_(work, bytes_max), no_process_(work.pool.budget()) {}

  bool take_process(Process& process, Failure& failure) override {
    process_ = &process;
    return write_head(process, {}, &head_, failure);
  }

  bool take(Span& span, Failure& failure) override {
    if (process_ == nullptr && !take_process(no_process_, failure)) return false;
    const Scope scope = model_ == Model::kProtobuf ? take_scope(span) : Scope();
    SpanGroups::Head head = head_;
    const bool has_own = span.process.exists || !scope.name.empty() || !scope.version.empty();
    if (has_own) {
      Process& process = span.process.exists ? span.process : *process_;
      if (!write_head(process, scope, &head, failure)) return false;
    }
    Output& out = groups_.spans();
    groups_.begin_span();
    if (!write_span(span, model_, out, work_.pace)) return no_room(out.room_failure(), failure);
    return groups_.end_span(head) || no_room(ChunkBuffer::Room::kMemory, failure);
  }

  bool finish(Bytes* into, Failure& failure) {
    return groups_.finish(into) || no_room(groups_.whole_failure(), failure);
  }

 private:
  bool write_head(Process& process, const Scope& scope, SpanGroups::Head* into, Failure& failure) {
    Output& out = groups_.heads();
    groups_.begin_head();
    if (!write_resource(process, model_, out, work_.pace)) {
      return no_room(out.room_failure(), failure);
    }
    groups_.end_resource();
    if (!write_scope(scope, out)) return no_room(out.room_failure(), failure);
    *into = groups_.end_head();
    return true;
  }
  static bool no_room(ChunkBuffer::Room room, Failure& failure) {
    failure.kind =
        room == ChunkBuffer::Room::kLimit ? Failure::Kind::kLimit : Failure::Kind::kMemory;
    return false;
  }

  const Model model_;
  Work& work_;
  SpanGroups groups_;
  Process no_process_;  // of a batch without one
  Process* process_ = nullptr;
  SpanGroups::Head head_;  // of spans without a scope or a process of their own
};

Status read(Format format, std::span<const uint8_t> body, Work& work, BatchSink& sink,
            Failure& failure) {
  switch (format) {
    case Format::kProtobuf:
      return read_protobuf_batch(body, work, sink, failure);
    case Format::kThrift:
      return read_thrift_batch(body, work, sink, failure);
    case Format::kThriftCompact:
      return read_thrift_call(body, ThriftReader::Encoding::kCompact, work, sink, failure);
    case Format::kThriftBinary:
      break;
  }
  return read_thrift_call(body, ThriftReader::Encoding::kBinary, work, sink, failure);
}

Error error_of(const Failure& failure, const Status& reading, size_t body_bytes, size_t bytes_max,
               const Budget& budget) {
  switch (failure.kind) {
    case Failure::Kind::kLimit:
      return {Code::kResourceExhausted, "Jaeger spans take more than the limit of " +
                                            std::to_string(bytes_max) + " bytes as OTLP"};
    case Failure::Kind::kMemory:
      // The spans are about as large as OTLP as they are here.
      return no_memory("reading Jaeger spans", 2 * body_bytes + kPooledChunkBytes, budget);
    default:
      return reading.error();
  }
}

}  // namespace

Result<Bytes> translate(Format format, std::span<const uint8_t> body, Work& work,
                        size_t bytes_max) {
  Failure failure;
  const Model model = format == Format::kProtobuf ? Model::kProtobuf : Model::kThrift;
  Translation translation(model, work, bytes_max);
  const Status reading = read(format, body, work, translation, failure);
  Bytes whole;
  if (!reading || !translation.finish(&whole, failure)) {
    return fail(error_of(failure, reading, body.size(), bytes_max, work.pool.budget()));
  }
  return whole;
}

}  // namespace millrace::receivers::jaeger
