#include "otlp/json/schema.h"

#include <string>

namespace millrace::otlp::json {
namespace {

using K = Kind;
using M = MessageId;

// The rows of the tables.
constexpr Field scalar(std::string_view name, uint8_t number, Kind kind) {
  return {.name = name, .number = number, .kind = kind};
}
constexpr Field optional(std::string_view name, uint8_t number, Kind kind) {
  return {.name = name, .number = number, .kind = kind, .presence = Presence::kExplicit};
}
constexpr Field oneof(std::string_view name, uint8_t number, Kind kind) {
  return {.name = name, .number = number, .kind = kind, .presence = Presence::kOneof};
}
constexpr Field repeated(std::string_view name, uint8_t number, Kind kind) {
  return {.name = name, .number = number, .kind = kind, .presence = Presence::kRepeated};
}
constexpr Field one(std::string_view name, uint8_t number, MessageId message) {
  return {.name = name,
          .number = number,
          .kind = Kind::kMessage,
          .presence = Presence::kExplicit,
          .message = message};
}
constexpr Field oneof(std::string_view name, uint8_t number, MessageId message) {
  return {.name = name,
          .number = number,
          .kind = Kind::kMessage,
          .presence = Presence::kOneof,
          .message = message};
}
constexpr Field many(std::string_view name, uint8_t number, MessageId message) {
  return {.name = name,
          .number = number,
          .kind = Kind::kMessage,
          .presence = Presence::kRepeated,
          .message = message};
}
constexpr Field enumeration(std::string_view name, uint8_t number, EnumId id) {
  return {.name = name, .number = number, .kind = Kind::kEnum, .enumeration = id};
}

// opentelemetry.proto.collector.*.v1
constexpr Field kTracesRequest[] = {many("resourceSpans", 1, M::kResourceSpans)};
constexpr Field kMetricsRequest[] = {many("resourceMetrics", 1, M::kResourceMetrics)};
constexpr Field kLogsRequest[] = {many("resourceLogs", 1, M::kResourceLogs)};
constexpr Field kProfilesRequest[] = {many("resourceProfiles", 1, M::kResourceProfiles),
                                      one("dictionary", 2, M::kProfilesDictionary)};
constexpr Field kTracesResponse[] = {one("partialSuccess", 1, M::kTracesPartialSuccess)};
constexpr Field kMetricsResponse[] = {one("partialSuccess", 1, M::kMetricsPartialSuccess)};
constexpr Field kLogsResponse[] = {one("partialSuccess", 1, M::kLogsPartialSuccess)};
constexpr Field kProfilesResponse[] = {one("partialSuccess", 1, M::kProfilesPartialSuccess)};
constexpr Field kTracesPartialSuccess[] = {scalar("rejectedSpans", 1, K::kInt64),
                                           scalar("errorMessage", 2, K::kString)};
constexpr Field kMetricsPartialSuccess[] = {scalar("rejectedDataPoints", 1, K::kInt64),
                                            scalar("errorMessage", 2, K::kString)};
constexpr Field kLogsPartialSuccess[] = {scalar("rejectedLogRecords", 1, K::kInt64),
                                         scalar("errorMessage", 2, K::kString)};
constexpr Field kProfilesPartialSuccess[] = {scalar("rejectedProfiles", 1, K::kInt64),
                                             scalar("errorMessage", 2, K::kString)};
constexpr Field kStatus[] = {scalar("code", 1, K::kInt32), scalar("message", 2, K::kString)};

// opentelemetry.proto.resource.v1 and common.v1
constexpr Field kResource[] = {many("attributes", 1, M::kKeyValue),
                               scalar("droppedAttributesCount", 2, K::kUint32),
                               many("entityRefs", 3, M::kEntityRef)};
constexpr Field kEntityRef[] = {scalar("schemaUrl", 1, K::kString), scalar("type", 2, K::kString),
                                repeated("idKeys", 3, K::kString),
                                repeated("descriptionKeys", 4, K::kString)};
constexpr Field kScope[] = {scalar("name", 1, K::kString), scalar("version", 2, K::kString),
                            many("attributes", 3, M::kKeyValue),
                            scalar("droppedAttributesCount", 4, K::kUint32)};
constexpr Field kKeyValue[] = {scalar("key", 1, K::kString), one("value", 2, M::kAnyValue),
                               scalar("keyStrindex", 3, K::kInt32)};
constexpr Field kAnyValue[] = {
    oneof("stringValue", 1, K::kString),    oneof("boolValue", 2, K::kBool),
    oneof("intValue", 3, K::kInt64),        oneof("doubleValue", 4, K::kDouble),
    oneof("arrayValue", 5, M::kArrayValue), oneof("kvlistValue", 6, M::kKeyValueList),
    oneof("bytesValue", 7, K::kBase64),     oneof("stringValueStrindex", 8, K::kInt32)};
constexpr Field kArrayValue[] = {many("values", 1, M::kAnyValue)};
constexpr Field kKeyValueList[] = {many("values", 1, M::kKeyValue)};

// opentelemetry.proto.trace.v1
constexpr Field kResourceSpans[] = {one("resource", 1, M::kResource),
                                    many("scopeSpans", 2, M::kScopeSpans),
                                    scalar("schemaUrl", 3, K::kString)};
constexpr Field kScopeSpans[] = {one("scope", 1, M::kScope), many("spans", 2, M::kSpan),
                                 scalar("schemaUrl", 3, K::kString)};
constexpr Field kSpan[] = {scalar("traceId", 1, K::kHex16),
                           scalar("spanId", 2, K::kHex8),
                           scalar("traceState", 3, K::kString),
                           scalar("parentSpanId", 4, K::kHex8),
                           scalar("name", 5, K::kString),
                           enumeration("kind", 6, EnumId::kSpanKind),
                           scalar("startTimeUnixNano", 7, K::kFixed64),
                           scalar("endTimeUnixNano", 8, K::kFixed64),
                           many("attributes", 9, M::kKeyValue),
                           scalar("droppedAttributesCount", 10, K::kUint32),
                           many("events", 11, M::kSpanEvent),
                           scalar("droppedEventsCount", 12, K::kUint32),
                           many("links", 13, M::kSpanLink),
                           scalar("droppedLinksCount", 14, K::kUint32),
                           one("status", 15, M::kSpanStatus),
                           scalar("flags", 16, K::kFixed32)};
constexpr Field kSpanEvent[] = {scalar("timeUnixNano", 1, K::kFixed64),
                                scalar("name", 2, K::kString), many("attributes", 3, M::kKeyValue),
                                scalar("droppedAttributesCount", 4, K::kUint32)};
constexpr Field kSpanLink[] = {scalar("traceId", 1, K::kHex16),
                               scalar("spanId", 2, K::kHex8),
                               scalar("traceState", 3, K::kString),
                               many("attributes", 4, M::kKeyValue),
                               scalar("droppedAttributesCount", 5, K::kUint32),
                               scalar("flags", 6, K::kFixed32)};
constexpr Field kSpanStatus[] = {scalar("message", 2, K::kString),
                                 enumeration("code", 3, EnumId::kStatusCode)};

// opentelemetry.proto.metrics.v1
constexpr Field kResourceMetrics[] = {one("resource", 1, M::kResource),
                                      many("scopeMetrics", 2, M::kScopeMetrics),
                                      scalar("schemaUrl", 3, K::kString)};
constexpr Field kScopeMetrics[] = {one("scope", 1, M::kScope), many("metrics", 2, M::kMetric),
                                   scalar("schemaUrl", 3, K::kString)};
constexpr Field kMetric[] = {scalar("name", 1, K::kString),
                             scalar("description", 2, K::kString),
                             scalar("unit", 3, K::kString),
                             oneof("gauge", 5, M::kGauge),
                             oneof("sum", 7, M::kSum),
                             oneof("histogram", 9, M::kHistogram),
                             oneof("exponentialHistogram", 10, M::kExponentialHistogram),
                             oneof("summary", 11, M::kSummary),
                             many("metadata", 12, M::kKeyValue)};
constexpr Field kGauge[] = {many("dataPoints", 1, M::kNumberDataPoint)};
constexpr Field kSum[] = {many("dataPoints", 1, M::kNumberDataPoint),
                          enumeration("aggregationTemporality", 2, EnumId::kAggregationTemporality),
                          scalar("isMonotonic", 3, K::kBool)};
constexpr Field kHistogram[] = {
    many("dataPoints", 1, M::kHistogramDataPoint),
    enumeration("aggregationTemporality", 2, EnumId::kAggregationTemporality)};
constexpr Field kExponentialHistogram[] = {
    many("dataPoints", 1, M::kExponentialHistogramDataPoint),
    enumeration("aggregationTemporality", 2, EnumId::kAggregationTemporality)};
constexpr Field kSummary[] = {many("dataPoints", 1, M::kSummaryDataPoint)};
constexpr Field kNumberDataPoint[] = {
    many("attributes", 7, M::kKeyValue),    scalar("startTimeUnixNano", 2, K::kFixed64),
    scalar("timeUnixNano", 3, K::kFixed64), oneof("asDouble", 4, K::kDouble),
    oneof("asInt", 6, K::kSfixed64),        many("exemplars", 5, M::kExemplar),
    scalar("flags", 8, K::kUint32)};
constexpr Field kHistogramDataPoint[] = {many("attributes", 9, M::kKeyValue),
                                         scalar("startTimeUnixNano", 2, K::kFixed64),
                                         scalar("timeUnixNano", 3, K::kFixed64),
                                         scalar("count", 4, K::kFixed64),
                                         optional("sum", 5, K::kDouble),
                                         repeated("bucketCounts", 6, K::kFixed64),
                                         repeated("explicitBounds", 7, K::kDouble),
                                         many("exemplars", 8, M::kExemplar),
                                         scalar("flags", 10, K::kUint32),
                                         optional("min", 11, K::kDouble),
                                         optional("max", 12, K::kDouble)};
constexpr Field kExponentialHistogramDataPoint[] = {
    many("attributes", 1, M::kKeyValue),    scalar("startTimeUnixNano", 2, K::kFixed64),
    scalar("timeUnixNano", 3, K::kFixed64), scalar("count", 4, K::kFixed64),
    optional("sum", 5, K::kDouble),         scalar("scale", 6, K::kSint32),
    scalar("zeroCount", 7, K::kFixed64),    one("positive", 8, M::kBuckets),
    one("negative", 9, M::kBuckets),        scalar("flags", 10, K::kUint32),
    many("exemplars", 11, M::kExemplar),    optional("min", 12, K::kDouble),
    optional("max", 13, K::kDouble),        scalar("zeroThreshold", 14, K::kDouble)};
constexpr Field kBuckets[] = {scalar("offset", 1, K::kSint32),
                              repeated("bucketCounts", 2, K::kUint64)};
constexpr Field kSummaryDataPoint[] = {
    many("attributes", 7, M::kKeyValue),    scalar("startTimeUnixNano", 2, K::kFixed64),
    scalar("timeUnixNano", 3, K::kFixed64), scalar("count", 4, K::kFixed64),
    scalar("sum", 5, K::kDouble),           many("quantileValues", 6, M::kQuantile),
    scalar("flags", 8, K::kUint32)};
constexpr Field kQuantile[] = {scalar("quantile", 1, K::kDouble), scalar("value", 2, K::kDouble)};
constexpr Field kExemplar[] = {many("filteredAttributes", 7, M::kKeyValue),
                               scalar("timeUnixNano", 2, K::kFixed64),
                               oneof("asDouble", 3, K::kDouble),
                               oneof("asInt", 6, K::kSfixed64),
                               scalar("spanId", 4, K::kHex8),
                               scalar("traceId", 5, K::kHex16)};

// opentelemetry.proto.logs.v1
constexpr Field kResourceLogs[] = {one("resource", 1, M::kResource),
                                   many("scopeLogs", 2, M::kScopeLogs),
                                   scalar("schemaUrl", 3, K::kString)};
constexpr Field kScopeLogs[] = {one("scope", 1, M::kScope), many("logRecords", 2, M::kLogRecord),
                                scalar("schemaUrl", 3, K::kString)};
constexpr Field kLogRecord[] = {scalar("timeUnixNano", 1, K::kFixed64),
                                scalar("observedTimeUnixNano", 11, K::kFixed64),
                                enumeration("severityNumber", 2, EnumId::kSeverityNumber),
                                scalar("severityText", 3, K::kString),
                                one("body", 5, M::kAnyValue),
                                many("attributes", 6, M::kKeyValue),
                                scalar("droppedAttributesCount", 7, K::kUint32),
                                scalar("flags", 8, K::kFixed32),
                                scalar("traceId", 9, K::kHex16),
                                scalar("spanId", 10, K::kHex8),
                                scalar("eventName", 12, K::kString)};

// opentelemetry.proto.profiles.v1development
constexpr Field kResourceProfiles[] = {one("resource", 1, M::kResource),
                                       many("scopeProfiles", 2, M::kScopeProfiles),
                                       scalar("schemaUrl", 3, K::kString)};
constexpr Field kScopeProfiles[] = {one("scope", 1, M::kScope), many("profiles", 2, M::kProfile),
                                    scalar("schemaUrl", 3, K::kString)};
constexpr Field kProfile[] = {one("sampleType", 1, M::kProfileValueType),
                              many("samples", 2, M::kProfileSample),
                              scalar("timeUnixNano", 3, K::kFixed64),
                              scalar("durationNano", 4, K::kUint64),
                              one("periodType", 5, M::kProfileValueType),
                              scalar("period", 6, K::kInt64),
                              scalar("profileId", 7, K::kHex16),
                              scalar("droppedAttributesCount", 8, K::kUint32),
                              scalar("originalPayloadFormat", 9, K::kString),
                              scalar("originalPayload", 10, K::kBase64),
                              repeated("attributeIndices", 11, K::kInt32)};
constexpr Field kProfilesDictionary[] = {
    many("mappingTable", 1, M::kProfileMapping),   many("locationTable", 2, M::kProfileLocation),
    many("functionTable", 3, M::kProfileFunction), many("linkTable", 4, M::kProfileLink),
    repeated("stringTable", 5, K::kString),        many("attributeTable", 6, M::kKeyValueAndUnit),
    many("stackTable", 7, M::kProfileStack)};
constexpr Field kProfileMapping[] = {
    scalar("memoryStart", 1, K::kUint64), scalar("memoryLimit", 2, K::kUint64),
    scalar("fileOffset", 3, K::kUint64), scalar("filenameStrindex", 4, K::kInt32),
    repeated("attributeIndices", 5, K::kInt32)};
constexpr Field kProfileLocation[] = {
    scalar("mappingIndex", 1, K::kInt32), scalar("address", 2, K::kUint64),
    many("lines", 3, M::kProfileLine), repeated("attributeIndices", 4, K::kInt32)};
constexpr Field kProfileLine[] = {scalar("functionIndex", 1, K::kInt32),
                                  scalar("line", 2, K::kInt64), scalar("column", 3, K::kInt64)};
constexpr Field kProfileFunction[] = {
    scalar("nameStrindex", 1, K::kInt32), scalar("systemNameStrindex", 2, K::kInt32),
    scalar("filenameStrindex", 3, K::kInt32), scalar("startLine", 4, K::kInt64)};
constexpr Field kProfileLink[] = {scalar("traceId", 1, K::kHex16), scalar("spanId", 2, K::kHex8)};
constexpr Field kProfileStack[] = {repeated("locationIndices", 1, K::kInt32)};
constexpr Field kProfileSample[] = {
    scalar("stackIndex", 1, K::kInt32), repeated("attributeIndices", 2, K::kInt32),
    scalar("linkIndex", 3, K::kInt32), repeated("values", 4, K::kInt64),
    repeated("timestampsUnixNano", 5, K::kFixed64)};
constexpr Field kProfileValueType[] = {scalar("typeStrindex", 1, K::kInt32),
                                       scalar("unitStrindex", 2, K::kInt32)};
constexpr Field kKeyValueAndUnit[] = {scalar("keyStrindex", 1, K::kInt32),
                                      one("value", 2, M::kAnyValue),
                                      scalar("unitStrindex", 3, K::kInt32)};

// Finds a multiplier for which no two names share a slot.
consteval Message make(std::string_view name, std::span<const Field> fields) {
  Message made;
  made.name = name;
  made.fields = fields;
  made.by_number.fill(kNoField);
  for (size_t i = 0; i < fields.size(); ++i) {
    made.by_number.at(fields[i].number) = static_cast<uint8_t>(i);
  }
  for (uint32_t multiplier = 0x9E3779B1;; multiplier = multiplier * 1664525 + 1013904223) {
    made.multiplier = multiplier | 1;
    made.slots.fill(kNoField);
    bool distinct = true;
    for (size_t i = 0; i < fields.size() && distinct; ++i) {
      uint8_t& slot = made.slots[(Message::mix(fields[i].name) * made.multiplier) >> 26];
      distinct = slot == kNoField;
      slot = static_cast<uint8_t>(i);
    }
    if (distinct) return made;
  }
}

// In the order of MessageId.
constexpr std::array<Message, kMessageCount> kMessages = {
    make("ExportTraceServiceRequest", kTracesRequest),
    make("ExportMetricsServiceRequest", kMetricsRequest),
    make("ExportLogsServiceRequest", kLogsRequest),
    make("ExportProfilesServiceRequest", kProfilesRequest),
    make("ExportTraceServiceResponse", kTracesResponse),
    make("ExportMetricsServiceResponse", kMetricsResponse),
    make("ExportLogsServiceResponse", kLogsResponse),
    make("ExportProfilesServiceResponse", kProfilesResponse),
    make("ExportTracePartialSuccess", kTracesPartialSuccess),
    make("ExportMetricsPartialSuccess", kMetricsPartialSuccess),
    make("ExportLogsPartialSuccess", kLogsPartialSuccess),
    make("ExportProfilesPartialSuccess", kProfilesPartialSuccess),
    make("Status", kStatus),
    make("Resource", kResource),
    make("EntityRef", kEntityRef),
    make("InstrumentationScope", kScope),
    make("KeyValue", kKeyValue),
    make("AnyValue", kAnyValue),
    make("ArrayValue", kArrayValue),
    make("KeyValueList", kKeyValueList),
    make("ResourceSpans", kResourceSpans),
    make("ScopeSpans", kScopeSpans),
    make("Span", kSpan),
    make("Event", kSpanEvent),
    make("Link", kSpanLink),
    make("Status", kSpanStatus),
    make("ResourceMetrics", kResourceMetrics),
    make("ScopeMetrics", kScopeMetrics),
    make("Metric", kMetric),
    make("Gauge", kGauge),
    make("Sum", kSum),
    make("Histogram", kHistogram),
    make("ExponentialHistogram", kExponentialHistogram),
    make("Summary", kSummary),
    make("NumberDataPoint", kNumberDataPoint),
    make("HistogramDataPoint", kHistogramDataPoint),
    make("ExponentialHistogramDataPoint", kExponentialHistogramDataPoint),
    make("Buckets", kBuckets),
    make("SummaryDataPoint", kSummaryDataPoint),
    make("ValueAtQuantile", kQuantile),
    make("Exemplar", kExemplar),
    make("ResourceLogs", kResourceLogs),
    make("ScopeLogs", kScopeLogs),
    make("LogRecord", kLogRecord),
    make("ResourceProfiles", kResourceProfiles),
    make("ScopeProfiles", kScopeProfiles),
    make("Profile", kProfile),
    make("ProfilesDictionary", kProfilesDictionary),
    make("Mapping", kProfileMapping),
    make("Location", kProfileLocation),
    make("Line", kProfileLine),
    make("Function", kProfileFunction),
    make("Link", kProfileLink),
    make("Stack", kProfileStack),
    make("Sample", kProfileSample),
    make("ValueType", kProfileValueType),
    make("KeyValueAndUnit", kKeyValueAndUnit),
};

struct EnumName {
  EnumId id;
  std::string_view name;
  int32_t value;
};
constexpr EnumName kEnumNames[] = {
    {EnumId::kSpanKind, "SPAN_KIND_UNSPECIFIED", 0},
    {EnumId::kSpanKind, "SPAN_KIND_INTERNAL", 1},
    {EnumId::kSpanKind, "SPAN_KIND_SERVER", 2},
    {EnumId::kSpanKind, "SPAN_KIND_CLIENT", 3},
    {EnumId::kSpanKind, "SPAN_KIND_PRODUCER", 4},
    {EnumId::kSpanKind, "SPAN_KIND_CONSUMER", 5},
    {EnumId::kStatusCode, "STATUS_CODE_UNSET", 0},
    {EnumId::kStatusCode, "STATUS_CODE_OK", 1},
    {EnumId::kStatusCode, "STATUS_CODE_ERROR", 2},
    {EnumId::kAggregationTemporality, "AGGREGATION_TEMPORALITY_UNSPECIFIED", 0},
    {EnumId::kAggregationTemporality, "AGGREGATION_TEMPORALITY_DELTA", 1},
    {EnumId::kAggregationTemporality, "AGGREGATION_TEMPORALITY_CUMULATIVE", 2},
};

// SEVERITY_NUMBER_TRACE, _TRACE2 to _TRACE4, _DEBUG … _FATAL4 are 1 to 24.
bool find_severity(std::string_view name, int32_t* value) {
  constexpr std::string_view kPrefix = "SEVERITY_NUMBER_";
  constexpr std::array<std::string_view, 6> kLevels = {"TRACE", "DEBUG", "INFO",
                                                       "WARN",  "ERROR", "FATAL"};
  if (!name.starts_with(kPrefix)) return false;
  name.remove_prefix(kPrefix.size());
  if (name == "UNSPECIFIED") {
    *value = 0;
    return true;
  }
  for (size_t level = 0; level < kLevels.size(); ++level) {
    if (!name.starts_with(kLevels[level])) continue;
    const std::string_view step = name.substr(kLevels[level].size());
    const bool plain = step.empty();
    if (!plain && (step.size() != 1 || step[0] < '2' || step[0] > '4')) return false;
    *value = static_cast<int32_t>(level) * 4 + (plain ? 1 : step[0] - '0');
    return true;
  }
  return false;
}

}  // namespace

const Message& message(MessageId id) { return kMessages[static_cast<size_t>(id)]; }

MessageId request_message(Signal signal) {
  return static_cast<MessageId>(static_cast<size_t>(M::kTracesRequest) + index_of(signal));
}
MessageId response_message(Signal signal) {
  return static_cast<MessageId>(static_cast<size_t>(M::kTracesResponse) + index_of(signal));
}

bool find_enum_value(EnumId id, std::string_view name, int32_t* value) {
  if (id == EnumId::kSeverityNumber) return find_severity(name, value);
  for (const EnumName& known : kEnumNames) {
    if (known.id == id && known.name == name) {
      *value = known.value;
      return true;
    }
  }
  return false;
}

}  // namespace millrace::otlp::json
