#include "ottl/walked_metrics.h"

#include <algorithm>
#include <string>
#include <utility>

#include "otlp/schema.h"

namespace millrace::ottl {
namespace {

using otlp::Level;
using otlp::LevelWriter;
using otlp::MetricType;
using wire::WireType;

// The cost of reading a field, in units of the pace.
constexpr size_t kFieldUnits = 8;

bool is_data(const wire::Field& field) {
  return field.type == WireType::kLen && otlp::is_metric_data(field.number);
}

void put_data_together(Level& metric, uint32_t number, LevelWriter& levels, Work& work) {
  ChunkRef chunk = work.pool.try_acquire(metric.content.size() + 2 * wire::kVarintBytesMax);
  if (!chunk) return levels.out().refuse_memory();
  uint8_t* at = chunk->data();
  std::vector<otlp::MessageBytes> parts;
  wire::FieldReader fields(metric.content.view());
  for (wire::Field field; fields.next(&field);) {
    if (!is_data(field)) {
      at = std::copy(field.whole.begin(), field.whole.end(), at);
    } else if (field.number == number) {
      parts.push_back(field.bytes);
    } else {
      parts.clear();
    }
  }
  size_t size = 0;
  for (const otlp::MessageBytes part : parts) size += part.size();
  at = wire::write_varint(at, wire::make_tag(number, WireType::kLen));
  at = wire::write_varint(at, size);
  for (const otlp::MessageBytes part : parts) at = std::copy(part.begin(), part.end(), at);
  const uint8_t* const data = chunk->data();
  metric.content = Bytes(std::move(chunk), data, static_cast<size_t>(at - data));
  metric.kept = data;
}

}  // namespace

MetricType unify_data(Level& metric, LevelWriter& levels, Work& work) {
  uint32_t number = 0;
  size_t count = 0;
  wire::FieldReader fields(metric.content.view());
  for (wire::Field field; fields.next(&field);) {
    work.pace.step(kFieldUnits);
    if (!is_data(field)) continue;
    number = field.number;
    count++;
  }
  if (count > 1) put_data_together(metric, number, levels, work);
  return static_cast<MetricType>(number);
}

bool AddedMetrics::add(otlp::MessageBytes metric) {
  const std::string_view kept = scratch_.keep(std::string(as_text(metric)));
  if (scratch_.failed()) return false;
  metrics_.push_back(as_span(kept));
  return true;
}

Bytes AddedMetrics::take(size_t i, LevelWriter& levels, Work& work) const {
  const otlp::MessageBytes metric = metrics_[i];
  // The output copies what is smaller.
  if (metric.size() < otlp::kCopyBelowBytes) return {{}, metric.data(), metric.size()};
  ChunkRef chunk = work.pool.try_acquire(metric.size());
  if (!chunk) {
    levels.out().refuse_memory();
    return {};
  }
  std::copy(metric.begin(), metric.end(), chunk->data());
  const uint8_t* const data = chunk->data();
  return Bytes(std::move(chunk), data, metric.size());
}

void AddedMetrics::clear() {
  metrics_.clear();
  scratch_.clear();
}

}  // namespace millrace::ottl
