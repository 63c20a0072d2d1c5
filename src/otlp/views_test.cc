#include "otlp/views.h"

#include <gtest/gtest.h>

#include <string>

#include "otlp/example_requests.h"
#include "wire/writer.h"

namespace millrace::otlp {
namespace {

using Type = AnyValueView::Type;
using wire::Writer;

ScopeView only_scope(const Bytes& request, ResourceView* resource) {
  const Rope rope(request);
  EXPECT_TRUE(ResourceReader(rope).next(resource));
  ScopeView scope;
  EXPECT_TRUE(ScopeReader(*resource).next(&scope));
  return scope;
}

TEST(ViewsTest, WalkFromRequestToSpan) {
  const Rope request(example_request(Signal::kTraces, {2, 3, 4}, 1));
  ResourceReader resources(request);
  size_t spans = 0;
  for (ResourceView resource; resources.next(&resource);) {
    const auto service =
        find_attribute(resource.resource.view(), kResourceAttributes, "service.name");
    ASSERT_TRUE(service);
    EXPECT_EQ(service->text, spans < 12 ? "checkout-0" : "checkout-1");
    ScopeReader scopes(resource);
    for (ScopeView scope; scopes.next(&scope);) {
      EXPECT_EQ(scope.version, "2.1.0");
      MessageReader items(scope.bytes.view(), kScopeItems);
      for (MessageBytes item; items.next(&item);) {
        const SpanView span = SpanView::read(item);
        EXPECT_EQ(span.name, "GET /api/cart");
        EXPECT_EQ(span.span_id[7], ++spans);
        EXPECT_EQ(span.kind, 2);
        EXPECT_EQ(span.status_code, 1);
        EXPECT_EQ(span.flags, 0x101u);
      }
    }
  }
  EXPECT_EQ(spans, 24u);
}

TEST(ViewsTest, EveryFieldOfASpan) {
  ResourceView resource;
  const ScopeView scope = only_scope(example_request_with_everything(Signal::kTraces), &resource);
  EXPECT_EQ(resource.schema_url, "https://opentelemetry.io/schemas/1.24.0");
  EXPECT_EQ(scope.schema_url, "https://opentelemetry.io/schemas/1.25.0");
  MessageBytes item;
  ASSERT_TRUE(MessageReader(scope.bytes.view(), kScopeItems).next(&item));
  const SpanView span = SpanView::read(item);
  EXPECT_EQ(span.trace_state, "vendor=1");
  EXPECT_EQ(span.status_code, 2);
  EXPECT_EQ(span.status_message, "broken");
  EXPECT_EQ(span.dropped_attributes_count, 1u);
  EXPECT_EQ(span.dropped_events_count, 3u);
  EXPECT_EQ(span.dropped_links_count, 4u);
  MessageBytes part;
  ASSERT_TRUE(MessageReader(item, kSpanEvents).next(&part));
  EXPECT_EQ(EventView::read(part).name, "exception");
  ASSERT_TRUE(MessageReader(item, kSpanLinks).next(&part));
  EXPECT_EQ(LinkView::read(part).trace_state, "a=b");
}

TEST(ViewsTest, EveryKindOfValueAsText) {
  ResourceView resource;
  only_scope(example_request_with_everything(Signal::kTraces), &resource);
  const auto text = [&](std::string_view key) {
    const auto value = find_attribute(resource.resource.view(), kResourceAttributes, key);
    return value ? to_text(*value) : "absent";
  };
  EXPECT_EQ(text("text"), "caf\xc3\xa9");
  EXPECT_EQ(text("negative"), "-5");
  EXPECT_EQ(text("flag"), "true");
  EXPECT_EQ(text("ratio"), "0.25");
  EXPECT_EQ(text("blob"), "AP+A");
  EXPECT_EQ(text("empty"), "");
  EXPECT_EQ(text("list"), "[\"a\",2]");
  EXPECT_EQ(text("map"), "{\"inner\":\"value\"}");
  EXPECT_EQ(text("nothing"), "absent");
}

TEST(ViewsTest, LogRecord) {
  ResourceView resource;
  const ScopeView scope = only_scope(example_request_with_everything(Signal::kLogs), &resource);
  MessageBytes item;
  ASSERT_TRUE(MessageReader(scope.bytes.view(), kScopeItems).next(&item));
  const LogRecordView log = LogRecordView::read(item);
  EXPECT_EQ(log.severity_number, 9);
  EXPECT_EQ(log.severity_text, "INFO");
  EXPECT_EQ(log.event_name, "session.start");
  EXPECT_EQ(to_text(log.body), "{\"inner\":\"body\"}");
  EXPECT_EQ(log.trace_id.size(), 16u);
}

TEST(ViewsTest, EveryTypeOfMetric) {
  ResourceView resource;
  const ScopeView scope = only_scope(example_request_with_everything(Signal::kMetrics), &resource);
  std::vector<MetricView> metrics;
  MessageReader items(scope.bytes.view(), kScopeItems);
  for (MessageBytes item; items.next(&item);) {
    metrics.push_back(MetricView::read(Bytes(scope.bytes.chunk(), item.data(), item.size())));
  }
  ASSERT_EQ(metrics.size(), 5u);
  const auto point = [&](size_t i) {
    MessageBytes content;
    EXPECT_TRUE(MessageReader(metrics[i].data.view(), kDataPoints).next(&content));
    EXPECT_TRUE(find_attribute(content, point_attributes(metrics[i].type), "text"));
    return DataPointView::read(metrics[i].type, content);
  };
  EXPECT_EQ(point(0).as_double, 2.5);
  EXPECT_EQ(metrics[1].aggregation_temporality, 2);
  EXPECT_TRUE(metrics[1].is_monotonic);
  EXPECT_EQ(point(2).bucket_counts, (std::vector<uint64_t>{0, 1, 2, 3, 9}));
  EXPECT_EQ(point(2).explicit_bounds.size(), 3u);
  EXPECT_EQ(point(2).max, 50);
  EXPECT_EQ(point(3).scale, -3);
  EXPECT_EQ(point(3).positive.bucket_counts, (std::vector<uint64_t>{1, 300, 0, 4}));
  EXPECT_EQ(point(3).negative.offset, -1);
  EXPECT_EQ(point(4).quantile_values.at(0).second, 7.5);
  EXPECT_EQ(point(4).flags, 1u);
}

TEST(ViewsTest, AbsentNumbersAreZero) {
  const SpanView span = SpanView::read({});
  EXPECT_EQ(span.kind, 0);
  EXPECT_EQ(span.start_time_unix_nano, 0u);
  EXPECT_EQ(span.end_time_unix_nano, 0u);
  EXPECT_EQ(span.dropped_attributes_count, 0u);
  EXPECT_EQ(span.dropped_events_count, 0u);
  EXPECT_EQ(span.dropped_links_count, 0u);
  EXPECT_EQ(span.flags, 0u);
  EXPECT_EQ(span.status_code, 0);
  const EventView event = EventView::read({});
  EXPECT_EQ(event.time_unix_nano, 0u);
  EXPECT_EQ(event.dropped_attributes_count, 0u);
  const LinkView link = LinkView::read({});
  EXPECT_EQ(link.dropped_attributes_count, 0u);
  EXPECT_EQ(link.flags, 0u);
  const LogRecordView log = LogRecordView::read({});
  EXPECT_EQ(log.time_unix_nano, 0u);
  EXPECT_EQ(log.observed_time_unix_nano, 0u);
  EXPECT_EQ(log.severity_number, 0);
  EXPECT_EQ(log.dropped_attributes_count, 0u);
  EXPECT_EQ(log.flags, 0u);
  const auto point = DataPointView::read(MetricType::kExponentialHistogram, {});
  EXPECT_EQ(point.start_time_unix_nano, 0u);
  EXPECT_EQ(point.time_unix_nano, 0u);
  EXPECT_EQ(point.flags, 0u);
  EXPECT_EQ(point.count, 0u);
  EXPECT_EQ(point.scale, 0);
  EXPECT_EQ(point.zero_count, 0u);
  EXPECT_EQ(point.zero_threshold, 0);
}

TEST(ViewsTest, LastMemberOfAOneofHolds) {
  Writer w;
  w.string_field(1, "text");
  w.varint_field(3, 7);
  const AnyValueView value = AnyValueView::read(w.view());
  EXPECT_EQ(value.type, Type::kInt);
  EXPECT_EQ(value.int_value, 7);
}

TEST(ViewsTest, ArrayInTwoPartsIsOne) {
  Writer w;
  w.string_field(5, "\x0a\x02\x18\x01");  // replaced by the text after it
  w.string_field(1, "text");
  w.string_field(5, "\x0a\x02\x18\x02");
  w.string_field(5, "\x0a\x02\x18\x03");
  EXPECT_EQ(to_text(AnyValueView::read(w.view())), "[2,3]");
}

TEST(ViewsTest, ResourceInTwoPartsIsMerged) {
  Writer w;
  const auto resource_spans = w.open(1);
  w.string_field(1,
                 "\x0a\x08\x0a\x01"
                 "a\x12\x03\x0a\x01x");
  w.string_field(1,
                 "\x0a\x08\x0a\x01"
                 "b\x12\x03\x0a\x01y");
  w.close(resource_spans);
  const Rope request(w.finish());
  ResourceView resource;
  ASSERT_TRUE(ResourceReader(request).next(&resource));
  EXPECT_EQ(find_attribute(resource.resource.view(), 1, "a")->text, "x");
  EXPECT_EQ(find_attribute(resource.resource.view(), 1, "b")->text, "y");
}

}  // namespace
}  // namespace millrace::otlp
