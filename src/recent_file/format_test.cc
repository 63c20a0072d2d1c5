#include "recent_file/format.h"

#include <gtest/gtest.h>

#include "base/bytes.h"

namespace millrace::recent_file {
namespace {

using PrefixBytes = std::span<const uint8_t, kHeadPrefixBytes>;
using RequestHeadBytes = std::span<const uint8_t, kRequestHeadBytes>;

FileHead example_head() {
  return {.started_at = WallTime(1'700'000'000s),
          .redaction_hash = 7,
          .instance_id = "abc",
          .pipelines = {"traces", "logs/2"}};
}

std::optional<FileHead> decode(std::string_view text) {
  const auto bytes = as_span(text);
  if (bytes.size() < kHeadPrefixBytes) return std::nullopt;
  const auto prefix = decode_prefix(PrefixBytes(bytes.first(kHeadPrefixBytes)));
  if (!prefix) return std::nullopt;
  return decode_head(*prefix, bytes.subspan(kHeadPrefixBytes));
}

TEST(RecentFileFormatTest, AHeadComesBack) {
  const auto head = decode(encode_head(example_head()));
  ASSERT_TRUE(head);
  EXPECT_EQ(head->started_at, WallTime(1'700'000'000s));
  EXPECT_EQ(head->redaction_hash, 7u);
  EXPECT_EQ(head->instance_id, "abc");
  EXPECT_EQ(head->pipelines, (std::vector<std::string>{"traces", "logs/2"}));
}

TEST(RecentFileFormatTest, TheHeadIsThatOfTheDocument) {
  const std::string text = encode_head({.started_at = WallTime(1ns), .pipelines = {"t"}});
  const std::string_view body(
      "\1\0\0\0\0\0\0\0"
      "\0\0\0\0\0\0\0\0"
      "\0\0\0\0"
      "\1\0\0\0"
      "\1\0\0\0t",
      29);
  EXPECT_EQ(text.substr(0, 16), std::string_view("MLRECENT\1\0\0\0\x1d\0\0\0", 16));
  EXPECT_EQ(text.substr(kHeadPrefixBytes), body);
}

TEST(RecentFileFormatTest, EachChangedBitOfAHeadIsNoticed) {
  const std::string whole = encode_head(example_head());
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string damaged = whole;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(decode(damaged)) << bit;
  }
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(decode(whole.substr(0, size))) << size;
  }
}

TEST(RecentFileFormatTest, ARequestComesBackAndEachChangedBitIsNoticed) {
  const std::string_view body = "body";
  const auto bytes = encode_request_head(
      {.signal = Signal::kLogs, .pipeline = 3, .item_count = 9, .received_at = WallTime(5ns)},
      as_span(body));
  const auto head = decode_request_head(RequestHeadBytes(bytes));
  ASSERT_TRUE(head);
  EXPECT_EQ(head->signal, Signal::kLogs);
  EXPECT_EQ(head->pipeline, 3u);
  EXPECT_EQ(head->item_count, 9u);
  EXPECT_EQ(head->body_bytes, 4u);
  EXPECT_EQ(head->received_at, WallTime(5ns));
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    auto damaged = bytes;
    damaged[bit / 8] = static_cast<uint8_t>(damaged[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(is_crc_right(damaged, as_span(body))) << bit;
  }
  EXPECT_TRUE(is_crc_right(bytes, as_span(body)));
  EXPECT_FALSE(is_crc_right(bytes, as_span(std::string_view("bodx"))));
}

}  // namespace
}  // namespace millrace::recent_file
