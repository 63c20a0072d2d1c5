#include "compress/compressor.h"

#include <gtest/gtest.h>

#include <span>
#include <string>
#include <vector>

#include "compress/decompressor.h"
#include "compress/deflate_stream.h"
#include "memory/testing/paced_work.h"

namespace millrace::compress {
namespace {

// Words that repeat with numbers that do not: shrinks about as telemetry does.
std::string telemetry_like(size_t size) {
  std::string text;
  uint32_t state = 1;
  while (text.size() < size) {
    state = state * 1664525 + 1013904223;
    text += "http.request.method=GET url.path=/api/v1/users/" + std::to_string(state) + ";";
  }
  text.resize(size);
  return text;
}

Rope in_pieces(const std::string& text, size_t piece) {
  Rope rope;
  for (size_t at = 0; at < text.size(); at += piece) {
    rope.append(Bytes::copy_of(std::string_view(text).substr(at, piece)));
  }
  return rope;
}

struct Case {
  Coding coding;
  int level;
};

class CompressorTest : public ::testing::TestWithParam<Case> {
 protected:
  std::string round_trip(Compressor& compressor, const Rope& plain) {
    Budget budget(256 << 20);
    ChunkPool pool(budget, 1);
    const Result<Bytes> compressed = compressor.compress(plain);
    if (!compressed) return "error: " + compressed.error().message;
    const Result<Bytes> again =
        Decompressor().decompress(GetParam().coding, compressed->view(), pool, 64 << 20);
    return again ? std::string(again->text()) : "error: " + again.error().message;
  }
};

TEST_P(CompressorTest, RoundTripsEverySize) {
  Compressor compressor(GetParam().coding, GetParam().level);
  for (const size_t size : {0, 1, 2, 3, 100, 8191, 65'536, 1'000'000}) {
    const std::string text = telemetry_like(size);
    EXPECT_TRUE(round_trip(compressor, in_pieces(text, size + 1)) == text) << size;
  }
}

TEST_P(CompressorTest, PiecesOfAnySizeGiveTheSameText) {
  Compressor compressor(GetParam().coding, GetParam().level);
  const std::string text = telemetry_like(100'000);
  for (const size_t piece : {1000, 4096, 33'333, 99'999}) {
    EXPECT_TRUE(round_trip(compressor, in_pieces(text, piece)) == text) << piece;
  }
}

TEST_P(CompressorTest, NoiseFitsTheBound) {
  Compressor compressor(GetParam().coding, GetParam().level);
  std::string noise(700'000, '\0');
  uint64_t state = 88172645463325252u;
  for (char& c : noise) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    c = static_cast<char>(state);
  }
  EXPECT_TRUE(round_trip(compressor, in_pieces(noise, 10'000)) == noise);
}

TEST_P(CompressorTest, ReusedContextGivesTheSameBytes) {
  Compressor compressor(GetParam().coding, GetParam().level);
  const Rope plain = in_pieces(telemetry_like(50'000), 7000);
  const Result<Bytes> first = compressor.compress(plain);
  const Result<Bytes> second = compressor.compress(plain);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->text(), second->text());
  EXPECT_LT(first->size(), plain.size() / 2);
}

INSTANTIATE_TEST_SUITE_P(All, CompressorTest,
                         ::testing::Values(Case{Coding::kGzip, kDefaultLevel},
                                           Case{Coding::kGzip, 0}, Case{Coding::kGzip, 1},
                                           Case{Coding::kGzip, 2}, Case{Coding::kGzip, 3},
                                           Case{Coding::kGzip, 6}, Case{Coding::kGzip, 99},
                                           Case{Coding::kDeflate, 1}, Case{Coding::kDeflate, 6},
                                           Case{Coding::kZstd, kDefaultLevel},
                                           Case{Coding::kZstd, 3}, Case{Coding::kZstd, 11}),
                         [](const ::testing::TestParamInfo<Case>& param) {
                           const int level = param.param.level;
                           return std::string(coding_name(param.param.coding)) +
                                  (level < 0 ? "Default" : std::to_string(level));
                         });

// libdeflate took a body of 3 MB in one call: 120 ms at level 9.
TEST_P(CompressorTest, LargeBodyIsCompressedInSteps) {
  Compressor compressor(GetParam().coding, GetParam().level);
  const std::string text = telemetry_like(3'000'000);
  Budget budget(256 << 20);
  ChunkPool pool(budget, 1);
  for (int time = 0; time < 2; ++time) {
    millrace::testing::PacedWork paced(pool);
    const Result<Bytes> compressed =
        compressor.compress(in_pieces(text, 1'000'000), paced.work.pace);
    ASSERT_TRUE(compressed) << compressed.error().message;
    EXPECT_GE(paced.asked_count(), text.size() / (128 * 1024));
    const Result<Bytes> again =
        Decompressor().decompress(GetParam().coding, compressed->view(), pool, 64 << 20);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_TRUE(again->text() == text);
  }
}

TEST(DeflateStreamTest, ShortOutputIsAnErrorAndTheNextBodyIsFine) {
  DeflateStream stream(Coding::kGzip, 9);
  const Rope plain = in_pieces(telemetry_like(100'000), 30'000);
  Pace pace;
  std::vector<uint8_t> out(200'000);
  EXPECT_FALSE(stream.compress(plain, std::span(out).first(1'000), pace));
  const Result<size_t> size = stream.compress(plain, out, pace);
  ASSERT_TRUE(size);
  for (const size_t cut : {size_t{1}, *size / 2}) {
    EXPECT_FALSE(stream.compress(plain, std::span(out).first(*size - cut), pace)) << cut;
  }
  EXPECT_EQ(stream.compress(Rope(), out, pace).value(), 20u) << "gzip's frame of nothing";
}

TEST(CompressorIdentityTest, SharesASinglePiece) {
  const Rope plain = in_pieces("abc", 3);
  const Result<Bytes> out = Compressor(Coding::kIdentity, 0).compress(plain);
  ASSERT_TRUE(out);
  EXPECT_EQ(out->data(), plain.pieces()[0].data());
}

}  // namespace
}  // namespace millrace::compress
