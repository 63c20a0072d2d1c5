#include "http/gathered_output.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace millrace::http {
namespace {

std::string text_of(std::span<const iovec> pieces) {
  std::string text;
  for (const iovec& piece : pieces) {
    text.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
  }
  return text;
}
void copy(GatheredOutput& output, std::string_view text) {
  const auto bytes = as_span(text);
  output.append_copy(bytes.data(), bytes.size());
}
void refer_to(GatheredOutput& output, std::string_view text) {
  const auto bytes = as_span(text);
  output.append_view(bytes.data(), bytes.size());
}

TEST(GatheredOutputTest, CopiesAndViewsComeOutInOrder) {
  GatheredOutput output;
  EXPECT_TRUE(output.is_written());
  const std::string body = "body";
  copy(output, "head");
  copy(output, "er ");
  refer_to(output, body);
  copy(output, " end");
  EXPECT_EQ(text_of(output.view()), "header body end");
  EXPECT_EQ(output.view().size(), 3u);  // copies behind one another are one piece
  EXPECT_EQ(output.appended(), 15u);
  EXPECT_FALSE(output.is_written());
}

TEST(GatheredOutputTest, ItIsWrittenInPartsOfAnySize) {
  for (size_t part = 1; part <= 16; ++part) {
    GatheredOutput output;
    const std::string body = "body";
    copy(output, "header ");
    refer_to(output, body);
    copy(output, " end");
    std::string written;
    while (!output.is_written()) {
      const std::string left = text_of(output.view());
      written += left.substr(0, part);
      output.advance(std::min(part, left.size()));
      EXPECT_EQ(output.written(), written.size());
    }
    EXPECT_EQ(written, "header body end") << part;
    output.clear();
    copy(output, "more");
    EXPECT_EQ(text_of(output.view()), "more");
    EXPECT_EQ(output.appended(), 19u);
  }
}

TEST(GatheredOutputTest, ItIsFullByCopiesByViewsAndByPieces) {
  GatheredOutput output;
  const std::string piece(12 * 1024, 'x');
  for (int i = 0; i < 4; ++i) {
    EXPECT_FALSE(output.is_full());
    copy(output, piece);
  }
  EXPECT_TRUE(output.is_full());
  output.advance(output.appended());
  output.clear();
  EXPECT_FALSE(output.is_full());

  const std::string large((1 << 20) - 1, 'x');
  refer_to(output, large);
  EXPECT_FALSE(output.is_full());
  refer_to(output, "y");
  EXPECT_TRUE(output.is_full());
  output.advance(size_t{1} << 20);
  output.clear();

  for (int i = 0; i < 899; ++i) refer_to(output, "y");
  EXPECT_FALSE(output.is_full());
  refer_to(output, "y");
  EXPECT_TRUE(output.is_full());
}

TEST(GatheredOutputTest, WhatIsKeptLivesUntilItIsCleared) {
  GatheredOutput output;
  {
    const Bytes body = Bytes::copy_of("body");
    output.append_view(body.data(), body.size());
    output.keep(Rope(body));
  }
  EXPECT_EQ(text_of(output.view()), "body");
}

}  // namespace
}  // namespace millrace::http
