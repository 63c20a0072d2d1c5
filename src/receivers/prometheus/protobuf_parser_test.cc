#include "receivers/prometheus/protobuf_parser.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "receivers/prometheus/testing.h"
#include "wire/writer.h"

namespace millrace::receivers::prometheus {
namespace {

using wire::Writer;

// A family behind its length, as `write` writes it.
std::string delimited(const std::function<void(Writer&)>& write) {
  Writer family;
  write(family);
  Writer whole;
  whole.raw_varint(family.size());
  whole.raw(family.view());
  return whole.to_string();
}

void write_label(Writer& writer, std::string_view name, std::string_view value) {
  const auto pair = writer.open(1);
  writer.string_field(1, name);
  writer.string_field(2, value);
  writer.close(pair);
}

std::string counter(std::string_view name, double value) {
  return delimited([&](Writer& family) {
    family.string_field(1, name);
    family.string_field(2, "help");
    family.varint_field(3, 0);
    const auto metric = family.open(4);
    write_label(family, "a", "b");
    const auto content = family.open(3);
    family.double_field(1, value);
    const auto created = family.open(3);
    family.varint_field(1, 5);
    family.varint_field(2, 7'000'000);
    family.close(created);
    family.close(content);
    family.varint_field(6, 99);
    family.close(metric);
    family.string_field(5, "seconds");
  });
}

std::string histogram(bool is_native) {
  return delimited([&](Writer& family) {
    family.string_field(1, "h");
    family.varint_field(3, 4);
    const auto metric = family.open(4);
    const auto content = family.open(7);
    family.varint_field(1, 3);
    family.double_field(2, 4.5);
    const auto bucket = family.open(3);
    family.varint_field(1, 2);
    family.double_field(2, 1);
    const auto exemplar = family.open(3);
    write_label(family, "trace_id", "t");
    family.double_field(2, 0.5);
    family.close(exemplar);
    family.close(bucket);
    if (is_native) {
      family.sint_field(5, 1);
      const auto span = family.open(12);
      family.sint_field(1, 3);
      family.varint_field(2, 2);
      family.close(span);
      family.sint_field(13, 2);
      family.sint_field(13, -1);
    }
    family.close(content);
    family.close(metric);
  });
}

std::string parse(std::string_view body, ParserOptions options = {}) {
  return parse_text(Format::kProtobuf, body, SIZE_MAX, options);
}

TEST(ProtobufParserTest, FamiliesBecomeSamples) {
  EXPECT_EQ(parse(counter("c_seconds", 2)),
            "help c_seconds help\ntype c_seconds counter\n"
            "sample __name__=\"c_seconds\" a=\"b\" = 2 @99 since 5007\nunit c_seconds seconds\n");
  EXPECT_EQ(parse(histogram(false)),
            "type h histogram\nsample __name__=\"h_count\" = 3\nsample __name__=\"h_sum\" = 4.5\n"
            "sample __name__=\"h_bucket\" le=\"1.0\" = 2 # trace_id=\"t\" = 0.5\n"
            "sample __name__=\"h_bucket\" le=\"+Inf\" = 3\n");
}

TEST(ProtobufParserTest, NativeHistogramsAreShownWhereTheyAreWanted) {
  const std::string body = histogram(true);
  EXPECT_TRUE(parse(body).contains("h_bucket"));
  EXPECT_FALSE(parse(body).contains("native"));
  const std::string native = parse(body, {.native_histograms = true});
  EXPECT_EQ(native, "type h histogram\nsample __name__=\"h\" = 0 native 3\n");
  const std::string both = parse(body, {.native_histograms = true, .always_classic = true});
  EXPECT_TRUE(both.contains("native") && both.contains("h_bucket"));
}

TEST(ProtobufParserTest, PiecesOfAnySizeGiveTheSame) {
  const std::string body = counter("a", 1) + histogram(false) + counter("b", 2);
  const std::string whole = parse(body);
  EXPECT_FALSE(whole.contains("error"));
  for (size_t size = 1; size < body.size(); ++size) {
    EXPECT_EQ(parse_text(Format::kProtobuf, body, size), whole) << size;
  }
}

TEST(ProtobufParserTest, MistakesAreErrors) {
  const std::string body = counter("a", 1);
  for (size_t size = 1; size < body.size(); ++size) {
    EXPECT_TRUE(parse(body.substr(0, size)).contains("error")) << size;
  }
  EXPECT_TRUE(parse("a 1\n").contains("error"));
  EXPECT_TRUE(parse(delimited([](Writer& family) {
                family.string_field(1, "a");
                family.varint_field(3, 9);
              })).contains("an unknown type"));
  EXPECT_TRUE(parse(delimited([](Writer& family) {
                family.string_field(1, "\xff");
              })).contains("the name of a family"));
}

TEST(ProtobufParserTest, AMetricOfMoreThanAMebibyteIsAnErrorAndNotKept) {
  WritingSink sink;
  ProtobufParser parser({}, sink);
  Writer head;
  head.raw_varint(100 << 20);
  head.string_field(1, "a");
  head.raw_varint(wire::make_tag(4, wire::WireType::kLen));
  head.raw_varint(90 << 20);
  Status status = parser.feed(head.to_string());
  const std::string piece(64 << 10, '\0');
  int fed = 0;
  for (; status && fed < 100; ++fed) status = parser.feed(piece);
  EXPECT_FALSE(status);
  EXPECT_LT(fed, 20);
}

// A gap between two spans could ask for any amount of memory.
TEST(ProtobufParserTest, AHugeGapBetweenNativeBucketsIsNoBucketList) {
  const std::string body = delimited([](Writer& family) {
    family.string_field(1, "h");
    family.varint_field(3, 4);
    const auto metric = family.open(4);
    const auto content = family.open(7);
    family.varint_field(1, 3);
    for (const int offset : {0, INT32_MAX}) {
      const auto span = family.open(12);
      family.sint_field(1, offset);
      family.varint_field(2, 1);
      family.close(span);
      family.sint_field(13, 1);
    }
    family.close(content);
    family.close(metric);
  });
  EXPECT_EQ(parse(body, {.native_histograms = true}), "type h histogram\n");
}

}  // namespace
}  // namespace millrace::receivers::prometheus
