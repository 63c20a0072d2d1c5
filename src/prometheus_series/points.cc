#include "prometheus_series/points.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "prometheus/labels.h"
#include "prometheus/native_histogram.h"
#include "wire/protobuf.h"

namespace millrace::exporters {
namespace {

using otlp::DataPointView;
using otlp::MessageBytes;
using otlp::MetricType;
using wire::Field;
using wire::FieldReader;
using wire::WireType;

constexpr uint64_t kNoRecordedValue = 1;  // DataPointFlags
constexpr size_t kExemplarsMax = 64;

std::optional<uint64_t> sum_of(const std::vector<uint64_t>& counts) {
  uint64_t sum = 0;
  for (const uint64_t count : counts) {
    if (__builtin_add_overflow(sum, count, &sum)) return std::nullopt;
  }
  return sum;
}

std::optional<Refusal> read_histogram(DataPointView view, Detail& into, bool* is_repaired) {
  HistogramState histogram{.upper_bounds = std::move(view.explicit_bounds),
                           .counts = std::move(view.bucket_counts),
                           .sum = view.sum.value_or(0),
                           .count = view.count};
  std::vector<double>& bounds = histogram.upper_bounds;
  std::vector<uint64_t>& counts = histogram.counts;
  if (counts.empty()) bounds.clear();
  if (!counts.empty() && counts.size() != bounds.size() + 1) return Refusal::kInvalidHistogram;
  for (size_t i = 0; i < bounds.size(); ++i) {
    const bool ascends = i == 0 ? !std::isnan(bounds[i]) : bounds[i] > bounds[i - 1];
    if (!ascends) return Refusal::kInvalidHistogram;
  }
  if (!bounds.empty() && bounds.front() == -INFINITY) return Refusal::kInvalidHistogram;
  const auto sum = sum_of(counts);
  if (!sum) return Refusal::kInvalidHistogram;
  if (!bounds.empty() && bounds.back() == INFINITY) {
    // The last bucket is the one above all bounds already.
    bounds.pop_back();
    counts[counts.size() - 2] += counts.back();
    counts.pop_back();
  }
  if (!counts.empty() && *sum != histogram.count) {
    histogram.count = *sum;
    *is_repaired = true;
  }
  bounds.shrink_to_fit();
  counts.shrink_to_fit();
  into.value = std::move(histogram);
  return std::nullopt;
}

std::optional<Refusal> read_exponential(DataPointView view, Detail& into) {
  ExponentialState histogram{
      .scale = view.scale,
      .zero_threshold = view.zero_threshold,
      .zero_count = view.zero_count,
      .count = view.count,
      .sum = view.sum.value_or(0),
      .positive = {view.positive.offset, std::move(view.positive.bucket_counts)},
      .negative = {view.negative.offset, std::move(view.negative.bucket_counts)}};
  if (histogram.scale < prometheus::kSchemaMin) return Refusal::kScaleTooCoarse;
  if (!(histogram.zero_threshold >= 0)) return Refusal::kInvalidHistogram;
  const auto positive = sum_of(histogram.positive.counts);
  const auto negative = sum_of(histogram.negative.counts);
  uint64_t sum = histogram.zero_count;
  if (!positive || !negative || __builtin_add_overflow(sum, *positive, &sum) ||
      __builtin_add_overflow(sum, *negative, &sum)) {
    return Refusal::kInvalidHistogram;
  }
  if (sum != histogram.count) return Refusal::kInvalidHistogram;
  if (histogram.scale > prometheus::kSchemaMax) coarsen(histogram, prometheus::kSchemaMax);
  const prometheus::ExponentialValue value{
      .scale = histogram.scale,
      .zero_threshold = histogram.zero_threshold,
      .zero_count = histogram.zero_count,
      .count = histogram.count,
      .sum = histogram.sum,
      .positive = {histogram.positive.offset, histogram.positive.counts},
      .negative = {histogram.negative.offset, histogram.negative.counts}};
  if (!prometheus::check_native(value)) return Refusal::kInvalidHistogram;
  into.value = std::move(histogram);
  return std::nullopt;
}

void read_summary(DataPointView view, Detail& into) {
  SummaryState summary{.quantiles = {}, .sum = view.sum.value_or(0), .count = view.count};
  std::erase_if(view.quantile_values, [](const auto& pair) { return std::isnan(pair.first); });
  std::ranges::sort(view.quantile_values, {}, [](const auto& pair) { return pair.first; });
  for (const auto& [quantile, value] : view.quantile_values) {
    if (!summary.quantiles.empty() && summary.quantiles.back().quantile == quantile) {
      summary.quantiles.back().value = value;
    } else {
      summary.quantiles.push_back({quantile, value});
    }
  }
  into.value = std::move(summary);
}

void append_hex_label(std::string& labels, std::string_view name, MessageBytes bytes) {
  if (bytes.empty()) return;
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  prometheus::append_label(labels, name, text);
}

StoredExemplar read_exemplar(MessageBytes message) {
  StoredExemplar exemplar;
  MessageBytes span_id;
  MessageBytes trace_id;
  FieldReader reader(message);
  for (Field field; reader.next(&field);) {
    if (field.is(2, WireType::kI64)) exemplar.time_unix_nano = field.value;
    if (field.is(3, WireType::kI64)) exemplar.value = field.as_double();
    if (field.is(6, WireType::kI64)) {
      exemplar.value = static_cast<double>(static_cast<int64_t>(field.value));
    }
    if (field.is(4, WireType::kLen)) span_id = field.bytes;
    if (field.is(5, WireType::kLen)) trace_id = field.bytes;
  }
  append_hex_label(exemplar.labels, "span_id", span_id);
  append_hex_label(exemplar.labels, "trace_id", trace_id);
  return exemplar;
}

size_t bucket_of(const Detail& detail, double value) {
  const auto* histogram = std::get_if<HistogramState>(&detail.value);
  if (histogram == nullptr) return 0;
  const auto& bounds = histogram->upper_bounds;
  return static_cast<size_t>(std::ranges::lower_bound(bounds, value) - bounds.begin());
}

}  // namespace

uint32_t exemplars_field(MetricType type) {
  return type == MetricType::kHistogram ? 8 : type == MetricType::kExponentialHistogram ? 11 : 5;
}

PointHead read_head(MetricType type, MessageBytes point, const KeyHasher& hasher) {
  PointHead head;
  const uint32_t attributes = otlp::point_attributes(type);
  const uint32_t exemplars = exemplars_field(type);
  const bool is_number = type == MetricType::kGauge || type == MetricType::kSum;
  const uint32_t flags =
      type == MetricType::kHistogram || type == MetricType::kExponentialHistogram ? 10 : 8;
  FieldReader reader(point);
  for (Field field; reader.next(&field);) {
    switch (field.type) {
      case WireType::kLen:
        if (field.number == attributes) {
          head.attributes += hasher.of(field.bytes);
        } else if (field.number == exemplars) {
          head.has_exemplars = true;
        }
        break;
      case WireType::kI64:
        if (field.number == 2) head.interval.start = field.value;
        if (field.number == 3) head.interval.time = field.value;
        if (!is_number && field.number == 5) head.has_sum = true;
        if (is_number && field.number == 4) head.number = field.as_double();
        if (is_number && field.number == 6) {
          head.number = static_cast<double>(static_cast<int64_t>(field.value));
        }
        break;
      case WireType::kVarint:
        if (field.number == flags) head.has_no_value = (field.value & kNoRecordedValue) != 0;
        break;
      default:
        break;
    }
  }
  return head;
}

std::optional<Refusal> read_detail(MetricType type, MessageBytes point, Detail& into,
                                   bool* is_repaired) {
  switch (type) {
    case MetricType::kHistogram:
      return read_histogram(DataPointView::read(type, point), into, is_repaired);
    case MetricType::kExponentialHistogram:
      return read_exponential(DataPointView::read(type, point), into);
    case MetricType::kSummary:
      read_summary(DataPointView::read(type, point), into);
      return std::nullopt;
    default:
      return Refusal::kNoType;
  }
}

void read_exemplars(MetricType type, MessageBytes point, Detail& into) {
  if (type == MetricType::kExponentialHistogram || type == MetricType::kSummary) return;
  const bool is_histogram = type == MetricType::kHistogram;
  otlp::MessageReader reader(point, exemplars_field(type));
  for (MessageBytes message; reader.next(&message);) {
    StoredExemplar exemplar = read_exemplar(message);
    const size_t bucket = bucket_of(into, exemplar.value);
    const auto same = std::ranges::find_if(into.exemplars, [&](const StoredExemplar& other) {
      return !is_histogram || bucket_of(into, other.value) == bucket;
    });
    if (same != into.exemplars.end()) {
      *same = std::move(exemplar);
    } else if (into.exemplars.size() < kExemplarsMax) {
      into.exemplars.push_back(std::move(exemplar));
    }
  }
}

}  // namespace millrace::exporters
