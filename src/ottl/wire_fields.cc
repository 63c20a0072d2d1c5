// Which field of which message a path means (opentelemetry-proto).
#include <array>
#include <span>

#include "ottl/record.h"

namespace millrace::ottl {
namespace {

using E = Encoding;

constexpr WireField kResource[] = {{Field::kAttributes, 1, E::kAttributes},
                                   {Field::kDroppedAttributesCount, 2, E::kVarint32},
                                   {Field::kSchemaUrl, 3, E::kString}};
constexpr WireField kScope[] = {{Field::kName, 1, E::kString},
                                {Field::kVersion, 2, E::kString},
                                {Field::kAttributes, 3, E::kAttributes},
                                {Field::kDroppedAttributesCount, 4, E::kVarint32},
                                {Field::kSchemaUrl, 3, E::kString}};
constexpr WireField kSpan[] = {{Field::kTraceId, 1, E::kId},
                               {Field::kSpanId, 2, E::kId},
                               {Field::kTraceState, 3, E::kString},
                               {Field::kParentSpanId, 4, E::kId},
                               {Field::kName, 5, E::kString},
                               {Field::kKind, 6, E::kEnum},
                               {Field::kStartTimeUnixNano, 7, E::kFixed64},
                               {Field::kEndTimeUnixNano, 8, E::kFixed64},
                               {Field::kAttributes, 9, E::kAttributes},
                               {Field::kDroppedAttributesCount, 10, E::kVarint32},
                               {Field::kEvents, 11, E::kMessages},
                               {Field::kDroppedEventsCount, 12, E::kVarint32},
                               {Field::kLinks, 13, E::kMessages},
                               {Field::kDroppedLinksCount, 14, E::kVarint32},
                               {Field::kStatus, 15, E::kMessages},
                               {Field::kStatusMessage, 2, E::kString, 15},
                               {Field::kStatusCode, 3, E::kEnum, 15},
                               {Field::kFlags, 16, E::kFixed32}};
constexpr WireField kEvent[] = {{Field::kTimeUnixNano, 1, E::kFixed64},
                                {Field::kName, 2, E::kString},
                                {Field::kAttributes, 3, E::kAttributes},
                                {Field::kDroppedAttributesCount, 4, E::kVarint32}};
constexpr WireField kLog[] = {{Field::kTimeUnixNano, 1, E::kFixed64},
                              {Field::kSeverityNumber, 2, E::kEnum},
                              {Field::kSeverityText, 3, E::kString},
                              {Field::kBody, 5, E::kAny},
                              {Field::kAttributes, 6, E::kAttributes},
                              {Field::kDroppedAttributesCount, 7, E::kVarint32},
                              {Field::kFlags, 8, E::kFixed32},
                              {Field::kTraceId, 9, E::kId},
                              {Field::kSpanId, 10, E::kId},
                              {Field::kObservedTimeUnixNano, 11, E::kFixed64},
                              {Field::kEventName, 12, E::kString}};
constexpr WireField kMetric[] = {{Field::kName, 1, E::kString},
                                 {Field::kDescription, 2, E::kString},
                                 {Field::kUnit, 3, E::kString},
                                 {Field::kMetadata, 12, E::kAttributes}};
constexpr WireField kGauge[] = {{Field::kDataPoints, 1, E::kMessages, 5}};
constexpr WireField kSum[] = {{Field::kDataPoints, 1, E::kMessages, 7},
                              {Field::kAggregationTemporality, 2, E::kEnum, 7},
                              {Field::kIsMonotonic, 3, E::kBool, 7}};
constexpr WireField kHistogram[] = {{Field::kDataPoints, 1, E::kMessages, 9},
                                    {Field::kAggregationTemporality, 2, E::kEnum, 9}};
constexpr WireField kExponentialHistogram[] = {{Field::kDataPoints, 1, E::kMessages, 10},
                                               {Field::kAggregationTemporality, 2, E::kEnum, 10}};
constexpr WireField kSummary[] = {{Field::kDataPoints, 1, E::kMessages, 11}};
constexpr WireField kNumberPoint[] = {
    {Field::kAttributes, 7, E::kAttributes}, {Field::kStartTimeUnixNano, 2, E::kFixed64},
    {Field::kTimeUnixNano, 3, E::kFixed64},  {Field::kValueDouble, 4, E::kDouble},
    {Field::kExemplars, 5, E::kMessages},    {Field::kValueInt, 6, E::kFixed64},
    {Field::kFlags, 8, E::kVarint32}};
constexpr WireField kHistogramPoint[] = {{Field::kAttributes, 9, E::kAttributes},
                                         {Field::kStartTimeUnixNano, 2, E::kFixed64},
                                         {Field::kTimeUnixNano, 3, E::kFixed64},
                                         {Field::kCount, 4, E::kFixed64},
                                         {Field::kSum, 5, E::kDouble},
                                         {Field::kBucketCounts, 6, E::kPackedFixed64},
                                         {Field::kExplicitBounds, 7, E::kPackedDouble},
                                         {Field::kExemplars, 8, E::kMessages},
                                         {Field::kFlags, 10, E::kVarint32},
                                         {Field::kMin, 11, E::kDouble},
                                         {Field::kMax, 12, E::kDouble}};
constexpr WireField kExponentialPoint[] = {{Field::kAttributes, 1, E::kAttributes},
                                           {Field::kStartTimeUnixNano, 2, E::kFixed64},
                                           {Field::kTimeUnixNano, 3, E::kFixed64},
                                           {Field::kCount, 4, E::kFixed64},
                                           {Field::kSum, 5, E::kDouble},
                                           {Field::kScale, 6, E::kZigzag},
                                           {Field::kZeroCount, 7, E::kFixed64},
                                           {Field::kPositive, 8, E::kMessages},
                                           {Field::kNegative, 9, E::kMessages},
                                           {Field::kFlags, 10, E::kVarint32},
                                           {Field::kExemplars, 11, E::kMessages},
                                           {Field::kMin, 12, E::kDouble},
                                           {Field::kMax, 13, E::kDouble},
                                           {Field::kZeroThreshold, 14, E::kDouble},
                                           {Field::kPositiveOffset, 1, E::kZigzag, 8},
                                           {Field::kPositiveBucketCounts, 2, E::kPackedVarint, 8},
                                           {Field::kNegativeOffset, 1, E::kZigzag, 9},
                                           {Field::kNegativeBucketCounts, 2, E::kPackedVarint, 9}};
constexpr WireField kSummaryPoint[] = {{Field::kAttributes, 7, E::kAttributes},
                                       {Field::kStartTimeUnixNano, 2, E::kFixed64},
                                       {Field::kTimeUnixNano, 3, E::kFixed64},
                                       {Field::kCount, 4, E::kFixed64},
                                       {Field::kSum, 5, E::kDouble},
                                       {Field::kQuantileValues, 6, E::kMessages},
                                       {Field::kFlags, 8, E::kVarint32}};

template <size_t kCount>
consteval FieldTable table_of(const WireField (&fields)[kCount]) {
  FieldTable table{.fields = fields};
  for (size_t i = 0; i < kCount; i++) {
    table.positions[static_cast<size_t>(fields[i].field)] = static_cast<uint8_t>(i + 1);
  }
  return table;
}

static_assert(static_cast<size_t>(Context::kDataPoint) == 5);
constexpr FieldTable kNumberPointTable = table_of(kNumberPoint);
constexpr FieldTable kHistogramPointTable = table_of(kHistogramPoint);
constexpr FieldTable kExponentialPointTable = table_of(kExponentialPoint);
constexpr FieldTable kSummaryPointTable = table_of(kSummaryPoint);
constexpr FieldTable kNoTable = {};
constexpr FieldTable kGaugeTable = table_of(kGauge);
constexpr FieldTable kSumTable = table_of(kSum);
constexpr FieldTable kHistogramTable = table_of(kHistogram);
constexpr FieldTable kExponentialHistogramTable = table_of(kExponentialHistogram);
constexpr FieldTable kSummaryTable = table_of(kSummary);

const FieldTable& point_table(otlp::MetricType type) {
  switch (type) {
    case otlp::MetricType::kNone:
      break;
    case otlp::MetricType::kGauge:
    case otlp::MetricType::kSum:
      return kNumberPointTable;
    case otlp::MetricType::kHistogram:
      return kHistogramPointTable;
    case otlp::MetricType::kExponentialHistogram:
      return kExponentialPointTable;
    case otlp::MetricType::kSummary:
      return kSummaryPointTable;
  }
  return kNoTable;
}

// The message inside of a metric that holds its data points.
const FieldTable& data_table(otlp::MetricType type) {
  switch (type) {
    case otlp::MetricType::kNone:
      break;
    case otlp::MetricType::kGauge:
      return kGaugeTable;
    case otlp::MetricType::kSum:
      return kSumTable;
    case otlp::MetricType::kHistogram:
      return kHistogramTable;
    case otlp::MetricType::kExponentialHistogram:
      return kExponentialHistogramTable;
    case otlp::MetricType::kSummary:
      return kSummaryTable;
  }
  return kNoTable;
}

}  // namespace

constinit const FieldTable kContextTables[kContextCount] = {
    table_of(kResource), table_of(kScope),  table_of(kSpan),
    table_of(kEvent),    table_of(kMetric), {},  // data points: by the type of their metric
    table_of(kLog)};

const WireField* find_field_by_type(Context context, otlp::MetricType type, Field field) {
  if (context == Context::kDataPoint) return point_table(type).find(field);
  const WireField* const found = kContextTables[static_cast<size_t>(context)].find(field);
  return found == nullptr && context == Context::kMetric ? data_table(type).find(field) : found;
}

}  // namespace millrace::ottl
