#include "compress/gzip_pieces.h"

#include <gtest/gtest.h>

#include "compress/coding.h"
#include "compress/decompressor.h"
#include "memory/chunk_pool.h"

namespace millrace::compress {
namespace {

std::string gunzip(std::string_view bytes) {
  Budget budget(256 << 20);
  ChunkPool pool(budget, 0);
  Pace pace;
  Work work{pool, pace};
  Decompressor decompressor;
  const auto plain = decompressor.decompress(Coding::kGzip, as_span(bytes), work, 64 << 20);
  EXPECT_TRUE(plain) << plain.error().message;
  return plain ? std::string(plain->text()) : std::string();
}

TEST(GzipPiecesTest, PiecesOfAnySizeAreOneMember) {
  for (const size_t piece : {size_t{1}, size_t{7}, size_t{65'536}, size_t{300'000}}) {
    std::string plain;
    for (int i = 0; plain.size() < (piece == 1 ? 3000U : 700'000U); ++i) {
      plain += "series{label=\"" + std::to_string(i) + "\"} " + std::to_string(i * 7919) + "\n";
    }
    GzipPieces pieces;
    std::string packed;
    for (size_t at = 0; at < plain.size(); at += piece) {
      ASSERT_TRUE(
          pieces.add(std::string_view(plain).substr(at, piece), GzipPieces::End::kMore, packed));
    }
    ASSERT_TRUE(pieces.add({}, GzipPieces::End::kLast, packed));
    EXPECT_EQ(gunzip(packed), plain) << piece;
    EXPECT_LT(packed.size(), plain.size());
  }
}

TEST(GzipPiecesTest, NothingIsAMemberToo) {
  GzipPieces pieces;
  std::string packed;
  ASSERT_TRUE(pieces.add({}, GzipPieces::End::kLast, packed));
  EXPECT_EQ(gunzip(packed), "");
}

TEST(GzipPiecesTest, NoiseGrowsLittle) {
  std::string noise;
  uint64_t state = 1;
  while (noise.size() < 300'000) {
    state = state * 6364136223846793005 + 1442695040888963407;
    noise += static_cast<char>(state >> 56);
  }
  GzipPieces pieces;
  std::string packed;
  ASSERT_TRUE(pieces.add(noise, GzipPieces::End::kLast, packed));
  EXPECT_EQ(gunzip(packed), noise);
  EXPECT_LT(packed.size(), noise.size() + noise.size() / 20 + 1024);
}

}  // namespace
}  // namespace millrace::compress
