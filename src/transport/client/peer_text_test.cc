#include "transport/client/peer_text.h"

#include <gtest/gtest.h>

#include "wire/utf8.h"

namespace millrace::transport {
namespace {

TEST(PeerTextTest, ShortTextStaysAsItIs) {
  EXPECT_EQ(to_peer_text(""), "");
  EXPECT_EQ(to_peer_text("café\n"), "café\n");
}

TEST(PeerTextTest, LongTextIsCutBetweenCharacters) {
  for (size_t before = 0; before < 4; ++before) {
    std::string text(before, 'a');
    while (text.size() < 2 * kPeerTextBytesMax) text += "\xf0\x9f\x98\x80";
    const std::string made = to_peer_text(text);
    EXPECT_LE(made.size(), kPeerTextBytesMax);
    EXPECT_GT(made.size(), kPeerTextBytesMax - 4);
    EXPECT_TRUE(text.starts_with(made));
    EXPECT_TRUE(wire::is_utf8(made));
  }
}

TEST(PeerTextTest, WhatIsNotUtf8IsReplaced) {
  EXPECT_EQ(to_peer_text("a\xff"
                         "b"),
            "a?b");
  EXPECT_EQ(to_peer_text(std::string(2000, '\x80')), std::string(1021, '?'));
}

}  // namespace
}  // namespace millrace::transport
