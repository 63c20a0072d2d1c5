#include "own_spans/span_recorder.h"

#include <string>
#include <utility>

#include "base/allocation_name.h"
#include "wire/utf8.h"

namespace millrace::own_spans {
namespace {

// Of opentelemetry/proto/trace/v1/trace.proto.
constexpr uint32_t kSpansOfScope = 2;
constexpr uint64_t kInternal = 1;  // SPAN_KIND_INTERNAL
constexpr uint64_t kError = 2;     // STATUS_CODE_ERROR
// Flags: bit 8, the next bit is known; bit 9, the parent is another process.
constexpr uint32_t kHasIsRemote = 0x100;
constexpr uint32_t kIsRemote = 0x200;
constexpr uint32_t kSampled = 1;

template <size_t Size>
std::array<uint8_t, Size> make_id(Random& random) {
  static_assert(Size % sizeof(uint64_t) == 0);
  std::array<uint8_t, Size> id;
  uint64_t value = 0;
  for (size_t i = 0; i < Size; ++i) {
    if (i % sizeof value == 0) value = random.next();
    id[i] = static_cast<uint8_t>(value);
    value >>= 8;
  }
  id[Size - 1] |= 1;  // never all zero; not in a byte that samplers weigh
  return id;
}

uint64_t nanoseconds(WallTime time) {
  return static_cast<uint64_t>(time.time_since_epoch().count());
}

void write_attribute(wire::Writer& writer, const Attribute& attribute) {
  const auto entry = writer.open(9);
  writer.string_field(1, attribute.key);
  const auto value = writer.open(2);
  if (attribute.number) {
    writer.varint_field(3, static_cast<uint64_t>(*attribute.number));
  } else {
    writer.string_field(1, attribute.text);
  }
  writer.close(value);
  writer.close(entry);
}

}  // namespace

SpanRecorder::SpanRecorder(const Options& options, Budget& budget, Random& random,
                           std::function<WallTime()> wall_clock, metrics::Registry& metrics)
    : sampler_(options.sampler),
      spans_max_(options.spans_max),
      bytes_max_(options.spans_max * kBytesOfSpan),
      budget_(budget),
      random_(random),
      wall_clock_(std::move(wall_clock)),
      dropped_(metrics.counter("millrace_own_spans_dropped",
                               "Spans of the collector itself that were lost: no room, or refused.",
                               {})) {}

std::optional<OpenSpan> SpanRecorder::start(const std::optional<http::TraceContext>& parent) {
  if (is_closed_) return std::nullopt;
  OpenSpan open;
  open.trace_id = parent ? parent->trace_id : make_id<16>(random_);
  if (!sampler_.samples(parent, open.trace_id)) return std::nullopt;
  if (parent) open.parent_id = parent->span_id;
  open.id = make_id<8>(random_);
  open.start = wall_clock_();
  return open;
}

void SpanRecorder::end(const OpenSpan& open, const SpanEnd& how) {
  if (is_closed_) return;
  if (!make_room(how)) return dropped_.add(1);
  write(open, how);
  ++count_;
  if (on_kept_) on_kept_(count_);
}

// Texts are the only parts of a span without a bound of their own.
bool SpanRecorder::make_room(const SpanEnd& how) {
  constexpr size_t kOfAttribute = 24;
  constexpr size_t kOfSpan = 128 + 3 * kErrorBytesMax;  // an invalid byte becomes three
  size_t bytes = kOfSpan + how.name.size();
  for (const Attribute& attribute : how.attributes) {
    bytes += kOfAttribute + attribute.key.size() + attribute.text.size();
  }
  if (count_ == spans_max_ || bytes > bytes_max_) return false;
  if (writer_) return writer_->size() + bytes <= bytes_max_;
  memory_ = Reservation::try_make(budget_, MemoryTerm::kWork, bytes_max_);
  if (!memory_) return false;
  const AllocationName name("term work");
  writer_.emplace(bytes_max_);
  return true;
}

void SpanRecorder::write(const OpenSpan& open, const SpanEnd& how) {
  wire::Writer& writer = *writer_;
  const auto span = writer.open(kSpansOfScope, kBytesOfSpan / 2);
  writer.bytes_field(1, open.trace_id);
  writer.bytes_field(2, open.id);
  const bool has_parent = open.parent_id != SpanId{};
  if (has_parent) writer.bytes_field(4, open.parent_id);
  writer.string_field(5, how.name);
  writer.varint_field(6, kInternal);
  writer.fixed64_field(7, nanoseconds(open.start));
  writer.fixed64_field(8, nanoseconds(wall_clock_()));
  for (const Attribute& attribute : how.attributes) write_attribute(writer, attribute);
  if (how.is_error) {
    const auto status = writer.open(15);
    writer.string_field(2, wire::to_utf8(how.error, kErrorBytesMax));
    writer.varint_field(3, kError);
    writer.close(status);
  }
  writer.fixed32_field(16, kSampled | kHasIsRemote | (has_parent ? kIsRemote : 0));
  writer.close(span);
}

SpanRecorder::Taken SpanRecorder::take() {
  if (!writer_) return {};
  Taken taken{.bytes = writer_->finish(), .count = std::exchange(count_, 0)};
  writer_.reset();
  memory_ = Reservation();
  return taken;
}

}  // namespace millrace::own_spans
