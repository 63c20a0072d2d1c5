// Items that a C program builds piece by piece or passes as structures, as an exporter sees them.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "c_interface/handles.h"
#include "c_interface/values.h"
#include "library/testing/recorder.h"
#include "millrace/millrace.h"

namespace millrace::c_interface {
namespace {

using library::testing::Recorder;

// A collector whose only exporter is a recorder.
struct Recorded {
  Recorded() {
    v1::Config config;
    config.endpoint = "";
    config.exporters = {recorder};
    auto made = v1::Collector::create(config);
    EXPECT_TRUE(made.ok()) << made.error().message;
    collector = std::make_unique<millrace_collector>(
        millrace_collector{std::move(*made), config.item_bytes_max});
  }
  void finish() { EXPECT_EQ(millrace_shutdown(collector.get(), 20'000), MILLRACE_OK); }
  std::shared_ptr<Recorder> recorder = std::make_shared<Recorder>();
  std::unique_ptr<millrace_collector> collector;
};

TEST(BuiltItemsTest, LinksAndEventsOfASpanAreWhole) {
  Recorded recorded;
  millrace_span_builder* builder = millrace_span_builder_new("a span");
  millrace_span_link link = {};
  std::fill(std::begin(link.trace_id), std::end(link.trace_id), uint8_t{1});
  std::fill(std::begin(link.span_id), std::end(link.span_id), uint8_t{2});
  link.dropped_attributes_count = 1;
  link.flags = 1;
  millrace_span_builder_add_link(builder, &link);
  millrace_span_builder_add_link(builder, nullptr);
  millrace_span_event event = {};
  event.time_unix_nano = 1;
  event.dropped_attributes_count = 1;
  millrace_span_builder_add_event(builder, &event);
  event.time_unix_nano = 0;
  event.dropped_attributes_count = 0;
  const uint64_t before = millrace_now_unix_nano();
  millrace_span_builder_add_event(builder, &event);
  millrace_span_builder_add_event(builder, nullptr);
  EXPECT_EQ(millrace_collect_builder(recorded.collector.get(), builder), MILLRACE_OK);
  millrace_span_builder_free(builder);
  recorded.finish();
  const std::vector<v1::Span> spans = recorded.recorder->spans();
  ASSERT_EQ(spans.size(), 1u);
  ASSERT_EQ(spans[0].links.size(), 1u);
  EXPECT_EQ(spans[0].links[0].trace_id[15], 1);
  EXPECT_EQ(spans[0].links[0].span_id[7], 2);
  EXPECT_EQ(spans[0].links[0].dropped_attributes_count, 1u);
  EXPECT_EQ(spans[0].links[0].flags, 1u);
  ASSERT_EQ(spans[0].events.size(), 2u);
  EXPECT_EQ(spans[0].events[0].time_unix_nano, 1u);
  EXPECT_EQ(spans[0].events[0].dropped_attributes_count, 1u);
  EXPECT_GE(spans[0].events[1].time_unix_nano, before);
  EXPECT_EQ(spans[0].events[1].dropped_attributes_count, 0u);
}

TEST(BuiltItemsTest, OnlyTheCountedAttributesOfAnEventAreRead) {
  Recorded recorded;
  const millrace_attribute attributes[] = {
      {millrace_text_of("text"), millrace_text_value("value")},
      {millrace_text_of("integer"), millrace_integer_value(1)},
      {millrace_text_of("not counted"), millrace_integer_value(2)}};
  millrace_span_event event = {};
  event.attributes = attributes;
  event.attribute_count = 2;
  millrace_span_builder* builder = millrace_span_builder_new("a span");
  millrace_span_builder_add_event(builder, &event);
  EXPECT_EQ(millrace_collect_builder(recorded.collector.get(), builder), MILLRACE_OK);
  millrace_span_builder_free(builder);
  recorded.finish();
  const std::vector<v1::Span> spans = recorded.recorder->spans();
  ASSERT_EQ(spans.size(), 1u);
  ASSERT_EQ(spans[0].events.size(), 1u);
  EXPECT_EQ(spans[0].events[0].attributes.size(), 2u);
}

TEST(BuiltItemsTest, TheBodyOfALogRecordIsAnyValue) {
  Recorded recorded;
  millrace_log_record_builder* builder =
      millrace_log_record_builder_new(MILLRACE_SEVERITY_INFO, nullptr);
  const millrace_value body = millrace_double_value(2.5);
  millrace_log_record_builder_set_body(builder, &body);
  millrace_log_record_builder_set_body(builder, nullptr);
  EXPECT_EQ(millrace_collect_log_builder(recorded.collector.get(), builder), MILLRACE_OK);
  millrace_log_record_builder_free(builder);
  recorded.finish();
  const std::vector<v1::LogRecord> records = recorded.recorder->log_records();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].body, v1::Value(2.5));
}

TEST(BuiltItemsTest, ValuesOfEveryTypeAreRead) {
  Allowance allowance(1000);
  EXPECT_EQ(to_value(millrace_double_value(2.5), allowance), v1::Value(2.5));
  EXPECT_EQ(to_value(millrace_integer_value(-7), allowance), v1::Value(int64_t{-7}));
  EXPECT_EQ(to_value(millrace_bool_value(1), allowance), v1::Value(true));
  EXPECT_EQ(to_value(millrace_bool_value(0), allowance), v1::Value(false));
  EXPECT_EQ(to_value(millrace_text_value("a"), allowance), v1::Value("a"));
  EXPECT_EQ(to_value(millrace_empty_value(), allowance), v1::Value());
  EXPECT_FALSE(allowance.is_exceeded());
}

}  // namespace
}  // namespace millrace::c_interface
