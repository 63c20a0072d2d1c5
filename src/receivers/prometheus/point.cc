#include "receivers/prometheus/point.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

namespace millrace::receivers::prometheus {
namespace {

using wire::Writer;

constexpr std::string_view kScopePrefix = "otel_scope_";
constexpr uint64_t kNoRecordedValue = 1;
constexpr double kCountMax = 1.8e19;

uint32_t attributes_field(PointKind kind) {
  switch (kind) {
    case PointKind::kHistogram:
      return 9;
    case PointKind::kExponentialHistogram:
      return 1;
    default:
      return 7;
  }
}

uint32_t exemplars_field(PointKind kind) {
  switch (kind) {
    case PointKind::kHistogram:
      return 8;
    case PointKind::kExponentialHistogram:
      return 11;
    default:
      return 5;
  }
}

void write_attribute(Writer& writer, uint32_t number, std::string_view name,
                     std::string_view value) {
  const auto entry = writer.open(number, name.size() + value.size() + 6);
  writer.string_field(1, name);
  const auto any = writer.open(2, value.size() + 2);
  writer.string_field(1, value);
  writer.close(any);
  writer.close(entry);
}

void write_times(Writer& writer, const PointTimes& times) {
  if (times.start != 0) writer.fixed64_field(2, times.start);
  writer.fixed64_field(3, times.time);
}

// `text` as bytes when it is `size` of them in hexadecimal and not all zero.
template <size_t size>
bool read_id(std::string_view text, std::array<uint8_t, size>* into) {
  if (text.size() != 2 * size) return false;
  uint8_t any = 0;
  for (size_t i = 0; i < size; ++i) {
    uint8_t byte = 0;
    for (const char c : text.substr(2 * i, 2)) {
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) return false;
      byte = static_cast<uint8_t>(byte << 4 | digit);
    }
    (*into)[i] = byte;
    any |= byte;
  }
  return any != 0;
}

bool equals_lower(std::string_view text, std::string_view lower) {
  return std::ranges::equal(text, lower, [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a | 0x20) : a) == b;
  });
}

}  // namespace

uint64_t whole_count(double count) {
  return count > 0 ? static_cast<uint64_t>(std::min(count, kCountMax)) : 0;
}

bool is_attribute(std::string_view label, PointKind kind) {
  if (label == kMetricName || label == "job" || label == "instance" || label == "__scheme__" ||
      label == "__metrics_path__" || label.starts_with(kScopePrefix)) {
    return false;
  }
  if (kind == PointKind::kHistogram) return label != "le";
  return kind != PointKind::kSummary || label != "quantile";
}

void write_attributes(Writer& writer, PointKind kind, std::span<const Label> labels) {
  for (const Label& label : labels) {
    if (!is_attribute(label.name, kind)) continue;
    write_attribute(writer, attributes_field(kind), label.name, label.value);
  }
}

void write_exemplar(Writer& writer, PointKind kind, const Exemplar& exemplar,
                    uint64_t time_of_scrape) {
  const auto message = writer.open(exemplars_field(kind), 100);
  writer.fixed64_field(2, exemplar.timestamp_ms
                              ? static_cast<uint64_t>(*exemplar.timestamp_ms) * 1'000'000
                              : time_of_scrape);
  writer.double_field(3, exemplar.value);
  for (const Label& label : exemplar.labels) {
    std::array<uint8_t, 16> trace{};
    std::array<uint8_t, 8> span{};
    if (equals_lower(label.name, "trace_id") && read_id(label.value, &trace)) {
      writer.bytes_field(5, trace);
    } else if (equals_lower(label.name, "span_id") && read_id(label.value, &span)) {
      writer.bytes_field(4, span);
    } else if (!label.value.empty()) {
      write_attribute(writer, 7, label.name, label.value);
    }
  }
  writer.close(message);
}

void write_number(Writer& writer, const PointTimes& times, double value) {
  write_times(writer, times);
  writer.double_field(4, value);
}

bool write_histogram(Writer& writer, const PointTimes& times, DistributionValue& value) {
  auto& buckets = value.parts;
  std::ranges::sort(buckets, {}, &std::pair<double, double>::first);
  if (!buckets.empty() && buckets.back().first == HUGE_VAL) buckets.pop_back();
  double before = 0;
  for (const auto& [bound, count] : buckets) {
    if (!(count >= before)) return false;
    before = count;
  }
  if (!(value.count >= before)) return false;
  write_times(writer, times);
  writer.fixed64_field(4, whole_count(value.count));
  if (value.has_sum) writer.double_field(5, value.sum);
  const auto counts = writer.open(6, (buckets.size() + 1) * 8);
  before = 0;
  for (const auto& [bound, count] : buckets) {
    writer.raw_fixed64(whole_count(count - before));
    before = count;
  }
  writer.raw_fixed64(whole_count(value.count - before));
  writer.close(counts);
  if (buckets.empty()) return true;
  const auto bounds = writer.open(7, buckets.size() * 8);
  for (const auto& [bound, count] : buckets) writer.raw_fixed64(std::bit_cast<uint64_t>(bound));
  writer.close(bounds);
  return true;
}

void write_summary(Writer& writer, const PointTimes& times, DistributionValue& value) {
  std::ranges::sort(value.parts, {}, &std::pair<double, double>::first);
  write_times(writer, times);
  writer.fixed64_field(4, whole_count(value.count));
  writer.double_field(5, value.has_sum ? value.sum : 0);
  for (const auto& [quantile, at] : value.parts) {
    const auto message = writer.open(6, 18);
    writer.double_field(1, quantile);
    writer.double_field(2, at);
    writer.close(message);
  }
}

void write_native(Writer& writer, const PointTimes& times, const NativeHistogram& value) {
  write_times(writer, times);
  writer.fixed64_field(4, value.count);
  writer.double_field(5, value.sum);
  writer.sint_field(6, value.scale);
  writer.fixed64_field(7, value.zero_count);
  const auto write_buckets = [&](uint32_t number, const NativeHistogram::Buckets& buckets) {
    if (buckets.counts.empty()) return;
    const auto message = writer.open(number, buckets.counts.size() * 2);
    writer.sint_field(1, buckets.offset);
    const auto counts = writer.open(2, buckets.counts.size() * 2);
    for (const uint64_t count : buckets.counts) writer.raw_varint(count);
    writer.close(counts);
    writer.close(message);
  };
  write_buckets(8, value.positive);
  write_buckets(9, value.negative);
  writer.double_field(14, value.zero_threshold);
}

void write_marker(Writer& writer, PointKind kind, uint64_t time) {
  writer.fixed64_field(3, time);
  const bool is_histogram =
      kind == PointKind::kHistogram || kind == PointKind::kExponentialHistogram;
  writer.varint_field(is_histogram ? 10 : 8, kNoRecordedValue);
}

}  // namespace millrace::receivers::prometheus
