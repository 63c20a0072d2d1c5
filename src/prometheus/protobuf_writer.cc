#include "prometheus/protobuf_writer.h"

#include <algorithm>
#include <limits>

#include "base/bytes.h"
#include "prometheus/escaping.h"
#include "prometheus/labels.h"
#include "wire/protobuf.h"

namespace millrace::prometheus {
namespace {

constexpr uint64_t kNanosPerSecond = 1'000'000'000;
// A wire::Writer takes this much at once, and later twice what it has written.
constexpr size_t kHeldBytesMin = 64 << 10;

namespace family_field {
constexpr uint32_t kName = 1;
constexpr uint32_t kHelp = 2;
constexpr uint32_t kType = 3;
constexpr uint32_t kMetric = 4;
constexpr uint32_t kUnit = 5;
}  // namespace family_field

namespace metric_field {
constexpr uint32_t kLabel = 1;  // also of Exemplar
constexpr uint32_t kGauge = 2;
constexpr uint32_t kCounter = 3;
constexpr uint32_t kSummary = 4;
constexpr uint32_t kUntyped = 5;
constexpr uint32_t kTimestampMs = 6;
constexpr uint32_t kHistogram = 7;
}  // namespace metric_field

namespace number_field {  // of Gauge, Counter and Untyped
constexpr uint32_t kValue = 1;
constexpr uint32_t kExemplar = 2;
constexpr uint32_t kCreated = 3;
}  // namespace number_field

namespace histogram_field {
constexpr uint32_t kCount = 1;  // also of Summary
constexpr uint32_t kSum = 2;    // also of Summary
constexpr uint32_t kBucket = 3;
constexpr uint32_t kSchema = 5;
constexpr uint32_t kZeroThreshold = 6;
constexpr uint32_t kZeroCount = 7;
constexpr uint32_t kNegativeSpan = 9;
constexpr uint32_t kNegativeDelta = 10;
constexpr uint32_t kPositiveSpan = 12;
constexpr uint32_t kPositiveDelta = 13;
constexpr uint32_t kCreated = 15;
}  // namespace histogram_field

namespace summary_field {
constexpr uint32_t kQuantile = 3;
constexpr uint32_t kCreated = 4;
}  // namespace summary_field

uint64_t type_number(FamilyType type) {
  switch (type) {
    case FamilyType::kCounter:
      return 0;
    case FamilyType::kGauge:
      return 1;
    case FamilyType::kSummary:
      return 2;
    case FamilyType::kHistogram:
      return 4;
    case FamilyType::kUntyped:
      break;
  }
  return 3;
}

uint32_t number_message(FamilyType type) {
  if (type == FamilyType::kCounter) return metric_field::kCounter;
  return type == FamilyType::kGauge ? metric_field::kGauge : metric_field::kUntyped;
}

// In front of kHistogram, behind all other values.
void write_timestamp(wire::Writer& message, const SeriesHead& head) {
  if (!head.timestamp_ms) return;
  message.varint_field(metric_field::kTimestampMs, static_cast<uint64_t>(*head.timestamp_ms));
}

}  // namespace

ProtobufWriter::ProtobufWriter(const PageOptions& options, Sink& sink)
    : escaping_(options.exposition.escaping), output_(sink) {
  if (options.names == NameForm::kUtf8 && escaping_ != Escaping::kAllowUtf8) {
    escaped_labels_.emplace(escaping_);
  }
}

void ProtobufWriter::begin_family(const Family& family) {
  flush();
  message_.truncate(0);
  type_ = family.type;
  message_.string_field(family_field::kName, escape_metric_name(family.name, escaping_));
  message_.string_field(family_field::kHelp, family.help);
  message_.varint_field(family_field::kType, type_number(type_));
  unit_ = has_unit_suffix(family) ? family.unit : "";
  family_size_ = message_.size();
}

// Writes the current message out, unless it has no series.
void ProtobufWriter::flush() {
  if (message_.size() == family_size_) return;
  if (!unit_.empty()) message_.string_field(family_field::kUnit, unit_);
  uint8_t length[wire::kVarintBytesMax];
  const uint8_t* const end = wire::write_varint(length, message_.size());
  output_.append(as_text({length, static_cast<size_t>(end - length)}));
  output_.append(as_text(message_.view()));
  message_.truncate(family_size_);
}

ProtobufWriter::Nested ProtobufWriter::begin_series(const SeriesHead& head) {
  const std::string_view labels = escaped_labels_ ? escaped_labels_->of(head.labels) : head.labels;
  const Nested metric = message_.open(family_field::kMetric, 128 + labels.size());
  write_labels(labels);
  return metric;
}

void ProtobufWriter::end_series(Nested metric) {
  message_.close(metric);
  largest_size_ = std::max(largest_size_, message_.size());
  // Each message repeats the help, so a message with a long help has at least as much of series.
  if (message_.size() >= family_size_ + std::max(kMessageBytes, family_size_)) flush();
}

size_t ProtobufWriter::held_bytes() const { return std::max(kHeldBytesMin, 2 * largest_size_); }

void ProtobufWriter::write_labels(std::string_view labels) {
  LabelReader reader(labels);
  std::string_view name;
  std::string_view value;
  while (reader.next(&name, &value)) {
    const size_t size =
        wire::len_field_size(1, name.size()) + wire::len_field_size(2, value.size());
    const Nested label = message_.open(metric_field::kLabel, size);
    message_.string_field(1, name);
    message_.string_field(2, value);
    message_.close(label);
  }
}

// google.protobuf.Timestamp; nothing for 0.
void ProtobufWriter::write_time(uint32_t field_number, uint64_t unix_nano) {
  if (unix_nano == 0) return;
  const Nested time = message_.open(field_number);
  const uint64_t seconds = unix_nano / kNanosPerSecond;
  const uint64_t nanos = unix_nano % kNanosPerSecond;
  if (seconds != 0) message_.varint_field(1, seconds);
  if (nanos != 0) message_.varint_field(2, nanos);
  message_.close(time);
}

void ProtobufWriter::write_exemplar(uint32_t field_number, const Exemplar& exemplar) {
  const Nested message = message_.open(field_number);
  write_labels(exemplar.labels);
  message_.double_field(2, exemplar.value);
  write_time(3, exemplar.time_unix_nano);
  message_.close(message);
}

void ProtobufWriter::write(const SeriesHead& head, const NumberValue& value) {
  const Nested metric = begin_series(head);
  const Nested number = message_.open(number_message(type_));
  message_.double_field(number_field::kValue, value.value);
  if (type_ == FamilyType::kCounter) {
    if (value.exemplar != nullptr) write_exemplar(number_field::kExemplar, *value.exemplar);
    write_time(number_field::kCreated, head.created_unix_nano);
  }
  message_.close(number);
  write_timestamp(message_, head);
  end_series(metric);
}

void ProtobufWriter::write(const SeriesHead& head, const SummaryValue& value) {
  const Nested metric = begin_series(head);
  const Nested summary = message_.open(metric_field::kSummary);
  message_.varint_field(histogram_field::kCount, value.count);
  message_.double_field(histogram_field::kSum, value.sum);
  for (const QuantileValue& quantile : value.quantiles) {
    const Nested message = message_.open(summary_field::kQuantile);
    message_.double_field(1, quantile.quantile);
    message_.double_field(2, quantile.value);
    message_.close(message);
  }
  write_time(summary_field::kCreated, head.created_unix_nano);
  message_.close(summary);
  write_timestamp(message_, head);
  end_series(metric);
}

void ProtobufWriter::write_bucket(double upper_bound, uint64_t count, const Exemplar* exemplar) {
  const Nested bucket = message_.open(histogram_field::kBucket);
  message_.varint_field(1, count);
  message_.double_field(2, upper_bound);
  if (exemplar != nullptr) write_exemplar(3, *exemplar);
  message_.close(bucket);
}

void ProtobufWriter::write(const SeriesHead& head, const HistogramValue& value) {
  const Nested metric = begin_series(head);
  write_timestamp(message_, head);
  const Nested histogram = message_.open(metric_field::kHistogram, 128);
  message_.varint_field(histogram_field::kCount, value.count);
  message_.double_field(histogram_field::kSum, value.sum);
  const std::vector<const Exemplar*>& exemplars = exemplars_.of(value);
  uint64_t count = 0;
  for (size_t i = 0; i < value.upper_bounds.size(); ++i) {
    count += i < value.bucket_counts.size() ? value.bucket_counts[i] : 0;
    write_bucket(value.upper_bounds[i], count, exemplars.empty() ? nullptr : exemplars[i]);
  }
  // The bucket +Inf is implied, unless it has an exemplar.
  if (!exemplars.empty() && exemplars.back() != nullptr) {
    write_bucket(std::numeric_limits<double>::infinity(), value.count, exemplars.back());
  }
  write_time(histogram_field::kCreated, head.created_unix_nano);
  message_.close(histogram);
  end_series(metric);
}

void ProtobufWriter::write_buckets(const NativeBuckets& buckets, uint32_t span_field,
                                   uint32_t delta_field) {
  for (const BucketSpan& span : buckets.spans) {
    const Nested message = message_.open(span_field);
    message_.sint_field(1, span.offset);
    message_.varint_field(2, span.length);
    message_.close(message);
  }
  for (const int64_t delta : buckets.deltas) message_.sint_field(delta_field, delta);
}

void ProtobufWriter::write(const SeriesHead& head, const ExponentialValue& value) {
  if (!check_native(value)) return;
  to_native(value, native_);
  const Nested metric = begin_series(head);
  write_timestamp(message_, head);
  const Nested histogram = message_.open(metric_field::kHistogram, 128);
  message_.varint_field(histogram_field::kCount, native_.count);
  message_.double_field(histogram_field::kSum, native_.sum);
  message_.sint_field(histogram_field::kSchema, native_.schema);
  message_.double_field(histogram_field::kZeroThreshold, native_.zero_threshold);
  message_.varint_field(histogram_field::kZeroCount, native_.zero_count);
  write_buckets(native_.negative, histogram_field::kNegativeSpan, histogram_field::kNegativeDelta);
  write_buckets(native_.positive, histogram_field::kPositiveSpan, histogram_field::kPositiveDelta);
  write_time(histogram_field::kCreated, head.created_unix_nano);
  message_.close(histogram);
  end_series(metric);
}

void ProtobufWriter::finish() {
  flush();
  output_.finish();
}

}  // namespace millrace::prometheus
