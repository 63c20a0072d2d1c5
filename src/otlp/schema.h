// The messages of OTLP as tables: the wire type and the rule of each field.
//
// Source: opentelemetry-proto v1.10 (collector, trace, metrics, logs, resource, common). Fields are
// listed in ascending order, as encoders write them, because the walk compares tags in this order.
// A field that is not listed is an unknown field: kept, its framing checked. Profiles are still in
// development, so only their outer messages are listed, and the framing of the others is not
// checked.
//
// Everything is constexpr: admit_walk.h generates code from the tables, violation.cc reads them.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/signal.h"

namespace millrace::otlp {

enum class Kind : uint8_t {
  kVarint,
  kI64,
  kI32,
  kString,        // UTF-8
  kBytes,         // anything
  kTraceId,       // 16 bytes or empty
  kSpanId,        // 8 bytes or empty
  kMessage,       // see FieldRule::message
  kPackedI64,     // repeated; packed or unpacked
  kPackedVarint,  // repeated; packed or unpacked
};

enum class Message : uint8_t {
  kNone,
  kTraceRequest,
  kMetricsRequest,
  kLogsRequest,
  kProfilesRequest,
  kResourceSpans,
  kResourceMetrics,
  kResourceLogs,
  kResourceProfiles,
  kScopeSpans,
  kScopeMetrics,
  kScopeLogs,
  kScopeProfiles,
  kResource,
  kEntityRef,
  kScope,
  kKeyValue,
  kAnyValue,
  kArrayValue,
  kKeyValueList,
  kSpan,
  kEvent,
  kLink,
  kStatus,
  kLogRecord,
  kMetric,
  kGauge,
  kSum,
  kHistogram,
  kExponentialHistogram,
  kSummary,
  kNumberPoint,
  kHistogramPoint,
  kExponentialPoint,
  kBuckets,
  kSummaryPoint,
  kQuantile,
  kExemplar,
  kProfile,
  kSample,
};

struct FieldRule {
  uint32_t number;
  Kind kind;
  std::string_view name;             // as in the .proto files
  Message message = Message::kNone;  // for kMessage
  bool repeated = false;
};

constexpr FieldRule repeated_message(uint32_t number, std::string_view name, Message message) {
  return {number, Kind::kMessage, name, message, true};
}
constexpr FieldRule single_message(uint32_t number, std::string_view name, Message message) {
  return {number, Kind::kMessage, name, message, false};
}
constexpr FieldRule repeated_string(uint32_t number, std::string_view name) {
  return {number, Kind::kString, name, Message::kNone, true};
}

// Items: the messages that are counted, batched and cut (design, law 4).
constexpr bool is_item(Message message) {
  switch (message) {
    case Message::kSpan:
    case Message::kLogRecord:
    case Message::kNumberPoint:
    case Message::kHistogramPoint:
    case Message::kExponentialPoint:
    case Message::kSummaryPoint:
    case Message::kSample:
      return true;
    default:
      return false;
  }
}

constexpr Message request_of(Signal signal) {
  constexpr Message kRequests[kSignalCount] = {Message::kTraceRequest, Message::kMetricsRequest,
                                               Message::kLogsRequest, Message::kProfilesRequest};
  return kRequests[index_of(signal)];
}

// The fields of `Metric.data`; the last one on the wire is the effective one.
constexpr bool is_metric_data(uint32_t number) {
  return number == 5 || number == 7 || (number >= 9 && number <= 11);
}

namespace schema {

inline constexpr FieldRule kTraceRequest[] = {
    repeated_message(1, "resource_spans", Message::kResourceSpans)};
inline constexpr FieldRule kMetricsRequest[] = {
    repeated_message(1, "resource_metrics", Message::kResourceMetrics)};
inline constexpr FieldRule kLogsRequest[] = {
    repeated_message(1, "resource_logs", Message::kResourceLogs)};
inline constexpr FieldRule kProfilesRequest[] = {
    repeated_message(1, "resource_profiles", Message::kResourceProfiles),
    {2, Kind::kBytes, "dictionary"}};

inline constexpr FieldRule kResourceSpans[] = {
    single_message(1, "resource", Message::kResource),
    repeated_message(2, "scope_spans", Message::kScopeSpans),
    {3, Kind::kString, "schema_url"}};
inline constexpr FieldRule kResourceMetrics[] = {
    single_message(1, "resource", Message::kResource),
    repeated_message(2, "scope_metrics", Message::kScopeMetrics),
    {3, Kind::kString, "schema_url"}};
inline constexpr FieldRule kResourceLogs[] = {
    single_message(1, "resource", Message::kResource),
    repeated_message(2, "scope_logs", Message::kScopeLogs),
    {3, Kind::kString, "schema_url"}};
inline constexpr FieldRule kResourceProfiles[] = {
    single_message(1, "resource", Message::kResource),
    repeated_message(2, "scope_profiles", Message::kScopeProfiles),
    {3, Kind::kString, "schema_url"}};

inline constexpr FieldRule kScopeSpans[] = {single_message(1, "scope", Message::kScope),
                                            repeated_message(2, "spans", Message::kSpan),
                                            {3, Kind::kString, "schema_url"}};
inline constexpr FieldRule kScopeMetrics[] = {single_message(1, "scope", Message::kScope),
                                              repeated_message(2, "metrics", Message::kMetric),
                                              {3, Kind::kString, "schema_url"}};
inline constexpr FieldRule kScopeLogs[] = {single_message(1, "scope", Message::kScope),
                                           repeated_message(2, "log_records", Message::kLogRecord),
                                           {3, Kind::kString, "schema_url"}};
inline constexpr FieldRule kScopeProfiles[] = {single_message(1, "scope", Message::kScope),
                                               repeated_message(2, "profiles", Message::kProfile),
                                               {3, Kind::kString, "schema_url"}};

inline constexpr FieldRule kResource[] = {repeated_message(1, "attributes", Message::kKeyValue),
                                          {2, Kind::kVarint, "dropped_attributes_count"},
                                          repeated_message(3, "entity_refs", Message::kEntityRef)};
inline constexpr FieldRule kEntityRef[] = {{1, Kind::kString, "schema_url"},
                                           {2, Kind::kString, "type"},
                                           repeated_string(3, "id_keys"),
                                           repeated_string(4, "description_keys")};
inline constexpr FieldRule kScope[] = {{1, Kind::kString, "name"},
                                       {2, Kind::kString, "version"},
                                       repeated_message(3, "attributes", Message::kKeyValue),
                                       {4, Kind::kVarint, "dropped_attributes_count"}};
inline constexpr FieldRule kKeyValue[] = {{1, Kind::kString, "key"},
                                          single_message(2, "value", Message::kAnyValue),
                                          {3, Kind::kVarint, "key_strindex"}};
inline constexpr FieldRule kAnyValue[] = {{1, Kind::kString, "string_value"},
                                          {2, Kind::kVarint, "bool_value"},
                                          {3, Kind::kVarint, "int_value"},
                                          {4, Kind::kI64, "double_value"},
                                          single_message(5, "array_value", Message::kArrayValue),
                                          single_message(6, "kvlist_value", Message::kKeyValueList),
                                          {7, Kind::kBytes, "bytes_value"},
                                          {8, Kind::kVarint, "string_value_strindex"}};
inline constexpr FieldRule kArrayValue[] = {repeated_message(1, "values", Message::kAnyValue)};
inline constexpr FieldRule kKeyValueList[] = {repeated_message(1, "values", Message::kKeyValue)};

inline constexpr FieldRule kSpan[] = {{1, Kind::kTraceId, "trace_id"},
                                      {2, Kind::kSpanId, "span_id"},
                                      {3, Kind::kString, "trace_state"},
                                      {4, Kind::kSpanId, "parent_span_id"},
                                      {5, Kind::kString, "name"},
                                      {6, Kind::kVarint, "kind"},
                                      {7, Kind::kI64, "start_time_unix_nano"},
                                      {8, Kind::kI64, "end_time_unix_nano"},
                                      repeated_message(9, "attributes", Message::kKeyValue),
                                      {10, Kind::kVarint, "dropped_attributes_count"},
                                      repeated_message(11, "events", Message::kEvent),
                                      {12, Kind::kVarint, "dropped_events_count"},
                                      repeated_message(13, "links", Message::kLink),
                                      {14, Kind::kVarint, "dropped_links_count"},
                                      single_message(15, "status", Message::kStatus),
                                      {16, Kind::kI32, "flags"}};
inline constexpr FieldRule kEvent[] = {{1, Kind::kI64, "time_unix_nano"},
                                       {2, Kind::kString, "name"},
                                       repeated_message(3, "attributes", Message::kKeyValue),
                                       {4, Kind::kVarint, "dropped_attributes_count"}};
inline constexpr FieldRule kLink[] = {{1, Kind::kTraceId, "trace_id"},
                                      {2, Kind::kSpanId, "span_id"},
                                      {3, Kind::kString, "trace_state"},
                                      repeated_message(4, "attributes", Message::kKeyValue),
                                      {5, Kind::kVarint, "dropped_attributes_count"},
                                      {6, Kind::kI32, "flags"}};
inline constexpr FieldRule kStatus[] = {{2, Kind::kString, "message"}, {3, Kind::kVarint, "code"}};

inline constexpr FieldRule kLogRecord[] = {{1, Kind::kI64, "time_unix_nano"},
                                           {2, Kind::kVarint, "severity_number"},
                                           {3, Kind::kString, "severity_text"},
                                           single_message(5, "body", Message::kAnyValue),
                                           repeated_message(6, "attributes", Message::kKeyValue),
                                           {7, Kind::kVarint, "dropped_attributes_count"},
                                           {8, Kind::kI32, "flags"},
                                           {9, Kind::kTraceId, "trace_id"},
                                           {10, Kind::kSpanId, "span_id"},
                                           {11, Kind::kI64, "observed_time_unix_nano"},
                                           {12, Kind::kString, "event_name"}};

inline constexpr FieldRule kMetric[] = {
    {1, Kind::kString, "name"},
    {2, Kind::kString, "description"},
    {3, Kind::kString, "unit"},
    single_message(5, "gauge", Message::kGauge),
    single_message(7, "sum", Message::kSum),
    single_message(9, "histogram", Message::kHistogram),
    single_message(10, "exponential_histogram", Message::kExponentialHistogram),
    single_message(11, "summary", Message::kSummary),
    repeated_message(12, "metadata", Message::kKeyValue)};
inline constexpr FieldRule kGauge[] = {repeated_message(1, "data_points", Message::kNumberPoint)};
inline constexpr FieldRule kSum[] = {repeated_message(1, "data_points", Message::kNumberPoint),
                                     {2, Kind::kVarint, "aggregation_temporality"},
                                     {3, Kind::kVarint, "is_monotonic"}};
inline constexpr FieldRule kHistogram[] = {
    repeated_message(1, "data_points", Message::kHistogramPoint),
    {2, Kind::kVarint, "aggregation_temporality"}};
inline constexpr FieldRule kExponentialHistogram[] = {
    repeated_message(1, "data_points", Message::kExponentialPoint),
    {2, Kind::kVarint, "aggregation_temporality"}};
inline constexpr FieldRule kSummary[] = {
    repeated_message(1, "data_points", Message::kSummaryPoint)};

inline constexpr FieldRule kNumberPoint[] = {{2, Kind::kI64, "start_time_unix_nano"},
                                             {3, Kind::kI64, "time_unix_nano"},
                                             {4, Kind::kI64, "as_double"},
                                             repeated_message(5, "exemplars", Message::kExemplar),
                                             {6, Kind::kI64, "as_int"},
                                             repeated_message(7, "attributes", Message::kKeyValue),
                                             {8, Kind::kVarint, "flags"}};
inline constexpr FieldRule kHistogramPoint[] = {
    {2, Kind::kI64, "start_time_unix_nano"},
    {3, Kind::kI64, "time_unix_nano"},
    {4, Kind::kI64, "count"},
    {5, Kind::kI64, "sum"},
    {6, Kind::kPackedI64, "bucket_counts", Message::kNone, true},
    {7, Kind::kPackedI64, "explicit_bounds", Message::kNone, true},
    repeated_message(8, "exemplars", Message::kExemplar),
    repeated_message(9, "attributes", Message::kKeyValue),
    {10, Kind::kVarint, "flags"},
    {11, Kind::kI64, "min"},
    {12, Kind::kI64, "max"}};
inline constexpr FieldRule kExponentialPoint[] = {
    repeated_message(1, "attributes", Message::kKeyValue),
    {2, Kind::kI64, "start_time_unix_nano"},
    {3, Kind::kI64, "time_unix_nano"},
    {4, Kind::kI64, "count"},
    {5, Kind::kI64, "sum"},
    {6, Kind::kVarint, "scale"},
    {7, Kind::kI64, "zero_count"},
    single_message(8, "positive", Message::kBuckets),
    single_message(9, "negative", Message::kBuckets),
    {10, Kind::kVarint, "flags"},
    repeated_message(11, "exemplars", Message::kExemplar),
    {12, Kind::kI64, "min"},
    {13, Kind::kI64, "max"},
    {14, Kind::kI64, "zero_threshold"}};
inline constexpr FieldRule kBuckets[] = {
    {1, Kind::kVarint, "offset"}, {2, Kind::kPackedVarint, "bucket_counts", Message::kNone, true}};
inline constexpr FieldRule kSummaryPoint[] = {
    {2, Kind::kI64, "start_time_unix_nano"},
    {3, Kind::kI64, "time_unix_nano"},
    {4, Kind::kI64, "count"},
    {5, Kind::kI64, "sum"},
    repeated_message(6, "quantile_values", Message::kQuantile),
    repeated_message(7, "attributes", Message::kKeyValue),
    {8, Kind::kVarint, "flags"}};
inline constexpr FieldRule kQuantile[] = {{1, Kind::kI64, "quantile"}, {2, Kind::kI64, "value"}};
inline constexpr FieldRule kExemplar[] = {
    {2, Kind::kI64, "time_unix_nano"},
    {3, Kind::kI64, "as_double"},
    {4, Kind::kSpanId, "span_id"},
    {5, Kind::kTraceId, "trace_id"},
    {6, Kind::kI64, "as_int"},
    repeated_message(7, "filtered_attributes", Message::kKeyValue)};

inline constexpr FieldRule kProfile[] = {repeated_message(2, "samples", Message::kSample)};

}  // namespace schema

constexpr std::span<const FieldRule> fields_of(Message message) {
  switch (message) {
    case Message::kTraceRequest:
      return schema::kTraceRequest;
    case Message::kMetricsRequest:
      return schema::kMetricsRequest;
    case Message::kLogsRequest:
      return schema::kLogsRequest;
    case Message::kProfilesRequest:
      return schema::kProfilesRequest;
    case Message::kResourceSpans:
      return schema::kResourceSpans;
    case Message::kResourceMetrics:
      return schema::kResourceMetrics;
    case Message::kResourceLogs:
      return schema::kResourceLogs;
    case Message::kResourceProfiles:
      return schema::kResourceProfiles;
    case Message::kScopeSpans:
      return schema::kScopeSpans;
    case Message::kScopeMetrics:
      return schema::kScopeMetrics;
    case Message::kScopeLogs:
      return schema::kScopeLogs;
    case Message::kScopeProfiles:
      return schema::kScopeProfiles;
    case Message::kResource:
      return schema::kResource;
    case Message::kEntityRef:
      return schema::kEntityRef;
    case Message::kScope:
      return schema::kScope;
    case Message::kKeyValue:
      return schema::kKeyValue;
    case Message::kAnyValue:
      return schema::kAnyValue;
    case Message::kArrayValue:
      return schema::kArrayValue;
    case Message::kKeyValueList:
      return schema::kKeyValueList;
    case Message::kSpan:
      return schema::kSpan;
    case Message::kEvent:
      return schema::kEvent;
    case Message::kLink:
      return schema::kLink;
    case Message::kStatus:
      return schema::kStatus;
    case Message::kLogRecord:
      return schema::kLogRecord;
    case Message::kMetric:
      return schema::kMetric;
    case Message::kGauge:
      return schema::kGauge;
    case Message::kSum:
      return schema::kSum;
    case Message::kHistogram:
      return schema::kHistogram;
    case Message::kExponentialHistogram:
      return schema::kExponentialHistogram;
    case Message::kSummary:
      return schema::kSummary;
    case Message::kNumberPoint:
      return schema::kNumberPoint;
    case Message::kHistogramPoint:
      return schema::kHistogramPoint;
    case Message::kExponentialPoint:
      return schema::kExponentialPoint;
    case Message::kBuckets:
      return schema::kBuckets;
    case Message::kSummaryPoint:
      return schema::kSummaryPoint;
    case Message::kQuantile:
      return schema::kQuantile;
    case Message::kExemplar:
      return schema::kExemplar;
    case Message::kProfile:
      return schema::kProfile;
    case Message::kSample:
    case Message::kNone:
      break;
  }
  return {};
}

constexpr bool is_ascending(std::span<const FieldRule> rules) {
  for (size_t i = 1; i < rules.size(); ++i) {
    if (rules[i - 1].number >= rules[i].number) return false;
  }
  return true;
}
static_assert([] {
  for (auto message = Message::kNone; message <= Message::kSample;
       message = static_cast<Message>(static_cast<uint8_t>(message) + 1)) {
    if (!is_ascending(fields_of(message))) return false;
  }
  return true;
}());

}  // namespace millrace::otlp
