// A metric point written as protobuf bytes while the program describes it. millrace/builder.h has
// the rules of all builders, millrace/metric_point.h describes the kinds.
//
//   constexpr millrace::Metric kOrders{.name = "shop.orders", .unit = "{order}"};
//   …
//   millrace::MetricPointBuilder point(kOrders, millrace::Sum{.value = total});
//   collector.collect(point.set("cart.currency", "EUR"));
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "millrace/builder.h"
#include "millrace/export.h"
#include "millrace/metric_point.h"

MILLRACE_NAMESPACE_BEGIN

// The identity of a metric, as in OTLP. The texts are borrowed; most are constants.
struct Metric {
  std::string_view name;
  std::string_view unit = {};  // UCUM: "s", "By", "{request}"
  std::string_view description = {};
};

class MetricPointBuilder : public ItemBuilder<MetricPointBuilder> {
 public:
  // Begins a point with `data` and its time. The data is copied at once.
  template <MetricData Data>
  MetricPointBuilder(const Metric& metric, const Data& data,
                     uint64_t time_unix_nano = now_unix_nano()) noexcept
      : ItemBuilder(0), time_(time_unix_nano) {
    begin(metric);
    write(data);
  }
  // Begins another point.
  template <MetricData Data>
  void reset(const Metric& metric, const Data& data,
             uint64_t time_unix_nano = now_unix_nano()) noexcept {
    encoder_.reset(0);
    start_ = 0;
    time_ = time_unix_nano;
    is_valid_ = true;
    begin(metric);
    write(data);
  }

  // As the fields of MetricPoint with these names.
  MetricPointBuilder& set_start(uint64_t unix_nano) noexcept {
    start_ = unix_nano;
    return *this;
  }
  MetricPointBuilder& set_time(uint64_t unix_nano) noexcept {
    time_ = unix_nano;
    return *this;
  }
  // At most once a point.
  MetricPointBuilder& set_flags(uint32_t flags) noexcept {
    encoder_.varint_field(kind_.flags_field, flags);
    return *this;
  }
  // Appends an exemplar: a measurement and the span in which it was made; a time of 0 means the
  // point's. Does nothing for a summary, which has none.
  MetricPointBuilder& add_exemplar(Number value, const TraceId& trace_id, const SpanId& span_id,
                                   uint64_t time_unix_nano = 0,
                                   std::initializer_list<TextPair> attributes = {}) noexcept {
    if (kind_.exemplar_field == 0) return *this;
    const auto exemplar = encoder_.open(kind_.exemplar_field);
    write_pairs(7, attributes);
    write_exemplar(value, trace_id, span_id, time_unix_nano);
    encoder_.close(exemplar);
    return *this;
  }

 private:
  friend class ItemBuilder<MetricPointBuilder>;
  friend struct detail::Access;

  // The field numbers of a kind (metrics.proto).
  struct Kind {
    uint8_t data_field;       // in Metric
    uint8_t attribute_field;  // this and the following are fields of the data point
    uint8_t flags_field;
    uint8_t exemplar_field;  // 0: the kind has no exemplars
  };
  static constexpr Kind kGauge{5, 7, 8, 5};
  static constexpr Kind kSum{7, 7, 8, 5};
  static constexpr Kind kHistogram{9, 9, 10, 8};
  static constexpr Kind kExponentialHistogram{10, 1, 10, 11};
  static constexpr Kind kSummary{11, 7, 8, 0};

  uint32_t attribute_field() const noexcept { return kind_.attribute_field; }

  // The bytes are: name, unit and description; a gap; the content of the data point. Fields whose
  // lengths are known last are written into the end of the gap, and the front part is then moved up
  // to it. The gap holds two tags, two lengths, temporality, is_monotonic and two times.
  static constexpr size_t kGap = 2 + 2 * 5 + 2 + 2 + 2 * 9;

  void begin(const Metric& metric) noexcept {
    encoder_.text_field(1, metric.name);
    if (!metric.description.empty()) encoder_.text_field(2, metric.description);
    if (!metric.unit.empty()) encoder_.text_field(3, metric.unit);
    head_at_ = 0;
    head_size_ = encoder_.size();
    uint8_t* at = encoder_.room(kGap);
    if (at != nullptr) encoder_.end_at(at + kGap);
    content_at_ = head_size_ + kGap;
  }
  void write(const Gauge& gauge) noexcept {
    kind_ = kGauge;
    temporality_ = 0;
    is_monotonic_ = false;
    write_number(4, 6, gauge.value);
  }
  void write(const Sum& sum) noexcept {
    kind_ = kSum;
    temporality_ = static_cast<uint8_t>(sum.temporality);
    is_monotonic_ = sum.is_monotonic;
    write_number(4, 6, sum.value);
  }
  MILLRACE_API void write(const Histogram& histogram) noexcept;
  MILLRACE_API void write(const ExponentialHistogram& histogram) noexcept;
  MILLRACE_API void write(const Summary& summary) noexcept;
  void write_number(uint32_t double_field, uint32_t integer_field, const Number& number) noexcept {
    if (const auto* integer = std::get_if<int64_t>(&number)) {
      encoder_.fixed64_field(integer_field, static_cast<uint64_t>(*integer));
    } else if (const auto* real = std::get_if<double>(&number)) {
      encoder_.double_field(double_field, *real);
    }
  }
  // Writes all fields of an exemplar except its attributes.
  void write_exemplar(const Number& value, const TraceId& trace_id, const SpanId& span_id,
                      uint64_t time_unix_nano) noexcept {
    encoder_.fixed64_field(2, time_unix_nano != 0 ? time_unix_nano : time_);
    write_number(3, 6, value);
    if (span_id != SpanId{}) write_id(4, span_id);
    if (trace_id != TraceId{}) write_id(5, trace_id);
  }

  uint64_t start_ = 0;
  uint64_t time_;
  size_t head_at_ = 0;
  size_t head_size_ = 0;
  size_t content_at_ = 0;
  Kind kind_ = kGauge;
  uint8_t temporality_ = 0;    // 0: the kind has none
  bool is_monotonic_ = false;  // of a sum
  bool is_valid_ = true;       // false: a histogram's buckets do not fit its bounds
};

MILLRACE_NAMESPACE_END
