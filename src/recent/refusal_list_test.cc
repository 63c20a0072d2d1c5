#include "recent/refusal_list.h"

#include <gtest/gtest.h>

namespace millrace::recent {
namespace {

RefusalEntry refusal(std::string_view detail, std::string_view peer) {
  return make_refusal({.receiver = "otlp",
                       .transport = "http",
                       .signal = std::nullopt,
                       .reason = "bad_path",
                       .detail = detail,
                       .peer = peer},
                      WallTime(1s));
}

TEST(RefusalListTest, EqualRefusalsInARowAreOneEntry) {
  RefusalList list;
  list.add(refusal("a", "10.0.0.1:5"));
  list.add(refusal("a", "10.0.0.1:6"));
  list.add(refusal("a", "10.0.0.2:6"));
  list.add(refusal("b", "10.0.0.2:6"));
  const auto newest = list.newest(10);
  ASSERT_EQ(newest.size(), 3u);
  EXPECT_EQ(newest[0].detail, "b");
  EXPECT_EQ(newest[2].count, 2u);
  EXPECT_EQ(newest[2].peer, "10.0.0.1:6");
  EXPECT_EQ(newest[2].signal, "unknown");
  EXPECT_EQ(list.total(), 4u);
  EXPECT_EQ(list.newer_than(newest[1].id).size(), 1u);
}

TEST(RefusalListTest, TheListAndItsTextsAreBounded) {
  RefusalList list;
  for (int i = 0; i < 1000; ++i) list.add(refusal(std::to_string(i), "p:1"));
  EXPECT_EQ(list.newest(1000).size(), RefusalList::kCountMax);
  EXPECT_EQ(list.newest(1).front().detail, "999");
  EXPECT_EQ(list.total(), 1000u);
  EXPECT_LE(refusal(std::string(9000, 'x'), "").detail.size(), kRefusalTextBytesMax + 3);
  EXPECT_EQ(refusal("\xff", "").detail, "\xEF\xBF\xBD");
}

}  // namespace
}  // namespace millrace::recent
