#include "otlp/rope_writer.h"

#include <gtest/gtest.h>

#include <string>

#include "memory/testing/test_work.h"

namespace millrace::otlp {
namespace {

Bytes text_of(size_t size, char letter) { return Bytes::copy_of(std::string(size, letter)); }

// Returns tag 2, the minimal length and the content.
std::string field_of(std::string_view content) {
  uint8_t prefix[10];
  uint8_t* at = wire::write_varint(prefix, wire::make_tag(2, wire::WireType::kLen));
  at = wire::write_varint(at, content.size());
  return std::string(reinterpret_cast<char*>(prefix), static_cast<size_t>(at - prefix)) +
         std::string(content);
}

TEST(RopeWriterTest, LengthsAreMinimalForAnyExpectedSize) {
  for (const size_t size : {0u, 1u, 127u, 128u, 5000u, 20'000u, 600'000u, 2'100'000u}) {
    for (const size_t expected : {0u, 200u, 20'000u, 3'000'000u}) {
      testing::TestWork own;
      RopeWriter writer(own.work, 64 << 20);
      writer.write(as_span("before"));
      const auto outer = writer.open(2, expected);
      const auto inner = writer.open(2, expected);
      const std::string content(size, 'c');
      for (size_t at = 0; at < size; at += 3000) {
        writer.write(as_span(std::string_view(content).substr(at, 3000)));
      }
      writer.close(inner);
      writer.close(outer);
      writer.write(as_span("behind"));
      const std::string wanted = "before" + field_of(field_of(content)) + "behind";
      EXPECT_EQ(writer.size(), wanted.size());
      EXPECT_EQ(writer.finish()->to_bytes().text(), wanted) << size << " expected " << expected;
    }
  }
}

TEST(RopeWriterTest, PrefixesAroundKeptStretchesAreRight) {
  for (const size_t expected : {0u, 3'000'000u}) {
    testing::TestWork own;
    RopeWriter writer(own.work, 64 << 20);
    const Bytes large = text_of(30'000, 'k');
    const auto outer = writer.open(2, expected);
    writer.keep(large, large.view());
    const auto inner = writer.open(2, expected);
    writer.keep(large, large.view().subspan(10'000));
    writer.keep(large, large.view().first(5));
    writer.close(inner);
    writer.close(outer);
    const std::string kept(30'000, 'k');
    EXPECT_EQ(writer.finish()->to_bytes().text(), field_of(kept + field_of(kept.substr(9'995))));
  }
}

TEST(RopeWriterTest, LargeStretchesStaySlicesAndSmallOnesAreCopied) {
  testing::TestWork own;
  RopeWriter writer(own.work, 64 << 20);
  const Bytes large = text_of(kCopyBelowBytes, 'k');
  writer.keep(large, large.view());
  writer.keep(large, large.view().first(100));
  const Rope rope = *writer.finish();
  ASSERT_EQ(rope.pieces().size(), 2u);
  EXPECT_EQ(rope.pieces()[0].data(), large.data());
  EXPECT_NE(rope.pieces()[1].chunk().get(), large.chunk().get());
}

TEST(RopeWriterTest, TheFirstFailureStays) {
  testing::TestWork own;
  RopeWriter writer(own.work, 100);
  writer.write(as_span(std::string(101, 'x')));
  EXPECT_TRUE(writer.failed());
  writer.write(as_span("y"));
  writer.close(writer.open(1, 5));
  EXPECT_EQ(writer.finish().error().code, Code::kResourceExhausted);
}

TEST(RopeWriterTest, SmallOutputsShareAChunk) {
  testing::TestWork own;
  std::vector<Rope> ropes;
  for (int i = 0; i < 20; ++i) {
    RopeWriter writer(own.work, 1 << 20);
    writer.write(as_span(std::string(5000, static_cast<char>('a' + i))));
    ropes.push_back(*writer.finish());
  }
  EXPECT_EQ(own.budget.used(), kPooledChunkBytes);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(ropes[static_cast<size_t>(i)].to_bytes().text(),
              std::string(5000, static_cast<char>('a' + i)));
  }
}

// A batch in pieces could not be copied together while the budget was full, so it was never sent as
// JSON.
TEST(RopeWriterTest, CopiesMayExceedTheLimitAsTheOutputMay) {
  testing::TestWork own(1 << 20);
  const Reservation full =
      Reservation::make_beyond(own.budget, MemoryTerm::kMessages, own.budget.limit());
  RopeWriter writer(own.work, 1 << 20);
  writer.let_pass_the_limit();
  EXPECT_TRUE(static_cast<bool>(writer.take_chunk(100'000)));
  writer.write(as_span("text"));
  EXPECT_FALSE(static_cast<bool>(writer.take_chunk(kBeyondLimitBytes))) << "more than may pass";
  EXPECT_EQ(writer.finish().error().code, Code::kUnavailable);
}

}  // namespace
}  // namespace millrace::otlp
