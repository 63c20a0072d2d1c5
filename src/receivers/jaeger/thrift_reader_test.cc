// Values as raw bytes in both encodings, whole and cut at every byte.
#include "receivers/jaeger/thrift_reader.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "base/bytes.h"

namespace millrace::receivers::jaeger {
namespace {

using namespace std::string_literals;
using Encoding = ThriftReader::Encoding;
using Type = ThriftReader::Type;

struct Reading {
  explicit Reading(std::string bytes, Encoding encoding = Encoding::kBinary)
      : text(std::move(bytes)), reader(as_span(text), encoding, pace) {}
  Pace pace;
  std::string text;
  ThriftReader reader;
};

// Skips the first field and says whether all bytes were needed for it.
bool takes_all(const std::string& bytes, Encoding encoding) {
  for (size_t size = 0; size <= bytes.size(); ++size) {
    Reading reading(bytes.substr(0, size), encoding);
    ThriftReader::Field field;
    const bool fine = reading.reader.next_field(field) && reading.reader.skip(field);
    if (fine != (size == bytes.size())) return false;
    if (!fine && reading.reader.what().empty()) return false;
  }
  return true;
}

TEST(ThriftReaderTest, EachTypeOfTheBinaryEncodingIsSkippedWhole) {
  for (const std::string& bytes :
       {"\x02\0\1\1"s, "\x03\0\1\1"s, "\x06\0\1\1\2"s, "\x08\0\1\1\2\3\4"s,
        "\x0a\0\1\1\2\3\4\5\6\7\x08"s, "\x04\0\1\1\2\3\4\5\6\7\x08"s, "\x0b\0\1\0\0\0\2ab"s,
        "\x0c\0\1\2\0\1\1\0"s, "\x0d\0\1\x0b\x02\0\0\0\1\0\0\0\1a\1"s, "\x0e\0\1\2\0\0\0\2\1\1"s,
        "\x0f\0\1\x0c\0\0\0\2\0\0"s, "\x10\0\1"s + "0123456789abcdef"}) {
    EXPECT_TRUE(takes_all(bytes, Encoding::kBinary)) << int{bytes[0]};
  }
}

TEST(ThriftReaderTest, EachTypeOfTheCompactEncodingIsSkippedWhole) {
  for (const std::string& bytes :
       {"\x11"s, "\x12"s, "\x13\1"s, "\x14\xff\1"s, "\x15\1"s, "\x16\xff\xff\1"s,
        "\x17\1\2\3\4\5\6\7\x08"s, "\x18\2ab"s, "\x19\x21\1\2"s, "\x1a\x28\0\0"s, "\x1b\0"s,
        "\x1b\1\x81\1a\1"s, "\x1c\x11\0"s, "\x1d"s + "0123456789abcdef"}) {
    EXPECT_TRUE(takes_all(bytes, Encoding::kCompact)) << int{bytes[0]};
  }
}

TEST(ThriftReaderTest, NumbersAreThoseOfTheirEncoding) {
  int32_t narrow = 0;
  int64_t wide = 0;
  uint64_t bits = 0;
  Reading binary("\xff\xff\xff\xfe\x80\0\0\0\0\0\0\0\x3f\xf0\0\0\0\0\0\0"s);
  EXPECT_TRUE(binary.reader.read_i32(&narrow) && binary.reader.read_i64(&wide) &&
              binary.reader.read_double(&bits));
  EXPECT_EQ(narrow, -2);
  EXPECT_EQ(wide, INT64_MIN);
  EXPECT_EQ(bits, 0x3ff0000000000000u);
  Reading compact("\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\1\0\0\0\0\0\0\xf0\x3f"s,
                  Encoding::kCompact);
  EXPECT_TRUE(compact.reader.read_i32(&narrow) && compact.reader.read_i64(&wide) &&
              compact.reader.read_double(&bits));
  EXPECT_EQ(narrow, -2);
  EXPECT_EQ(wide, INT64_MIN);
  EXPECT_EQ(bits, 0x3ff0000000000000u);
}

TEST(ThriftReaderTest, CompactFieldsCountOnFromTheOneBefore) {
  Reading reading("\x15\2\x35\4\x05\x14\6\0"s, Encoding::kCompact);
  ThriftReader::Field field;
  std::string ids;
  while (reading.reader.next_field(field) && field.type != Type::kStop) {
    ids += std::to_string(field.id) + " ";
    ASSERT_TRUE(reading.reader.skip(field));
  }
  EXPECT_EQ(ids, "1 4 10 ");
}

TEST(ThriftReaderTest, ALengthThatLiesIsRefusedAtTheLength) {
  for (const auto& [bytes, encoding] : {std::pair{"\x7f\xff\xff\xffgone"s, Encoding::kBinary},
                                        {"\x80\0\0\0gone"s, Encoding::kBinary},
                                        {"\xff\xff\xff\xff\x07gone"s, Encoding::kCompact},
                                        {"\xff\xff\xff\xff\x0fgone"s, Encoding::kCompact}}) {
    Reading reading(bytes, encoding);
    std::string_view text;
    EXPECT_FALSE(reading.reader.read_text(&text));
    EXPECT_EQ(reading.reader.position() - as_span(reading.text).data(), 0);
  }
}

TEST(ThriftReaderTest, AListHoldsNoMoreElementsThanBytesAreLeft) {
  Type element = Type::kStop;
  uint32_t count = 0;
  EXPECT_TRUE(Reading("\x0a\0\0\0\1"s + "12345678").reader.read_list(&element, &count));
  EXPECT_EQ(count, 1u);
  EXPECT_FALSE(Reading("\x0a\0\0\0\2"s + "12345678").reader.read_list(&element, &count));
  EXPECT_FALSE(Reading("\x0c\x7f\xff\xff\xff"s + "1").reader.read_list(&element, &count));
  EXPECT_FALSE(
      Reading("\xfc\xff\xff\xff\xff\x07"s, Encoding::kCompact).reader.read_list(&element, &count));
}

TEST(ThriftReaderTest, NestingIsBounded) {
  const auto nested = [](int depth) {
    std::string bytes;
    for (int i = 0; i < depth; ++i) bytes += "\x0c\0\1"s;
    return bytes + std::string(static_cast<size_t>(depth), '\0');
  };
  ThriftReader::Field field;
  Reading fits(nested(64));
  EXPECT_TRUE(fits.reader.next_field(field) && fits.reader.skip(field));
  Reading deep(nested(1000));
  EXPECT_TRUE(deep.reader.next_field(field));
  EXPECT_FALSE(deep.reader.skip(field));
  EXPECT_TRUE(deep.reader.what().contains("64 levels"));
}

TEST(ThriftReaderTest, CallsHaveANameInEachForm) {
  for (const auto& [bytes, encoding] :
       {std::pair{"\x80\1\0\4\0\0\0\2ab\0\0\0\1"s, Encoding::kBinary},
        {"\0\0\0\2ab\4\0\0\0\1"s, Encoding::kBinary},
        {"\x82\x81\1\2ab"s, Encoding::kCompact}}) {
    Reading reading(bytes, encoding);
    std::string_view name;
    EXPECT_TRUE(reading.reader.read_call(&name)) << reading.reader.what();
    EXPECT_EQ(name, "ab");
  }
}

}  // namespace
}  // namespace millrace::receivers::jaeger
