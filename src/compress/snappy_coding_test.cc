#include "compress/snappy_coding.h"

#include <gtest/gtest.h>

#include <string>

#include "compress/compressor.h"
#include "compress/decompressor.h"
#include "memory/testing/paced_work.h"

namespace millrace::compress {
namespace {

using std::string_literals::operator""s;

const std::string kIdentifier = "\xff\x06\x00\x00sNaPpY"s;
// "span", and eight bytes copied from four bytes before.
const std::string kBlock = "\x0c\x0cspan\x11\x04"s;

class SnappyCodingTest : public ::testing::Test {
 protected:
  std::string read(Coding coding, std::string_view input, size_t bytes_max = 64 << 20) {
    const Result<Bytes> out = decompressor_.decompress(coding, as_span(input), pool_, bytes_max);
    millrace::testing::PacedWork paced(pool_);
    const Result<Bytes> again =
        decompressor_.decompress(coding, as_span(input), paced.work, bytes_max);
    EXPECT_EQ(out.has_value(), again.has_value()) << "in one go and in steps";
    if (out && again) {
      EXPECT_EQ(out->text(), again->text());
    }
    return out ? std::string(out->text()) : std::string(code_name(out.error().code));
  }
  static std::string write(Coding coding, const Rope& plain) {
    const Result<Bytes> out = Compressor(coding, kDefaultLevel).compress(plain);
    return out ? std::string(out->text()) : "error";
  }

  Budget budget_{256 << 20};
  ChunkPool pool_{budget_, 0};
  Decompressor decompressor_;
};

std::string noise_and_text(size_t size) {
  std::string text;
  for (uint32_t i = 1; text.size() < size; i = i * 1664525 + 1013904223) {
    text += text.size() % 300'000 < 150'000 ? std::to_string(i) : std::string(1, char(i >> 24));
  }
  text.resize(size);
  return text;
}

TEST_F(SnappyCodingTest, ABlockIsRead) {
  EXPECT_EQ(read(Coding::kSnappy, kBlock), "spanspanspan");
  EXPECT_EQ(read(Coding::kSnappy, "\x00"s), "");
}

// The bytes are those of Go's snappy.NewBufferedWriter.
TEST_F(SnappyCodingTest, AFramedBodyIsReadUnderBothNames) {
  const std::string framed = kIdentifier + "\x01\x09\x00\x00"s + "\xbb\x1f\x1c\x19"s + "abcde";
  const std::string ours = write(Coding::kSnappyFramed, Rope(Bytes::copy_of("spans")));
  EXPECT_TRUE(ours.starts_with(kIdentifier + "\x01\x09\x00\x00"s));
  EXPECT_EQ(read(Coding::kSnappyFramed, ours), "spans");
  EXPECT_EQ(read(Coding::kSnappy, ours), "spans") << "otelcol detects the framing";
  EXPECT_EQ(read(Coding::kSnappyFramed, kBlock), "INVALID_ARGUMENT") << "but not the other way";
  EXPECT_EQ(read(Coding::kSnappyFramed, framed), "INVALID_ARGUMENT") << "a wrong checksum";
}

TEST_F(SnappyCodingTest, WhatWasWrittenComesBackAcrossPiecesAndFrames) {
  for (const size_t size : {0, 1, 65'535, 65'536, 65'537, 1'000'000}) {
    const std::string text = noise_and_text(size);
    Rope rope;
    for (size_t at = 0; at < text.size(); at += 7'001) {
      rope.append(Bytes::copy_of(std::string_view(text).substr(at, 7'001)));
    }
    for (const Coding coding : {Coding::kSnappy, Coding::kSnappyFramed}) {
      EXPECT_TRUE(read(coding, write(coding, rope)) == text) << size;
    }
  }
}

TEST_F(SnappyCodingTest, EveryCutIsAnErrorOrAShorterBody) {
  const std::string whole = write(Coding::kSnappy, Rope(Bytes::copy_of(noise_and_text(300))));
  for (size_t i = 0; i < whole.size(); ++i) {
    EXPECT_EQ(read(Coding::kSnappy, whole.substr(0, i)), "INVALID_ARGUMENT") << i;
  }
  const std::string framed = write(Coding::kSnappyFramed, Rope(Bytes::copy_of("spans")));
  for (size_t i = 1; i < framed.size(); ++i) {
    const std::string got = read(Coding::kSnappyFramed, framed.substr(0, i));
    EXPECT_EQ(got, i == kIdentifier.size() ? "" : "INVALID_ARGUMENT") << i;
  }
}

TEST_F(SnappyCodingTest, PaddingIsSkippedAndUnknownFramesAreNot) {
  const std::string body = write(Coding::kSnappyFramed, Rope(Bytes::copy_of("spans")));
  const std::string rest = body.substr(kIdentifier.size());
  EXPECT_EQ(read(Coding::kSnappyFramed, kIdentifier + "\xfe\x02\x00\x00zz\x80\x00\x00\x00"s + rest),
            "spans");
  EXPECT_EQ(read(Coding::kSnappyFramed, kIdentifier + "\x02\x00\x00\x00"s + rest),
            "INVALID_ARGUMENT");
  EXPECT_EQ(read(Coding::kSnappyFramed, body + body), "spansspans");
}

TEST_F(SnappyCodingTest, ABodyLargerThanTheLimitIsRefusedBeforeMemoryIsTaken) {
  EXPECT_EQ(read(Coding::kSnappy, kBlock, 12), "spanspanspan");
  EXPECT_EQ(read(Coding::kSnappy, kBlock, 11), "RESOURCE_EXHAUSTED");
  const std::string framed =
      write(Coding::kSnappyFramed, Rope(Bytes::copy_of(std::string(200'000, 's'))));
  EXPECT_EQ(read(Coding::kSnappyFramed, framed, 200'000).size(), 200'000);
  EXPECT_EQ(read(Coding::kSnappyFramed, framed, 199'999), "RESOURCE_EXHAUSTED");
  // A length that the input cannot hold is no reason to reserve it.
  EXPECT_EQ(read(Coding::kSnappy, "\xff\xff\xff\x1f"s + "span"), "INVALID_ARGUMENT");
}

TEST_F(SnappyCodingTest, WithoutMemoryInTheBudgetItIsUnavailable) {
  Budget small(300 << 10);
  ChunkPool pool(small, 0);
  const std::string block = write(Coding::kSnappy, Rope(Bytes::copy_of(noise_and_text(2 << 20))));
  const Result<Bytes> out =
      decompressor_.decompress(Coding::kSnappy, as_span(block), pool, 4 << 20);
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().code, Code::kUnavailable);
}

}  // namespace
}  // namespace millrace::compress
