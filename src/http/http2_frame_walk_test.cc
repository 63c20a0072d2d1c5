#include "http/http2_frame_walk.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace millrace::http {
namespace {

using Heads = std::vector<std::pair<int, int32_t>>;

const std::string kBytes = std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") +
                           std::string("\0\0\0\4\0\0\0\0\0", 9) +        // SETTINGS, empty
                           std::string("\0\0\3\0\1\xff\0\0\1abc", 12) +  // DATA, reserved bit set
                           std::string("\0\1\0\0\0\0\1\2\3", 9) + std::string(256, '\0') +
                           std::string("\0\0\4\3\0\0\0\0\5wxyz", 13);  // RST_STREAM
const Heads kHeads = {{4, 0}, {0, 0x7f000001}, {0, 0x10203}, {3, 5}};

Heads heads_of(std::vector<std::string> pieces) {
  Heads heads;
  Http2FrameWalk walk;
  for (const std::string& piece : pieces) {
    const std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t*>(piece.data()),
                                         piece.size());
    for (size_t at = 0; at < bytes.size();) {
      at += walk.walk(bytes.subspan(at));
      if (walk.at_head()) heads.emplace_back(walk.type(), walk.stream_id());
    }
  }
  return heads;
}

TEST(Http2FrameWalkTest, EveryHeadIsFoundOnceWhereverTheBytesAreCut) {
  EXPECT_EQ(heads_of({kBytes}), kHeads);
  for (size_t cut = 0; cut <= kBytes.size(); ++cut) {
    EXPECT_EQ(heads_of({kBytes.substr(0, cut), kBytes.substr(cut)}), kHeads) << cut;
  }
}

TEST(Http2FrameWalkTest, ByteByByte) {
  std::vector<std::string> bytes;
  for (const char c : kBytes) bytes.emplace_back(1, c);
  EXPECT_EQ(heads_of(bytes), kHeads);
}

}  // namespace
}  // namespace millrace::http
