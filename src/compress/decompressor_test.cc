#include "compress/decompressor.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "compress/compressor.h"
#include "memory/testing/paced_work.h"

namespace millrace::compress {
namespace {

constexpr size_t kMax = 64 << 20;

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

std::string compressed(Coding coding, std::string_view text, int level = 1) {
  const Result<Bytes> out = Compressor(coding, level).compress(Rope(Bytes::copy_of(text)));
  return out ? std::string(out->text()) : std::string();
}

std::string some_text(size_t size) {
  std::string text;
  for (uint32_t i = 1; text.size() < size; i = i * 1664525 + 1013904223) text += std::to_string(i);
  text.resize(size);
  return text;
}

class DecompressorTest : public ::testing::Test {
 protected:
  Result<Bytes> run(Coding coding, std::string_view input, size_t max_bytes = kMax) {
    Result<Bytes> out = decompressor_.decompress(coding, as_span(input), pool_, max_bytes);
    millrace::testing::PacedWork paced(pool_);
    const Result<Bytes> again =
        decompressor_.decompress(coding, as_span(input), paced.work, max_bytes);
    EXPECT_EQ(out.has_value(), again.has_value()) << "in one go and in steps";
    if (out && again) {
      EXPECT_TRUE(out->text() == again->text());
    }
    if (!out && !again) {
      EXPECT_EQ(out.error().code, again.error().code);
    }
    return out;
  }
  std::string text(Coding coding, std::string_view input, size_t max_bytes = kMax) {
    const Result<Bytes> out = run(coding, input, max_bytes);
    return out ? std::string(out->text()) : std::string(code_name(out.error().code));
  }
  Budget budget_{256 << 20};
  ChunkPool pool_{budget_, 0};
  Decompressor decompressor_;
};

struct Known {
  Coding coding;
  std::string_view hex;
  std::string_view text;  // or the error's code
};

// Written by other programs: gzip(1), Python's zlib and zstd(1).
TEST_F(DecompressorTest, KnownBodies) {
  const Known cases[] = {
      {Coding::kGzip, "1f8b08000000000002034b4c4a0600c241243503000000", "abc"},
      {Coding::kGzip, "1f8b0808000000000203666f6f004b4c4a0600c241243503000000", "abc"},  // FNAME
      {Coding::kGzip, "1f8b080000000000020303000000000000000000", ""},
      {Coding::kDeflate, "789c4b4c4a0600024d0127", "abc"},
      {Coding::kZstd, "28b52ffd2003190000616263", "abc"},
      {Coding::kZstd, "28b52ffd0458190000616263523a9a06", "INVALID_ARGUMENT"},  // wrong checksum
      {Coding::kZstd, "28b52ffd2000010000", ""},
      {Coding::kZstd, "502a4d1803000000aabbcc28b52ffd2003190000616263", "abc"},  // skippable first
      {Coding::kGzip, "1f8b08000000000002034b4c4a0600c241243603000000", "INVALID_ARGUMENT"},  // CRC
      {Coding::kGzip, "1f8b08000000000002034b4c4a0600c241243504000000",
       "INVALID_ARGUMENT"},  // size
      {Coding::kGzip, "1f8b07000000000002034b4c4a0600c241243503000000", "INVALID_ARGUMENT"},
      {Coding::kGzip, "789c4b4c4a0600024d0127", "INVALID_ARGUMENT"},
      {Coding::kDeflate, "789c4b4c4a0600024d0128", "INVALID_ARGUMENT"},
      {Coding::kZstd, "616263", "INVALID_ARGUMENT"},
  };
  for (const Known& known : cases) {
    EXPECT_EQ(text(known.coding, from_hex(known.hex)), known.text) << known.hex;
  }
}

class EveryCodingTest : public DecompressorTest, public ::testing::WithParamInterface<Coding> {};

TEST_P(EveryCodingTest, TruncatedAtEveryByteIsCorrupt) {
  const std::string whole = compressed(GetParam(), some_text(3000));
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(text(GetParam(), whole.substr(0, size)), "INVALID_ARGUMENT") << size;
  }
  EXPECT_EQ(budget_.used(), 0u);
}

TEST_P(EveryCodingTest, TrailingGarbageIsCorrupt) {
  EXPECT_EQ(text(GetParam(), compressed(GetParam(), "abc") + "x"), "INVALID_ARGUMENT");
  // Also where the first buffer was too small and decoding went on by another way.
  const std::string zeros = compressed(GetParam(), std::string(5 << 20, '\0'));
  EXPECT_EQ(text(GetParam(), zeros + "garbage garbage garbage"), "INVALID_ARGUMENT");
}

TEST_P(EveryCodingTest, BodyOfJustTheLimitFitsAndOneMoreDoesNot) {
  for (const size_t size : {1000, 600'000, 3'000'000}) {
    const std::string plain = some_text(size);
    const std::string body = compressed(GetParam(), plain);
    EXPECT_TRUE(text(GetParam(), body, size) == plain) << size;
    EXPECT_EQ(text(GetParam(), body, size - 1), "RESOURCE_EXHAUSTED");
  }
}

TEST_P(EveryCodingTest, NothingFitsALimitOfZero) {
  EXPECT_EQ(text(GetParam(), compressed(GetParam(), ""), 0), "");
  EXPECT_EQ(text(GetParam(), compressed(GetParam(), "a"), 0), "RESOURCE_EXHAUSTED");
}

// A bomb costs at most the limit in memory, whatever its header or trailer says.
TEST_P(EveryCodingTest, BombIsStoppedAtTheLimit) {
  Rope zeros;
  const Bytes block = Bytes::copy_of(std::string(1 << 20, '\0'));
  for (int i = 0; i < 1024; ++i) zeros.append(block);
  const Result<Bytes> bomb = Compressor(GetParam(), 1).compress(zeros);
  ASSERT_TRUE(bomb);
  ASSERT_LT(bomb->size(), size_t{8 << 20});
  EXPECT_EQ(text(GetParam(), bomb->text()), "RESOURCE_EXHAUSTED");
  EXPECT_LE(budget_.peak(), 2 * kMax);
  EXPECT_EQ(budget_.used(), 0u);
}

TEST_P(EveryCodingTest, RefusedBudgetGivesEverythingBack) {
  const std::string body = compressed(GetParam(), some_text(3'000'000));
  for (const size_t limit : {size_t{0}, kPooledChunkBytes, size_t{1 << 20}, size_t{2 << 20}}) {
    Budget small(limit);
    ChunkPool pool(small, 0);
    const Result<Bytes> out = decompressor_.decompress(GetParam(), as_span(body), pool, kMax);
    ASSERT_FALSE(out) << limit;
    EXPECT_EQ(out.error().code, Code::kUnavailable);
    EXPECT_TRUE(out.error().message.starts_with("memory"));
    EXPECT_EQ(small.used(), 0u);
  }
}

TEST_P(EveryCodingTest, FlippedBitsNeverCrashAndNeverPassACrcUnseen) {
  const std::string plain = some_text(2000);
  const std::string body = compressed(GetParam(), plain);
  for (size_t i = 0; i < body.size() * 8; ++i) {
    std::string damaged = body;
    damaged[i / 8] = static_cast<char>(damaged[i / 8] ^ (1 << (i % 8)));
    const Result<Bytes> out = run(GetParam(), damaged);
    // zstd has no checksum unless asked, and Adler-32 is too weak to promise anything.
    if (GetParam() == Coding::kGzip && out) {
      EXPECT_TRUE(out->text() == plain) << i;
    }
  }
}

// Decompressing 64 MB of zeros in one go held the loop for 20 to 60 ms.
TEST_P(EveryCodingTest, ABombTellsItsPaceAllTheWay) {
  const std::string bomb = compressed(GetParam(), std::string(60 << 20, '\0'));
  millrace::testing::PacedWork paced(pool_, 300'000);
  const Result<Bytes> out = decompressor_.decompress(GetParam(), as_span(bomb), paced.work, kMax);
  ASSERT_TRUE(out);
  EXPECT_EQ(out->size(), size_t{60 << 20});
  EXPECT_GT(paced.asked_count(), 50u);
}

// Steps of the input that end inside of a header.
TEST_F(DecompressorTest, ALongNameInAHeaderIsPassedOverInSteps) {
  std::string body = compressed(Coding::kGzip, some_text(600'000));
  body[3] = 8;  // FNAME
  body.insert(10, std::string(20'000, 'n') + '\0');
  EXPECT_EQ(text(Coding::kGzip, body + body).size(), 1'200'000u);
}

INSTANTIATE_TEST_SUITE_P(All, EveryCodingTest,
                         ::testing::Values(Coding::kGzip, Coding::kDeflate, Coding::kZstd),
                         [](const ::testing::TestParamInfo<Coding>& param) {
                           return std::string(coding_name(param.param));
                         });

TEST_F(DecompressorTest, MembersAndFramesAreJoined) {
  const std::string large = some_text(2'000'000);
  for (const Coding coding : {Coding::kGzip, Coding::kZstd}) {
    const std::string a = compressed(coding, "first ");
    const std::string b = compressed(coding, large);
    const std::string c = compressed(coding, " last");
    EXPECT_TRUE(text(coding, a + b + c) == "first " + large + " last");
    EXPECT_TRUE(text(coding, b + a + a) == large + "first first ");
  }
}

TEST_F(DecompressorTest, TrailerThatLiesAboutItsSizeReservesNoMoreThanInputCanHold) {
  std::string body = compressed(Coding::kGzip, "abc");
  body[body.size() - 1] = '\x03';  // 50 MB in 23 bytes
  EXPECT_EQ(text(Coding::kGzip, body), "INVALID_ARGUMENT");
  EXPECT_EQ(budget_.peak(), kPooledChunkBytes);
}

TEST_F(DecompressorTest, ZstdFrameWithoutASizeGrows) {
  // 5 MB of zeros as 40 RLE blocks of 128 KiB in a frame that states no size.
  std::string body = from_hex("28b52ffd0058");
  for (int i = 0; i < 40; ++i) body += from_hex(i == 39 ? "03001000" : "02001000");
  EXPECT_TRUE(text(Coding::kZstd, body) == std::string(40 << 17, '\0'));
  EXPECT_EQ(text(Coding::kZstd, body, (40 << 17) - 1), "RESOURCE_EXHAUSTED");
}

TEST_F(DecompressorTest, IdentityCopiesWithinTheLimit) {
  EXPECT_EQ(text(Coding::kIdentity, "abc"), "abc");
  EXPECT_EQ(text(Coding::kIdentity, "abc", 2), "RESOURCE_EXHAUSTED");
}

TEST(CodingTest, NamesInAnyCase) {
  EXPECT_EQ(coding_from_name("GZip"), Coding::kGzip);
  EXPECT_EQ(coding_from_name("zstd"), Coding::kZstd);
  EXPECT_EQ(coding_from_name(""), Coding::kIdentity);
  EXPECT_EQ(coding_from_name("br"), std::nullopt);
}

// The library takes it in one go, against RFC 8878, 3.1.1.2.4, and refuses it in steps.
TEST_F(DecompressorTest, ARepeatedByteBeyondTheBlockSizeIsCorrupt) {
  EXPECT_EQ(text(Coding::kZstd, from_hex("28b52ffd032800000000000000132272"
                                         "00")),
            "INVALID_ARGUMENT");
}

}  // namespace
}  // namespace millrace::compress
