#include "connectors/exceptions/exception_series.h"

#include <algorithm>

#include "metric_emission/metric_emission.h"
#include "metric_streams/point_walk.h"
#include "metric_streams/point_writer.h"
#include "otlp/attribute_list.h"
#include "otlp/span_text.h"
#include "wire/writer.h"

namespace millrace::connectors::exceptions {
namespace {

using item_identity::Identity;
using item_identity::IdentityMaker;
using otlp::MessageBytes;

constexpr Duration kSilentMax = 15min;
constexpr size_t kExemplarsMax = 5;  // of a series and an interval
constexpr uint64_t kNames = IdentityMaker::kFirstOwnKind;
constexpr std::string_view kScopeName = "exceptionsconnector";
constexpr std::string_view kMetricName = "exceptions";
// Field numbers of Metric, Sum and NumberDataPoint.
constexpr uint32_t kName = 1;
constexpr uint32_t kSum = 7;
constexpr uint32_t kTemporality = 2;
constexpr uint32_t kIsMonotonic = 3;
constexpr uint32_t kPointExemplars = 5;
constexpr uint32_t kPointAttributes = 7;

void write_attribute(std::string_view key, MessageBytes any_value, wire::Writer& into) {
  const auto entry = into.open(kPointAttributes, key.size() + any_value.size() + 8);
  into.string_field(1, key);
  into.bytes_field(2, any_value);
  into.close(entry);
}

}  // namespace

ExceptionSeries::ExceptionSeries(const Options& options, Budget& budget, size_t bytes_max)
    : options_(options),
      table_(budget, {.streams_max = SIZE_MAX, .bytes_max = bytes_max, .max_stale = kSilentMax}) {}

std::string ExceptionSeries::attributes_of(const ExceptionEvent& exception) const {
  wire::Writer writer(256);
  const auto write_text = [&](std::string_view key, std::string_view text) {
    write_attribute(key, as_span(otlp::encode_string_value(text)), writer);
  };
  write_text("service.name", exception.service);
  write_text("span.name", exception.span.name);
  write_text("span.kind", otlp::span_kind_text(exception.span.kind));
  write_text("status.code", otlp::status_code_text(exception.span.status_code));
  for (const Dimension& dimension : options_.dimensions) {
    const MessageBytes value = exception.dimension(dimension);
    if (value.data() != nullptr) write_attribute(dimension.name, value, writer);
  }
  return writer.to_string();
}

bool ExceptionSeries::count(const ExceptionEvent& exception, const IdentityMaker& maker,
                            MonotonicTime now, uint64_t now_unix_nano) {
  const std::string attributes = attributes_of(exception);
  const Identity identity = maker.of_text(attributes, kNames);
  const size_t growth =
      attributes.size() + (options_.has_exemplars ? kExemplarsMax * sizeof(Exemplar) : 0);
  const bool has_room = table_.use(identity, now, growth, [&](Series& series, bool is_new) {
    if (is_new) {
      series.attributes = attributes;
      series.start = now_unix_nano;
    }
    ++series.count;
    if (options_.has_exemplars) add_exemplar(exception, series);
  });
  if (has_room) has_news_.store(true, std::memory_order_relaxed);
  return has_room;
}

void ExceptionSeries::add_exemplar(const ExceptionEvent& exception, Series& series) {
  Exemplar exemplar{.value = static_cast<double>(series.count)};
  if (series.exemplars.size() == kExemplarsMax ||
      exception.span.trace_id.size() != exemplar.trace_id.size()) {
    return;
  }
  if (series.exemplars.empty()) series.exemplars.reserve(kExemplarsMax);
  std::ranges::copy(exception.span.trace_id, exemplar.trace_id.begin());
  if (exception.span.span_id.size() == exemplar.span_id.size()) {
    std::ranges::copy(exception.span.span_id, exemplar.span_id.begin());
  }
  series.exemplars.push_back(exemplar);
}

void ExceptionSeries::write_point(const Series& series, uint64_t now_unix_nano,
                                  otlp::RopeWriter& out) {
  wire::Writer writer(series.attributes.size() + 64);
  writer.raw(as_span(series.attributes));
  writer.fixed64_field(2, series.start);
  writer.fixed64_field(3, now_unix_nano);
  metric_streams::write_values(metric_streams::NumberValues{static_cast<int64_t>(series.count)},
                               writer);
  for (const Exemplar& exemplar : series.exemplars) {
    const auto message = writer.open(kPointExemplars, 64);
    writer.fixed64_field(2, now_unix_nano);
    writer.double_field(3, exemplar.value);
    writer.bytes_field(4, exemplar.span_id);
    writer.bytes_field(5, exemplar.trace_id);
    writer.close(message);
  }
  out.write_len_prefix(otlp::kDataPoints, writer.size());
  out.write(writer.view());
}

uint32_t ExceptionSeries::write_some(uint64_t now_unix_nano, size_t& shard, otlp::RopeWriter& out) {
  const auto resource_metrics = out.open(1, 4096);
  const auto scope_metrics = out.open(otlp::kResourceScopes, 4096);
  const auto scope = out.open(1, kScopeName.size());
  out.write_len_prefix(kName, kScopeName.size());
  out.write(as_span(kScopeName));
  out.close(scope);
  const auto metric = out.open(otlp::kScopeItems, 4096);
  out.write_len_prefix(kName, kMetricName.size());
  out.write(as_span(kMetricName));
  const auto sum = out.open(kSum, 4096);
  uint32_t count = 0;
  for (; shard < kShards && count < metric_emission::kPointsAtOnce && !out.failed(); ++shard) {
    table_.visit_shard(shard, [&](Series& series) {
      write_point(series, now_unix_nano, out);
      series.exemplars.clear();
      ++count;
    });
  }
  wire::Writer writer(8);
  writer.varint_field(kTemporality, static_cast<uint64_t>(metric_streams::kCumulative));
  writer.varint_field(kIsMonotonic, 1);
  out.write(writer.view());
  out.close(sum);
  out.close(metric);
  out.close(scope_metrics);
  out.close(resource_metrics);
  return count;
}

}  // namespace millrace::connectors::exceptions
