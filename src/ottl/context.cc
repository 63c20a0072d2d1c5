#include "ottl/context.h"

#include <algorithm>
#include <array>

namespace millrace::ottl {
namespace {

using P = PathType;

constexpr PathKeys kKeys = PathKeys::kAny;

constexpr PathRule kResourcePaths[] = {
    {"attributes", Field::kAttributes, P::kMap, kKeys},
    {"cache", Field::kCache, P::kMap, kKeys},
    {"dropped_attributes_count", Field::kDroppedAttributesCount, P::kInt},
    {"schema_url", Field::kSchemaUrl, P::kString},
};

constexpr PathRule kScopePaths[] = {
    {"attributes", Field::kAttributes, P::kMap, kKeys},
    {"cache", Field::kCache, P::kMap, kKeys},
    {"dropped_attributes_count", Field::kDroppedAttributesCount, P::kInt},
    {"name", Field::kName, P::kString},
    {"schema_url", Field::kSchemaUrl, P::kString},
    {"version", Field::kVersion, P::kString},
};

constexpr PathRule kSpanPaths[] = {
    {"attributes", Field::kAttributes, P::kMap, kKeys},
    {"cache", Field::kCache, P::kMap, kKeys},
    {"dropped_attributes_count", Field::kDroppedAttributesCount, P::kInt},
    {"dropped_events_count", Field::kDroppedEventsCount, P::kInt},
    {"dropped_links_count", Field::kDroppedLinksCount, P::kInt},
    {"end_time", Field::kEndTime, P::kTime},
    {"end_time_unix_nano", Field::kEndTimeUnixNano, P::kInt},
    {"events", Field::kEvents, P::kMessages},
    {"flags", Field::kFlags, P::kInt},
    {"kind", Field::kKind, P::kInt},
    {"kind.deprecated_string", Field::kKindDeprecatedString, P::kString},
    {"kind.string", Field::kKindString, P::kString},
    {"links", Field::kLinks, P::kMessages},
    {"name", Field::kName, P::kString},
    {"parent_span_id", Field::kParentSpanId, P::kSpanId},
    {"parent_span_id.string", Field::kParentSpanIdString, P::kString},
    {"span_id", Field::kSpanId, P::kSpanId},
    {"span_id.string", Field::kSpanIdString, P::kString},
    {"start_time", Field::kStartTime, P::kTime},
    {"start_time_unix_nano", Field::kStartTimeUnixNano, P::kInt},
    {"status", Field::kStatus, P::kMessages},
    {"status.code", Field::kStatusCode, P::kInt},
    {"status.message", Field::kStatusMessage, P::kString},
    {"trace_id", Field::kTraceId, P::kTraceId},
    {"trace_id.string", Field::kTraceIdString, P::kString},
    {"trace_state", Field::kTraceState, P::kString, PathKeys::kOneString},
};

constexpr PathRule kSpanEventPaths[] = {
    {"attributes", Field::kAttributes, P::kMap, kKeys},
    {"cache", Field::kCache, P::kMap, kKeys},
    {"dropped_attributes_count", Field::kDroppedAttributesCount, P::kInt},
    {"event_index", Field::kEventIndex, P::kInt, PathKeys::kNone, Access::kReadOnly},
    {"name", Field::kName, P::kString},
    {"time", Field::kTime, P::kTime},
    {"time_unix_nano", Field::kTimeUnixNano, P::kInt},
};

constexpr PathRule kMetricPaths[] = {
    {"aggregation_temporality", Field::kAggregationTemporality, P::kInt},
    {"cache", Field::kCache, P::kMap, kKeys},
    {"data_points", Field::kDataPoints, P::kMessages},
    {"description", Field::kDescription, P::kString},
    {"is_monotonic", Field::kIsMonotonic, P::kBool},
    {"metadata", Field::kMetadata, P::kMap, kKeys},
    {"name", Field::kName, P::kString},
    {"type", Field::kType, P::kInt, PathKeys::kNone, Access::kIgnored},
    {"unit", Field::kUnit, P::kString},
};

constexpr PathRule kDataPointPaths[] = {
    {"attributes", Field::kAttributes, P::kMap, kKeys},
    {"bucket_counts", Field::kBucketCounts, P::kList},
    {"cache", Field::kCache, P::kMap, kKeys},
    {"count", Field::kCount, P::kInt},
    {"exemplars", Field::kExemplars, P::kMessages},
    {"explicit_bounds", Field::kExplicitBounds, P::kList},
    {"flags", Field::kFlags, P::kInt},
    {"negative", Field::kNegative, P::kMessages},
    {"negative.bucket_counts", Field::kNegativeBucketCounts, P::kList},
    {"negative.offset", Field::kNegativeOffset, P::kInt},
    {"positive", Field::kPositive, P::kMessages},
    {"positive.bucket_counts", Field::kPositiveBucketCounts, P::kList},
    {"positive.offset", Field::kPositiveOffset, P::kInt},
    {"quantile_values", Field::kQuantileValues, P::kMessages},
    {"scale", Field::kScale, P::kInt},
    {"start_time", Field::kStartTime, P::kTime},
    {"start_time_unix_nano", Field::kStartTimeUnixNano, P::kInt},
    {"sum", Field::kSum, P::kDouble},
    {"time", Field::kTime, P::kTime},
    {"time_unix_nano", Field::kTimeUnixNano, P::kInt},
    {"value_double", Field::kValueDouble, P::kDouble},
    {"value_int", Field::kValueInt, P::kInt},
    {"zero_count", Field::kZeroCount, P::kInt},
};

constexpr PathRule kLogPaths[] = {
    {"attributes", Field::kAttributes, P::kMap, kKeys},
    {"body", Field::kBody, P::kAny, kKeys},
    {"body.string", Field::kBodyString, P::kString},
    {"cache", Field::kCache, P::kMap, kKeys},
    {"dropped_attributes_count", Field::kDroppedAttributesCount, P::kInt},
    {"event_name", Field::kEventName, P::kString},
    {"flags", Field::kFlags, P::kInt},
    {"observed_time", Field::kObservedTime, P::kTime},
    {"observed_time_unix_nano", Field::kObservedTimeUnixNano, P::kInt},
    {"severity_number", Field::kSeverityNumber, P::kInt},
    {"severity_text", Field::kSeverityText, P::kString},
    {"span_id", Field::kSpanId, P::kSpanId},
    {"span_id.string", Field::kSpanIdString, P::kString},
    {"time", Field::kTime, P::kTime},
    {"time_unix_nano", Field::kTimeUnixNano, P::kInt},
    {"trace_id", Field::kTraceId, P::kTraceId},
    {"trace_id.string", Field::kTraceIdString, P::kString},
};

constexpr Symbol kSpanSymbols[] = {
    {"SPAN_KIND_UNSPECIFIED", 0}, {"SPAN_KIND_INTERNAL", 1}, {"SPAN_KIND_SERVER", 2},
    {"SPAN_KIND_CLIENT", 3},      {"SPAN_KIND_PRODUCER", 4}, {"SPAN_KIND_CONSUMER", 5},
    {"STATUS_CODE_UNSET", 0},     {"STATUS_CODE_OK", 1},     {"STATUS_CODE_ERROR", 2},
};

constexpr Symbol kMetricSymbols[] = {
    {"AGGREGATION_TEMPORALITY_UNSPECIFIED", 0},
    {"AGGREGATION_TEMPORALITY_DELTA", 1},
    {"AGGREGATION_TEMPORALITY_CUMULATIVE", 2},
    {"METRIC_DATA_TYPE_NONE", 0},
    {"METRIC_DATA_TYPE_GAUGE", 1},
    {"METRIC_DATA_TYPE_SUM", 2},
    {"METRIC_DATA_TYPE_HISTOGRAM", 3},
    {"METRIC_DATA_TYPE_EXPONENTIAL_HISTOGRAM", 4},
    {"METRIC_DATA_TYPE_SUMMARY", 5},
    // Data points only.
    {"FLAG_NONE", 0},
    {"FLAG_NO_RECORDED_VALUE", 1},
};
constexpr size_t kDataPointSymbolCount = 2;

constexpr Symbol kLogSymbols[] = {
    {"SEVERITY_NUMBER_UNSPECIFIED", 0}, {"SEVERITY_NUMBER_TRACE", 1},
    {"SEVERITY_NUMBER_TRACE2", 2},      {"SEVERITY_NUMBER_TRACE3", 3},
    {"SEVERITY_NUMBER_TRACE4", 4},      {"SEVERITY_NUMBER_DEBUG", 5},
    {"SEVERITY_NUMBER_DEBUG2", 6},      {"SEVERITY_NUMBER_DEBUG3", 7},
    {"SEVERITY_NUMBER_DEBUG4", 8},      {"SEVERITY_NUMBER_INFO", 9},
    {"SEVERITY_NUMBER_INFO2", 10},      {"SEVERITY_NUMBER_INFO3", 11},
    {"SEVERITY_NUMBER_INFO4", 12},      {"SEVERITY_NUMBER_WARN", 13},
    {"SEVERITY_NUMBER_WARN2", 14},      {"SEVERITY_NUMBER_WARN3", 15},
    {"SEVERITY_NUMBER_WARN4", 16},      {"SEVERITY_NUMBER_ERROR", 17},
    {"SEVERITY_NUMBER_ERROR2", 18},     {"SEVERITY_NUMBER_ERROR3", 19},
    {"SEVERITY_NUMBER_ERROR4", 20},     {"SEVERITY_NUMBER_FATAL", 21},
    {"SEVERITY_NUMBER_FATAL2", 22},     {"SEVERITY_NUMBER_FATAL3", 23},
    {"SEVERITY_NUMBER_FATAL4", 24},
};

constexpr std::array<std::string_view, kContextCount> kContextNames = {
    "resource", "scope", "span", "spanevent", "metric", "datapoint", "log"};

}  // namespace

std::string_view context_name(Context context) {
  return kContextNames[static_cast<size_t>(context)];
}

std::optional<Context> find_context(std::string_view name) {
  if (name == "instrumentation_scope") return Context::kScope;
  const auto found = std::ranges::find(kContextNames, name);
  if (found == kContextNames.end()) return {};
  return static_cast<Context>(found - kContextNames.begin());
}

bool sees(Context from, Context seen) {
  if (from == seen || seen == Context::kResource) return true;
  if (seen == Context::kScope) return from != Context::kResource;
  return (from == Context::kSpanEvent && seen == Context::kSpan) ||
         (from == Context::kDataPoint && seen == Context::kMetric);
}

bool belongs_to(Context context, Signal signal) {
  switch (context) {
    case Context::kResource:
    case Context::kScope:
      return signal != Signal::kProfiles;
    case Context::kSpan:
    case Context::kSpanEvent:
      return signal == Signal::kTraces;
    case Context::kMetric:
    case Context::kDataPoint:
      return signal == Signal::kMetrics;
    case Context::kLog:
      return signal == Signal::kLogs;
  }
  return false;
}

std::span<const PathRule> paths_of(Context context) {
  switch (context) {
    case Context::kResource:
      return kResourcePaths;
    case Context::kScope:
      return kScopePaths;
    case Context::kSpan:
      return kSpanPaths;
    case Context::kSpanEvent:
      return kSpanEventPaths;
    case Context::kMetric:
      return kMetricPaths;
    case Context::kDataPoint:
      return kDataPointPaths;
    case Context::kLog:
      return kLogPaths;
  }
  return {};
}

const PathRule* find_path(Context context, std::string_view name) {
  const std::span<const PathRule> paths = paths_of(context);
  const auto found = std::ranges::find(paths, name, &PathRule::name);
  return found == paths.end() ? nullptr : &*found;
}

std::span<const Symbol> symbols_of(Context context) {
  switch (context) {
    case Context::kResource:
    case Context::kScope:
      return {};
    case Context::kSpan:
    case Context::kSpanEvent:
      return kSpanSymbols;
    case Context::kMetric:
      return std::span(kMetricSymbols).first(std::size(kMetricSymbols) - kDataPointSymbolCount);
    case Context::kDataPoint:
      return kMetricSymbols;
    case Context::kLog:
      return kLogSymbols;
  }
  return {};
}

std::optional<int64_t> find_symbol(Context context, std::string_view name) {
  const std::span<const Symbol> table = symbols_of(context);
  const auto found = std::ranges::find(table, name, &Symbol::name);
  if (found == table.end()) return {};
  return found->value;
}

}  // namespace millrace::ottl
