// Values and builders pass admission and decode to the same values.
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "library/encode_values.h"
#include "library/testing/requests.h"

namespace millrace::library {
namespace {

using testing::checked;
using v1::Attributes;
using v1::Value;
using v1::detail::Access;
using v1::detail::Encoder;

template <class T>
std::span<const uint8_t> encoded(const T& value, Encoder& encoder) {
  EncodeNotes notes;
  encode(value, {}, encoder, notes);
  EXPECT_FALSE(encoder.remarks().failed);
  return {encoder.begin(), encoder.size()};
}

v1::Span round_trip(const v1::Span& span) {
  Encoder encoder(0);
  return checked(Signal::kTraces, encoded(span, encoder))->to_spans().at(0);
}

v1::LogRecord built(v1::LogRecordBuilder& builder) {
  const uint8_t* begin = Access::finish(builder);
  const auto size = static_cast<size_t>(Access::encoder(builder).at() - begin);
  return checked(Signal::kLogs, {begin, size})->to_log_records().at(0);
}

Value nested(int depth) {
  Value value = "core";
  for (int i = 0; i < depth; ++i) value = Value(Value::Array{value});
  return value;
}

TEST(ValuesTest, EveryTypeOfAttributeSurvives) {
  const Value values[] = {
      Value(),
      "",
      "text",
      std::string(31, 'z'),
      std::string(32, 'z'),
      std::string(29, 'z') + "ö",
      std::string(30, 'z') + "ö",
      std::string(59, 'a'),
      std::string(60, 'b'),
      std::string(61, 'c'),
      std::string(127, 'd'),
      std::string(128, 'e'),
      std::string(20'000, 'f'),
      "Größe: 10 µm, 漢字, 🙂",
      std::string("with\0zero", 9),
      true,
      false,
      0,
      -1,
      127,
      128,
      std::numeric_limits<int64_t>::max(),
      std::numeric_limits<int64_t>::min(),
      0.0,
      -1.5,
      std::numeric_limits<double>::infinity(),
      Value::Bytes{},
      Value::Bytes(300, 0xff),
      Value::Array{},
      Value::Array{1, "two", 3.0, true, Value()},
      Value::Map{},
      Value::Map{{"a", 1}, {"b", Value::Map{{"c", Value::Array{"d"}}}}},
      nested(10),
  };
  for (const Value& value : values) {
    for (const std::string& key :
         {std::string("k"), std::string(31, 'k'), std::string(32, 'k'), std::string(60, 'k'),
          std::string(101, 'k'), std::string(300, 'k'), std::string("schlüssel")}) {
      v1::Span span = v1::Span::make("name");
      span.set(key, value).set("after", 1);
      EXPECT_EQ(round_trip(span), span);
    }
  }
}

TEST(ValuesTest, ABuilderWritesWhatTheValueWrites) {
  v1::Span span = v1::Span::make("GET /cart");
  span.parent_span_id = v1::random_span_id();
  span.trace_state = "a=1";
  span.kind = v1::SpanKind::kClient;
  span.flags = 257;
  span.end_time_unix_nano = span.start_time_unix_nano + 5;
  span.set("short", "GET").set("number", 8080).set("negative", -3).set("flag", false);
  span.set("double", 2.5).set("long", std::string(500, 'x')).set("list", Value::Array{1, 2});
  span.events.push_back({.time_unix_nano = 7, .name = "retry", .attributes = {{"n", "1"}}});
  span.links.push_back({.trace_id = v1::random_trace_id(),
                        .span_id = v1::random_span_id(),
                        .attributes = {{"l", "2"}}});
  span.status = {v1::StatusCode::kError, "refused"};

  v1::SpanBuilder builder("GET /cart", span.start_time_unix_nano);
  builder.set_trace_id(span.trace_id).set_span_id(span.span_id).set_parent(span.parent_span_id);
  builder.set_trace_state("a=1").set_kind(v1::SpanKind::kClient).set_flags(257);
  builder.set_end(span.end_time_unix_nano);
  builder.set("short", "GET").set("number", 8080).set("negative", -3).set("flag", false);
  builder.set("double", 2.5)
      .set("long", std::string(500, 'x'))
      .set("list", Value(Value::Array{1, 2}));
  builder.add_event("retry", 7, {{"n", "1"}});
  builder.add_link(span.links[0].trace_id, span.links[0].span_id, {{"l", "2"}});
  builder.set_status(v1::StatusCode::kError, "refused");
  EncodeNotes notes;
  // A second call gives the same.
  for (int i = 0; i < 2; ++i) {
    const uint8_t* begin = Access::finish(builder, notes);
    const auto size = static_cast<size_t>(Access::encoder(builder).at() - begin);
    EXPECT_EQ(checked(Signal::kTraces, {begin, size})->to_spans().at(0), span);
  }
}

TEST(ValuesTest, ABuilderCanBeUsedAgain) {
  v1::SpanBuilder builder("first");
  builder.set("big", std::string(10'000, 'x'));  // larger than the memory inside
  builder.reset("second", 5);
  builder.set("k", "v").set_end(6);
  EncodeNotes notes;
  const uint8_t* begin = Access::finish(builder, notes);
  const auto size = static_cast<size_t>(Access::encoder(builder).at() - begin);
  const v1::Span span = checked(Signal::kTraces, {begin, size})->to_spans().at(0);
  EXPECT_EQ(span.name, "second");
  EXPECT_EQ(span.attributes, (Attributes{{"k", "v"}}));
  EXPECT_NE(span.trace_id, v1::TraceId{});
  EXPECT_EQ(span.parent_span_id, v1::SpanId{});
}

TEST(ValuesTest, ALogRecordSurvives) {
  v1::LogRecord record = v1::LogRecord::make(v1::Severity::kWarn, Value::Map{{"what", "disk"}});
  record.severity_text = "WARNING";
  record.event_name = "disk.full";
  record.trace_id = v1::random_trace_id();
  record.span_id = v1::random_span_id();
  record.flags = 1;
  record.dropped_attributes_count = 2;
  record.set("free", 0).set("path", "/var");
  Encoder encoder(0);
  EXPECT_EQ(checked(Signal::kLogs, encoded(record, encoder))->to_log_records().at(0), record);

  v1::LogRecordBuilder builder(v1::Severity::kTrace, "disk", 9);
  builder.set("outgrown", std::string(5000, 'x'));
  builder.reset(v1::Severity::kWarn, {}, record.time_unix_nano);
  builder.set_body(record.body).set_severity_text("WARNING").set_event_name("disk.full");
  builder.set_span(record.trace_id, record.span_id).set_flags(1);
  builder.set("free", 0).set("path", "/var");
  record.dropped_attributes_count = 0;  // builders do not write it
  // A second call gives the same.
  for (int i = 0; i < 2; ++i) EXPECT_EQ(built(builder), record);
}

TEST(ValuesTest, ALogRecordCanBeDatedAndHaveNoBody) {
  v1::LogRecordBuilder builder(v1::Severity::kUnspecified);
  builder.set_time(0).set_observed_time(12).set("k", "v");
  EXPECT_EQ(built(builder),
            (v1::LogRecord{.observed_time_unix_nano = 12, .attributes = {{"k", "v"}}}));
  builder.reset(v1::Severity::kInfo, "");
  builder.set_time(5);
  const v1::LogRecord record = built(builder);
  EXPECT_EQ(record.body, Value(""));
  EXPECT_EQ(record.time_unix_nano, 5U);
  EXPECT_GE(record.observed_time_unix_nano, 1'000'000'000'000'000'000U);
}

TEST(ValuesTest, InvalidUtf8IsRepairedAndCounted) {
  v1::SpanBuilder builder("\xff name", 1);
  builder.set("bad \xc3", "ok").set("key", "half \xe6\xbc").set("both \xc0", -1);
  EXPECT_EQ(Access::encoder(builder).remarks().repaired_texts, 4U);
  EncodeNotes notes;
  const uint8_t* begin = Access::finish(builder, notes);
  const auto size = static_cast<size_t>(Access::encoder(builder).at() - begin);
  const v1::Span span = checked(Signal::kTraces, {begin, size})->to_spans().at(0);
  EXPECT_EQ(span.name, "\xEF\xBF\xBD name");
  EXPECT_EQ(span.attributes, (Attributes{{"bad \xEF\xBF\xBD", "ok"},
                                         {"key", "half \xEF\xBF\xBD\xEF\xBF\xBD"},
                                         {"both \xEF\xBF\xBD", -1}}));
}

TEST(ValuesTest, AttributesWithoutAKeyOrTooDeepAreSkippedAndCounted) {
  v1::Span span = v1::Span::make("name");
  span.set("", "no key").set("", 1).set("deep", nested(100)).set("kept", 1);
  Encoder encoder(0);
  const auto bytes = encoded(span, encoder);
  EXPECT_EQ(encoder.remarks().skipped, 3U);
  const v1::Span decoded = checked(Signal::kTraces, bytes)->to_spans().at(0);
  ASSERT_EQ(decoded.attributes.size(), 2U);
  EXPECT_EQ(decoded.attributes[1], (v1::Attribute{"kept", 1}));
}

TEST(ValuesTest, LongTextsAreCutAtAWholeCharacter) {
  v1::Span span = v1::Span::make("name");
  span.set("a", "abcdef").set("b", "aböö").set("c", "abc");
  Encoder encoder(0);
  EncodeNotes notes;
  encode(span, {.value_length_max = 5}, encoder, notes);
  EXPECT_EQ(notes.truncated_values, 2U);
  const v1::Span decoded =
      checked(Signal::kTraces, {encoder.begin(), encoder.size()})->to_spans().at(0);
  EXPECT_EQ(decoded.attributes, (Attributes{{"a", "abcde"}, {"b", "abö"}, {"c", "abc"}}));
}

TEST(ValuesTest, AnEndBeforeTheStartIsTheStartAndCounted) {
  v1::Span span = v1::Span::make("name");
  span.end_time_unix_nano = span.start_time_unix_nano - 1;
  Encoder encoder(0);
  EncodeNotes notes;
  encode(span, {}, encoder, notes);
  EXPECT_EQ(notes.corrected_times, 1U);
  v1::SpanBuilder builder("name", 10);
  builder.set_end(9);
  Access::finish(builder, notes);
  EXPECT_EQ(notes.corrected_times, 2U);
}

TEST(ValuesTest, TooLargeItemsAreRefused) {
  const std::string huge(70 << 20, 'x');
  v1::SpanBuilder builder("name");
  builder.set("huge", huge).set("after", 1).set_status(v1::StatusCode::kError, huge);
  EXPECT_TRUE(Access::encoder(builder).remarks().failed);
  builder.reset("name");
  EXPECT_FALSE(Access::encoder(builder).remarks().failed);
}

}  // namespace
}  // namespace millrace::library
