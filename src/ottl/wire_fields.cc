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
                                         {Field::kFlags, 10, E::kVarint32}};
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
                                           {Field::kExemplars, 11, E::kMessages}};
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
  const std::span<const WireField> fields = wire_fields(context, type);
  const auto found = std::ranges::find(fields, field, &WireField::field);
  return found == fields.end() ? nullptr : &*found;
}

}  // namespace millrace::ottl
