#include "wire/writer.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::wire {
namespace {

TEST(WriterTest, FieldsAsTheEncodingGuideShowsThem) {
  Writer writer;
  writer.varint_field(1, 150);
  writer.string_field(2, "testing");
  writer.fixed32_field(3, 1);
  writer.fixed64_field(16, 2);
  writer.sint_field(5, -2);
  EXPECT_EQ(writer.to_string(), std::string("\x08\x96\x01\x12\x07testing\x1d\x01\0\0\0"
                                            "\x81\x01\x02\0\0\0\0\0\0\0\x28\x03",
                                            29));
}

TEST(WriterTest, NestedLengthsAreMinimalForAnyExpectedSize) {
  for (const size_t size : {0, 1, 127, 128, 300, 16383, 16384, 70000}) {
    for (const size_t guess : {0, 127, 128, 20000, 3000000}) {
      Writer writer(1);
      const std::string text(size, 'x');
      const Writer::Nested outer = writer.open(1, guess);
      writer.string_field(2, text);
      writer.close(outer);
      writer.varint_field(3, 1);
      FieldReader reader(writer.view());
      Field field;
      ASSERT_TRUE(reader.next(&field));
      EXPECT_EQ(field.whole.size(), len_field_size(1, len_field_size(2, size)));
      Field inner;
      ASSERT_TRUE(FieldReader(field.bytes).next(&inner));
      EXPECT_EQ(inner.text(), text);
      ASSERT_TRUE(reader.next(&field));
      EXPECT_TRUE(field.is(3, WireType::kVarint));
      EXPECT_FALSE(reader.next(&field));
      EXPECT_TRUE(reader.ok());
    }
  }
}

TEST(WriterTest, FinishedBytesStayAsTheyAreWhileTheWriterGoesOn) {
  Writer writer(1024);
  writer.string_field(1, "first");
  const Bytes first = writer.finish();
  writer.string_field(1, "second");
  const Bytes second = writer.finish();
  EXPECT_EQ(first.text(),
            "\x0a\x05"
            "first");
  EXPECT_EQ(second.text(), "\x0a\x06second");
  EXPECT_EQ(first.chunk().get(), second.chunk().get());
}

TEST(WriterTest, DiscardRemovesTheTagToo) {
  Writer writer;
  writer.varint_field(1, 1);
  const Writer::Nested nested = writer.open(20, 500);
  writer.string_field(1, "unwanted");
  writer.discard(nested, 20);
  EXPECT_EQ(writer.to_string(), "\x08\x01");
}

}  // namespace
}  // namespace millrace::wire
