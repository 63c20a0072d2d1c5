// The collector's own spans on one worker: begun and ended here, encoded as OTLP when they end, and
// kept until they are taken to be sent.
//
// On the worker's loop only. Cost: an operation that is not sampled takes two random numbers and
// allocates nothing; a sampled one appends some 300 bytes. At most Options::spans_max spans and
// kBytesOfSpan bytes for each are kept, reserved in the budget while any is; a span without room is
// dropped and counted.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/random.h"
#include "base/time.h"
#include "http/trace_context.h"
#include "memory/budget.h"
#include "metrics/registry.h"
#include "own_spans/sampler.h"
#include "wire/writer.h"

namespace millrace::own_spans {

using SpanId = std::array<uint8_t, 8>;

// The part of a span that is known when the operation begins.
struct OpenSpan {
  TraceId trace_id{};
  SpanId id{};
  SpanId parent_id{};  // all zero: none
  WallTime start;
};

struct Attribute {
  std::string_view key;
  std::string_view text = {};
  std::optional<int64_t> number = {};  // set: instead of the text
};

struct SpanEnd {
  std::string_view name;  // valid UTF-8
  std::span<const Attribute> attributes;
  bool is_error = false;
  std::string_view error = {};  // may be any bytes, and is cut to kErrorBytesMax
};

class SpanRecorder {
 public:
  static constexpr size_t kBytesOfSpan = 512;
  static constexpr size_t kErrorBytesMax = 256;

  struct Options {
    SamplerShares sampler = {};
    size_t spans_max = 1024;
  };
  // All but `options` outlive this.
  SpanRecorder(const Options& options, Budget& budget, Random& random,
               std::function<WallTime()> wall_clock, metrics::Registry& metrics);

  // Nothing: it is not recorded.
  std::optional<OpenSpan> start(const std::optional<http::TraceContext>& parent);
  void end(const OpenSpan& open, const SpanEnd& how);

  // Called within end() when the number of kept spans has changed to that number. May be empty.
  void on_kept(std::function<void(size_t count)> on_kept) { on_kept_ = std::move(on_kept); }
  // The kept spans, each as field 2 of ScopeSpans; none are kept afterwards.
  struct Taken {
    Bytes bytes;
    uint32_t count = 0;
  };
  Taken take();
  // Counts spans that were taken and could not be sent.
  void note_lost(uint32_t count) { dropped_.add(count); }
  // Nothing is recorded any more.
  void close() { is_closed_ = true; }

 private:
  bool make_room(const SpanEnd& how);
  void write(const OpenSpan& open, const SpanEnd& how);

  const Sampler sampler_;
  const size_t spans_max_;
  const size_t bytes_max_;
  Budget& budget_;
  Random& random_;
  const std::function<WallTime()> wall_clock_;
  metrics::Counter& dropped_;
  std::function<void(size_t)> on_kept_;
  Reservation memory_;                  // bytes_max_ while any span is kept
  std::optional<wire::Writer> writer_;  // the same; never grows
  uint32_t count_ = 0;
  bool is_closed_ = false;
};

}  // namespace millrace::own_spans
