// golden_test.cc compares with Go's bytes; this has what Go's client does otherwise or cannot show.
#include "prometheus/protobuf_writer.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "prometheus/testing/text_sink.h"
#include "wire/protobuf.h"

namespace millrace::prometheus {
namespace {

using testing::TextSink;
using wire::Field;
using wire::FieldReader;
using wire::WireType;

constexpr PageOptions kProtobufPage{.exposition = {.format = Format::kProtobuf}};

std::vector<std::string_view> messages_of(std::string_view page) {
  std::vector<std::string_view> messages;
  const uint8_t* at = as_span(page).data();
  const uint8_t* const end = at + page.size();
  while (at != end) {
    uint32_t length = 0;
    at = wire::read_length(at, end, &length);
    EXPECT_NE(at, nullptr);
    messages.push_back(as_text({at, length}));
    at += length;
  }
  return messages;
}

std::vector<Field> fields_of(std::string_view message, uint32_t number) {
  std::vector<Field> fields;
  FieldReader reader(as_span(message));
  for (Field field; reader.next(&field);) {
    if (field.number == number) fields.push_back(field);
  }
  EXPECT_TRUE(reader.ok());
  return fields;
}

TEST(ProtobufWriterTest, WritesNativeHistograms) {
  TextSink sink;
  const auto writer = make_page_writer(kProtobufPage, sink);
  writer->begin_family({.name = "e", .type = FamilyType::kHistogram});
  static constexpr std::array<uint64_t, 6> kCounts = {10, 0, 0, 20, 5, 2};
  writer->write({.labels = R"(a="b")"},
                ExponentialValue{.zero_count = 1, .count = 38, .positive = {3, kCounts}});
  writer->write({}, ExponentialValue{.scale = -5});
  writer->finish();
  const auto messages = messages_of(sink.text);
  ASSERT_EQ(messages.size(), 1);
  const auto metrics = fields_of(messages[0], 4);
  ASSERT_EQ(metrics.size(), 1) << "the one with scale -5 has no native form";
  const std::string_view histogram = fields_of(metrics[0].text(), 7).at(0).text();
  EXPECT_EQ(fields_of(histogram, 1).at(0).value, 38);
  EXPECT_EQ(fields_of(histogram, 5).at(0).value, 0) << "the schema";
  EXPECT_EQ(fields_of(histogram, 6).at(0).as_double(), 1e-128);
  EXPECT_EQ(fields_of(histogram, 7).at(0).value, 1);
  std::vector<int64_t> deltas;
  for (const Field& delta : fields_of(histogram, 13)) {
    deltas.push_back(wire::zigzag_decode(delta.value));
  }
  EXPECT_EQ(deltas, (std::vector<int64_t>{10, 10, -15, -3}));
  std::vector<std::pair<int64_t, uint64_t>> spans;
  for (const Field& span : fields_of(histogram, 12)) {
    spans.emplace_back(wire::zigzag_decode(fields_of(span.text(), 1).at(0).value),
                       fields_of(span.text(), 2).at(0).value);
  }
  EXPECT_EQ(spans, (std::vector<std::pair<int64_t, uint64_t>>{{4, 1}, {2, 3}}));
  EXPECT_TRUE(fields_of(histogram, 9).empty());
}

TEST(ProtobufWriterTest, ALongFamilyIsWrittenInSeveralMessages) {
  TextSink sink;
  const auto writer = make_page_writer(kProtobufPage, sink);
  writer->begin_family({.name = "x_seconds", .help = "h", .unit = "seconds"});
  const std::string labels = "a=\"" + std::string(10'000, 'v') + "\"";
  for (int i = 0; i < 7; ++i) writer->write({.labels = labels}, NumberValue{.value = 1});
  writer->begin_family({.name = "y"});
  writer->begin_family({.name = "z"});
  writer->write({}, NumberValue{.value = 2});
  writer->finish();
  std::vector<std::string> names;
  size_t series = 0;
  for (const std::string_view message : messages_of(sink.text)) {
    names.emplace_back(fields_of(message, 1).at(0).text());
    EXPECT_EQ(fields_of(message, 3).at(0).value, 3) << "untyped";
    EXPECT_EQ(fields_of(message, 5).size(), names.back() == "x_seconds" ? 1 : 0);
    EXPECT_LT(message.size(), kMessageBytes + labels.size() + 200);
    series += fields_of(message, 4).size();
  }
  EXPECT_EQ(names, (std::vector<std::string>{"x_seconds", "x_seconds", "z"}));
  EXPECT_EQ(series, 8);
}

TEST(ProtobufWriterTest, ALongHelpIsNotRepeatedForEachSeries) {
  TextSink sink;
  const auto writer = make_page_writer(kProtobufPage, sink);
  writer->begin_family({.name = "x", .help = std::string(60'000, 'h')});
  const std::string labels = "a=\"" + std::string(10'000, 'v') + "\"";
  for (int i = 0; i < 12; ++i) writer->write({.labels = labels}, NumberValue{.value = 1});
  writer->finish();
  EXPECT_EQ(messages_of(sink.text).size(), 2u);
  EXPECT_LT(sink.text.size(), 2 * 60'000 + 12 * 10'100);
}

TEST(ProtobufWriterTest, SaysWhatItsMessageTakes) {
  TextSink sink;
  const auto writer = make_page_writer(kProtobufPage, sink);
  writer->begin_family({.name = "x"});
  writer->write({.labels = "a=\"" + std::string(100'000, 'v') + "\""}, NumberValue{.value = 1});
  EXPECT_GE(writer->held_bytes(), 200'000u);
}

TEST(ProtobufWriterTest, StopsWhenThereIsNoMemory) {
  TextSink sink(10, 1);
  const auto writer = make_page_writer(kProtobufPage, sink);
  writer->begin_family({.name = "long_name_of_a_metric"});
  writer->write({}, NumberValue{.value = 1});
  writer->finish();
  EXPECT_TRUE(writer->failed());
  EXPECT_FALSE(sink.is_finished);
}

}  // namespace
}  // namespace millrace::prometheus
