#include "receivers/jaeger/batch_from_thrift.h"

#include <string>
#include <string_view>

#include "receivers/jaeger/span_from_thrift.h"

namespace millrace::receivers::jaeger {
namespace {

using Field = ThriftReader::Field;
using Type = ThriftReader::Type;

class BatchReader {
 public:
  BatchReader(std::span<const uint8_t> body, ThriftReader::Encoding encoding, Work& work,
              BatchSink& sink, Failure& failure)
      : body_(body),
        pace_(work.pace),
        reader_(body, encoding, work.pace),
        items_(reader_, failure, work.pace),
        process_(work.pool.budget()),
        span_(work.pool.budget()),
        sink_(sink),
        failure_(failure) {}

  Status run() { return read_batch() ? Status() : bad(); }
  Status run_call() { return read_call() ? Status() : bad(); }

 private:
  enum class Part : uint8_t { kCall, kBatch, kProcess, kSpans, kSpan };

  Status bad() {
    if (failure_.kind == Failure::Kind::kNone) failure_.kind = Failure::Kind::kBadData;
    return fail(Code::kInvalidArgument, place() + ": " + std::string(reader_.what()) + " (byte " +
                                            std::to_string(reader_.position() - body_.data()) +
                                            ")");
  }
  std::string place() const {
    switch (part_) {
      case Part::kCall:
        return "call";
      case Part::kBatch:
        return "batch";
      case Part::kProcess:
        return "process";
      case Part::kSpans:
        return "spans";
      case Part::kSpan:
        break;
    }
    const std::string text = "spans[" + std::to_string(index_) + "]";
    return items_.field().empty() ? text : text + "." + std::string(items_.field());
  }
  bool stopped() { return reader_.fail("was not taken"); }

  bool read_call() {
    std::string_view name;
    part_ = Part::kCall;
    if (!reader_.read_call(&name)) return false;
    if (name == "emitZipkinBatch") return reader_.fail("emitZipkinBatch is not supported");
    if (name != "emitBatch") return reader_.fail("expected emitBatch");
    bool has_batch = false;
    for (Field field;;) {
      if (!reader_.next_field(field)) return false;
      if (field.type == Type::kStop) return true;
      const bool is_batch = field.is(1, Type::kStruct);
      if (is_batch && has_batch) return reader_.fail_at("has two batches", field.at);
      if (!(is_batch ? read_batch() : reader_.skip(field))) return false;
      has_batch = has_batch || is_batch;
      part_ = Part::kCall;
    }
  }

  bool read_batch() {
    SeenFields seen;
    const uint8_t* later = nullptr;  // where spans begin that stand in front of their process
    for (Field field;;) {
      part_ = Part::kBatch;
      if (!reader_.next_field(field)) return false;
      if (field.type == Type::kStop) break;
      const bool is_process = field.is(1, Type::kStruct);
      const bool is_spans = field.is(2, Type::kList);
      if (!is_process && !is_spans) {
        if (!reader_.skip(field)) return false;
        continue;
      }
      part_ = is_process ? Part::kProcess : Part::kSpans;
      if (seen.has(field.id)) return reader_.fail_at("is given twice", field.at);
      if (is_process) {
        if (!read_process()) return false;
      } else if (seen.has(1)) {
        if (!read_spans()) return false;
      } else {
        later = reader_.position();
        if (!reader_.skip(field)) return false;
      }
      seen.note(field.id);
    }
    if (!seen.has(1)) return reader_.fail("has no process");
    if (!seen.has(2)) return reader_.fail("has no spans");
    return later == nullptr || read_spans_at(later);
  }

  bool read_spans_at(const uint8_t* begin) {
    const uint8_t* const end = reader_.position();
    reader_.go_to(begin);
    if (!read_spans()) return false;
    reader_.go_to(end);
    return true;
  }

  bool read_process() {
    SeenFields seen;
    process_.clear();
    process_.exists = true;
    for (Field field;;) {
      if (!reader_.next_field(field)) return false;
      if (field.type == Type::kStop) break;
      bool fine = true;
      if (field.is(1, Type::kText)) {
        seen.note(field.id);
        fine = items_.read_text(&process_.service_name);
      } else if (field.is(2, Type::kList)) {
        process_.tags.clear();
        fine = items_.read_tags(process_.tags);
      } else {
        fine = reader_.skip(field);
      }
      if (!fine) return false;
    }
    if (!seen.has(1)) return reader_.fail("has no service name");
    return sink_.take_process(process_, failure_) || stopped();
  }

  bool read_spans() {
    uint32_t count = 0;
    part_ = Part::kSpans;
    if (!items_.read_structs(&count)) return false;
    part_ = Part::kSpan;
    for (index_ = 0; index_ < count; ++index_) {
      pace_.step(64);
      span_.clear();
      if (!items_.read_span(span_)) return false;
      if (!span_.is_blank() && !sink_.take(span_, failure_)) return stopped();
    }
    return true;
  }

  const std::span<const uint8_t> body_;
  Pace& pace_;
  ThriftReader reader_;
  SpanFromThrift items_;
  Process process_;
  Span span_;
  BatchSink& sink_;
  Failure& failure_;
  Part part_ = Part::kBatch;
  uint32_t index_ = 0;
};

}  // namespace

Status read_thrift_batch(std::span<const uint8_t> body, Work& work, BatchSink& sink,
                         Failure& failure) {
  return BatchReader(body, ThriftReader::Encoding::kBinary, work, sink, failure).run();
}

Status read_thrift_call(std::span<const uint8_t> packet, ThriftReader::Encoding encoding,
                        Work& work, BatchSink& sink, Failure& failure) {
  return BatchReader(packet, encoding, work, sink, failure).run_call();
}

}  // namespace millrace::receivers::jaeger
