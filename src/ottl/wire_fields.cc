// Which field of which message a path means (opentelemetry-proto).
#include <algorithm>

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

std::span<const WireField> point_fields(otlp::MetricType type) {
  switch (type) {
    case otlp::MetricType::kNone:
      return {};
    case otlp::MetricType::kGauge:
    case otlp::MetricType::kSum:
      return kNumberPoint;
    case otlp::MetricType::kHistogram:
      return kHistogramPoint;
    case otlp::MetricType::kExponentialHistogram:
      return kExponentialPoint;
    case otlp::MetricType::kSummary:
      return kSummaryPoint;
  }
  return {};
}

std::span<const WireField> data_fields(otlp::MetricType type) {
  switch (type) {
    case otlp::MetricType::kNone:
      return {};
    case otlp::MetricType::kGauge:
      return kGauge;
    case otlp::MetricType::kSum:
      return kSum;
    case otlp::MetricType::kHistogram:
      return kHistogram;
    case otlp::MetricType::kExponentialHistogram:
      return kExponentialHistogram;
    case otlp::MetricType::kSummary:
      return kSummary;
  }
  return {};
}

std::span<const WireField> wire_fields(Context context, otlp::MetricType type) {
  switch (context) {
    case Context::kResource:
      return kResource;
    case Context::kScope:
      return kScope;
    case Context::kSpan:
      return kSpan;
    case Context::kSpanEvent:
      return kEvent;
    case Context::kMetric:
      return kMetric;
    case Context::kDataPoint:
      return point_fields(type);
    case Context::kLog:
      return kLog;
  }
  return {};
}

}  // namespace

const WireField* find_wire_field(Context context, otlp::MetricType type, Field field) {
  const auto find_in = [&](std::span<const WireField> fields) -> const WireField* {
    const auto found = std::ranges::find(fields, field, &WireField::field);
    return found == fields.end() ? nullptr : &*found;
  };
  const WireField* const found = find_in(wire_fields(context, type));
  return found == nullptr && context == Context::kMetric ? find_in(data_fields(type)) : found;
}

}  // namespace millrace::ottl
