#include "daemon/generate/count_items.h"

#include <gtest/gtest.h>

#include <vector>

#include "daemon/generate/content.h"
#include "daemon/generate/numbered_id.h"

namespace millrace::load {
namespace {

constexpr WallTime kTime{Duration(1'760'000'000'000'000'000)};

class Collected final : public ItemVisitor {
 public:
  void on_item(const ItemView& item) override {
    ids.push_back(read_numbered_id(item.trace_id, item.span_id));
    EXPECT_EQ(item.time_unix_nano, static_cast<uint64_t>(kTime.time_since_epoch().count()));
  }
  std::vector<std::optional<NumberedId>> ids;
};

Bytes request_of(Signal signal, uint32_t item_count) {
  ChunkRef reuse;
  return make_payload_template(signal, PayloadFormat::kProtobuf, item_count, 1)
      .make_request(9, 1000, kTime, reuse);
}

TEST(CountItemsTest, CountsTheGeneratorsItems) {
  for (const Signal signal : {Signal::kTraces, Signal::kMetrics, Signal::kLogs}) {
    for (const uint32_t item_count : {1u, 10u, 600u}) {
      EXPECT_EQ(count_items(signal, request_of(signal, item_count).view(), nullptr), item_count);
    }
  }
}

TEST(CountItemsTest, EmptyRequestHasNone) {
  for (const Signal signal : kSignals) EXPECT_EQ(count_items(signal, {}, nullptr), 0u);
}

TEST(CountItemsTest, NumberedIdsComeInOrder) {
  for (const Signal signal : {Signal::kTraces, Signal::kLogs}) {
    Collected collected;
    ASSERT_EQ(count_items(signal, request_of(signal, 20).view(), &collected), 20u);
    ASSERT_EQ(collected.ids.size(), 20u);
    for (size_t i = 0; i < 20; ++i) {
      ASSERT_TRUE(collected.ids[i].has_value());
      EXPECT_EQ(*collected.ids[i], (NumberedId{9, 1000 + i}));
    }
  }
}

TEST(CountItemsTest, CutRequestIsRefused) {
  const Bytes whole = request_of(Signal::kTraces, 2);
  for (size_t size = 1; size < whole.size(); ++size) {
    EXPECT_FALSE(count_items(Signal::kTraces, whole.view().first(size), nullptr)) << size;
  }
}

}  // namespace
}  // namespace millrace::load
