#include "span_output/attribute_writer.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "memory/chunk_buffer.h"

namespace millrace::span_output {
namespace {

using otlp::json::Output;

std::string written(const std::function<bool(Output&)>& write, size_t bytes_max = 1 << 10) {
  Budget budget(8 << 20);
  ChunkPool pool(budget, 0);
  Pace pace;
  Work work{pool, pace};
  ChunkBuffer buffer(work, bytes_max);
  otlp::json::LengthGuesses guesses{};
  Output out(buffer, guesses, pace);
  if (!write(out)) return "no room";
  out.sync();
  const Bytes bytes = buffer.finish();
  return std::string(bytes.text());
}

using namespace std::string_literals;

TEST(AttributeWriterTest, EachTypeIsItsFieldOfAnyValue) {
  EXPECT_EQ(written([](Output& out) { return write_string_attribute(out, 9, "k", "v"); }),
            "\x4a\x08\x0a\x01k\x12\x03\x0a\x01v"s);
  EXPECT_EQ(written([](Output& out) { return write_integer_attribute(out, 9, "k", 300); }),
            "\x4a\x08\x0a\x01k\x12\x03\x18\xac\x02"s);
  EXPECT_EQ(written([](Output& out) { return write_boolean_attribute(out, 9, "k", true); }),
            "\x4a\x07\x0a\x01k\x12\x02\x10\x01"s);
  EXPECT_EQ(written([](Output& out) { return write_bytes_attribute(out, 9, "k", "\0\xff"s); }),
            "\x4a\x09\x0a\x01k\x12\x04\x3a\x02\0\xff"s);
  EXPECT_EQ(written([](Output& out) { return write_double_attribute(out, 9, "k", 1.0); }),
            "\x4a\x0e\x0a\x01k\x12\x09\x21\0\0\0\0\0\0\xf0\x3f"s);
}

TEST(AttributeWriterTest, AnEmptyKeyIsLeftOut) {
  EXPECT_EQ(written([](Output& out) { return write_string_attribute(out, 9, "", ""); }),
            "\x4a\x04\x12\x02\x0a\0"s);
}

TEST(AttributeWriterTest, IdsAreBigEndianAndIdsOfZerosAreLeftOut) {
  EXPECT_EQ(written([](Output& out) { return write_span_id(out, 2, 0x0102030405060708); }),
            "\x12\x08\x01\x02\x03\x04\x05\x06\x07\x08"s);
  EXPECT_EQ(written([](Output& out) { return write_trace_id(out, 1, 0, 5); }),
            "\x0a\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x05"s);
  EXPECT_EQ(
      written([](Output& out) { return write_span_id(out, 2, 0) && write_trace_id(out, 1, 0, 0); }),
      "");
}

TEST(AttributeWriterTest, WithoutRoomNothingIsClaimed) {
  EXPECT_EQ(written([](Output& out) { return write_text(out, 1, "0123456789"); }, 10), "no room");
}

}  // namespace
}  // namespace millrace::span_output
