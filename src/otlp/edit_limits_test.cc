// Edits of small requests that would become large.
#include <gtest/gtest.h>

#include <string>

#include "memory/testing/paced_work.h"
#include "memory/testing/test_work.h"
#include "otlp/admit.h"
#include "otlp/edit.h"
#include "otlp/example_requests.h"
#include "wire/writer.h"

namespace millrace::otlp {
namespace {

// One scope with `count` items whose content is `item`.
Bytes logs_of(size_t count, std::string_view item) {
  wire::Writer writer(count * (item.size() + 4));
  const auto resource = writer.open(1, count);
  const auto scope = writer.open(2, count);
  for (size_t i = 0; i < count; ++i) writer.string_field(2, item);
  writer.close(scope);
  writer.close(resource);
  return writer.finish();
}

const AttributeEditor kAdd = [](const EditContext&, AttributeList& list) {
  list.set("added.key", encode_string_value("value"));
};

size_t heap_bytes_of(const Rope& rope) { return rope.pieces().size() * sizeof(Bytes); }

TEST(EditLimitsTest, GrowthOfEmptyItemsIsReserved) {
  testing::TestWork own;
  const Bytes request = logs_of(100'000, "");
  const Result<Rope> edited = edit_item_attributes(Signal::kLogs, Rope(request), kAdd, own.work);
  ASSERT_TRUE(edited);
  EXPECT_GT(edited->size(), 2'000'000u);
  EXPECT_GE(own.budget.used(), edited->size()) << "an edit wrote outside the budget";
  EXPECT_LT(heap_bytes_of(*edited), edited->size() / 50);
  EXPECT_EQ(admit(Signal::kLogs, Bytes::copy_of(edited->to_bytes().view()).view())->item_count,
            100'000u);
}

TEST(EditLimitsTest, AFullBudgetRefusesAndReleasesEverything) {
  testing::TestWork own(1 << 20);
  const Bytes request = logs_of(100'000, "");
  const Result<Rope> edited = edit_item_attributes(Signal::kLogs, Rope(request), kAdd, own.work);
  ASSERT_FALSE(edited);
  EXPECT_EQ(edited.error().code, Code::kUnavailable);
  EXPECT_EQ(edited.error().message, "memory budget exhausted while editing");
  own.pool.trim();
  EXPECT_EQ(own.budget.used(), 0u);
}

TEST(EditLimitsTest, OutputBeyondTheLimitIsTooLarge) {
  testing::TestWork own;
  const std::string value(1000, 'x');
  const Bytes request = logs_of(80'000, "");
  const Result<Rope> edited = edit_item_attributes(
      Signal::kLogs, Rope(request),
      [&](const EditContext&, AttributeList& list) { list.set("k", encode_string_value(value)); },
      own.work);
  ASSERT_FALSE(edited);
  EXPECT_EQ(edited.error().code, Code::kResourceExhausted);
  EXPECT_LT(own.budget.peak(), kEditedBytesMax + (2u << 20));
}

TEST(EditLimitsTest, AnItemOfMillionsOfAttributesIsRefusedBeforeTheyAreListed) {
  testing::TestWork own;
  std::string item;
  for (int i = 0; i < 1'000'000; ++i) item.append("\x32\x00", 2);
  const Result<Rope> edited =
      edit_item_attributes(Signal::kLogs, Rope(logs_of(1, item)), kAdd, own.work);
  ASSERT_FALSE(edited);
  EXPECT_EQ(edited.error().code, Code::kResourceExhausted);
  EXPECT_LT(own.budget.peak(), 4u << 20);
}

// The same large value is copied under several keys.
TEST(EditLimitsTest, NewValuesAreReservedAsTheyGrow) {
  testing::TestWork own(16 << 20);
  wire::Writer item(3 << 20);
  const auto attribute = item.open(6, 2 << 20);
  item.string_field(1, "from");
  item.string_field(2, encode_string_value(std::string(2 << 20, 'v')));
  item.close(attribute);
  const Result<Rope> edited = edit_item_attributes(
      Signal::kLogs, Rope(logs_of(1, item.to_string())),
      [](const EditContext&, AttributeList& list) {
        for (int i = 0; i < 64; ++i) list.set_copy("copy" + std::to_string(i), "from");
      },
      own.work);
  ASSERT_FALSE(edited);
  EXPECT_LE(own.budget.peak(), own.budget.limit());
}

// A ResourceX in several pieces was copied together outside the budget.
TEST(EditLimitsTest, PiecesAreJoinedInsideTheBudget) {
  testing::TestWork own(2 << 20);
  const Bytes request =
      logs_of(1, std::string("\x1a\x80\x80\x80\x01", 5) + std::string(2 << 20, 'x'));
  Rope pieces;
  pieces.append(request.slice(0, 1 << 20));
  pieces.append(Bytes::copy_of(request.view().subspan(1 << 20)));
  const Result<Rope> edited = edit_item_attributes(Signal::kLogs, pieces, kAdd, own.work);
  ASSERT_FALSE(edited);
  EXPECT_EQ(edited.error().code, Code::kResourceExhausted);
}

// A separate search for each matching key was quadratic: 60,000 attributes took 8 s.
TEST(EditLimitsTest, ManyMatchingKeysAreErasedInOnePass) {
  testing::TestWork own;
  wire::Writer item(1 << 20);
  for (int i = 0; i < 60'000; ++i) {
    const auto attribute = item.open(6, 8);
    item.string_field(1, "k" + std::to_string(i));
    item.close(attribute);
  }
  testing::PacedWork paced(own.pool, 1'000'000);
  const Result<Rope> edited = edit_item_attributes(
      Signal::kLogs, Rope(logs_of(1, item.to_string())),
      [](const EditContext&, AttributeList& list) {
        list.erase_if([](std::string_view key) { return key != "k59999"; });
      },
      paced.work);
  ASSERT_TRUE(edited);
  EXPECT_LT(edited->size(), 100u);
  EXPECT_LT(paced.asked_count(), 10u);
}

TEST(EditLimitsTest, AWalkOfMillionsOfItemsCallsItsPace) {
  testing::TestWork own;
  testing::PacedWork paced(own.pool, 50'000);
  const Bytes request = logs_of(100'000, "");
  ASSERT_TRUE(edit_item_attributes(
      Signal::kLogs, Rope(request), [](const EditContext&, AttributeList&) {}, paced.work));
  EXPECT_GT(paced.asked_count(), 100u);
}

}  // namespace
}  // namespace millrace::otlp
