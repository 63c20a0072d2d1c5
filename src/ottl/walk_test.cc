#include "ottl/walk.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "memory/testing/paced_work.h"
#include "memory/testing/test_work.h"
#include "otlp/admit.h"
#include "otlp/example_requests.h"
#include "ottl/compile.h"
#include "wire/writer.h"

namespace millrace::ottl {
namespace {

// Runs one statement of the context.
class OneStatement final : public Visitor {
 public:
  OneStatement(Context context, std::string_view text)
      : statement_(*compile_statement(text, {context, Prefix::kOptional})) {
    options.visited = context_bit(context);
    options.changed_below = static_cast<ContextSet>(statement_.written & ~context_bit(context));
  }
  Fate visit(Context, Item& item, Scratch& scratch) override {
    visits++;
    cache_.entries.clear();
    item.cache = &cache_;
    Evaluation evaluation(item, scratch);
    const auto done = evaluation.run(statement_);
    if (!done) error = done.error();
    return Fate::kKeep;
  }

  WalkOptions options;
  size_t visits = 0;
  std::string error;

 private:
  CompiledStatement statement_;
  Map cache_;
};

class RemoveEach final : public Visitor {
 public:
  explicit RemoveEach(std::function<bool(size_t)> is_removed)
      : is_removed_(std::move(is_removed)) {}
  Fate visit(Context, Item&, Scratch&) override {
    return is_removed_(visits_++) ? Fate::kRemove : Fate::kKeep;
  }

 private:
  std::function<bool(size_t)> is_removed_;
  size_t visits_ = 0;
};

// One scope with `count` log records whose content is `item`.
Bytes logs_of(size_t count, std::string_view item) {
  wire::Writer writer(count * (item.size() + 4));
  const auto resource = writer.open(1, count);
  const auto scope = writer.open(2, count);
  for (size_t i = 0; i < count; ++i) writer.string_field(2, item);
  writer.close(scope);
  writer.close(resource);
  return writer.finish();
}

TEST(WalkTest, GrowthOfEmptyItemsIsReserved) {
  testing::TestWork own;
  OneStatement set(Context::kLog, R"(set(attributes["added.key"], "value"))");
  const auto walked =
      walk_request(set.options, Signal::kLogs, Rope(logs_of(100'000, "")), set, own.work);
  ASSERT_TRUE(walked);
  EXPECT_GT(walked->request.size(), 2'000'000u);
  EXPECT_GE(own.budget.used(), walked->request.size());
  EXPECT_EQ(set.visits, 100'000u);
}

TEST(WalkTest, AFullBudgetRefusesAndReleasesEverything) {
  testing::TestWork own(1 << 20);
  OneStatement set(Context::kLog, R"(set(attributes["added.key"], "value"))");
  const auto walked =
      walk_request(set.options, Signal::kLogs, Rope(logs_of(100'000, "")), set, own.work);
  ASSERT_FALSE(walked);
  EXPECT_EQ(walked.error().code, Code::kUnavailable);
  EXPECT_EQ(walked.error().message, "memory budget exhausted while editing");
  own.pool.trim();
  EXPECT_EQ(own.budget.used(), 0u);
}

// A million writes of a resource must not gather.
TEST(WalkTest, WhatItemsWriteToTheirResourceIsBounded) {
  testing::TestWork own;
  OneStatement set(Context::kLog,
                   R"(set(resource.attributes["text"], Concat(["0123456789", body], "-")))");
  const auto walked = walk_request(
      set.options, Signal::kLogs,
      Rope(logs_of(1'000'000, std::string_view("\x2a\x03\x0a\x01x", 5))), set, own.work);
  ASSERT_TRUE(walked);
  EXPECT_EQ(set.error, "");
  EXPECT_LT(walked->request.size(), 8'000'100u);
}

// What one item makes is reserved, and refused by the budget, not by the statement.
TEST(WalkTest, AStatementThatMakesMuchNeedsTheBudget) {
  wire::Writer writer;
  const auto any_value = writer.open(5);
  writer.string_field(1, std::string(100'000, 'x'));
  writer.close(any_value);
  const std::string body = writer.to_string();
  for (const size_t limit : {size_t{1} << 30, size_t{600'000}}) {
    testing::TestWork own(limit);
    OneStatement set(Context::kLog,
                     R"(set(attributes["a"], Concat([body, body, body, body], "")))");
    const auto walked =
        walk_request(set.options, Signal::kLogs, Rope(logs_of(1, body)), set, own.work);
    ASSERT_EQ(walked.has_value(), limit > 1'000'000);
    if (!walked) EXPECT_EQ(walked.error().code, Code::kUnavailable);
  }
}

// One that is too large to be copied into the output has a chunk of its own.
TEST(WalkTest, AnAddedMetricOfAnySizeIsWhole) {
  for (const size_t size : {10, 10'000}) {
    wire::Writer metric;
    metric.string_field(2, std::string(size, 'x'));
    const auto gauge = metric.open(5);
    metric.string_field(1, "");
    metric.close(gauge);
    testing::TestWork own;
    OneStatement copy(Context::kMetric, R"(copy_metric(name="copy") where name != "copy")");
    const auto walked = walk_request(copy.options, Signal::kMetrics,
                                     Rope(logs_of(1, metric.to_string())), copy, own.work);
    ASSERT_TRUE(walked);
    EXPECT_EQ(copy.error, "");
    EXPECT_EQ(copy.visits, 2u);
    const Bytes after = walked->request.to_bytes();
    EXPECT_EQ(otlp::admit(Signal::kMetrics, after.view())->item_count, 2u);
    EXPECT_GT(after.size(), 2 * size);
  }
}

TEST(WalkTest, VisitsThePointsOfMetricsOfEachType) {
  const Bytes message = otlp::example_request_with_everything(Signal::kMetrics);
  testing::TestWork own;
  OneStatement look(Context::kDataPoint, R"(set(attributes["a"], 1))");
  ASSERT_TRUE(walk_request(look.options, Signal::kMetrics, Rope(message), look, own.work));
  EXPECT_EQ(look.error, "");
  EXPECT_EQ(look.visits, otlp::admit(Signal::kMetrics, message.view())->item_count);
}

TEST(WalkTest, TellsThePaceOfEachItem) {
  testing::TestWork own;
  testing::PacedWork paced(own.pool, 100'000);
  OneStatement look(Context::kLog, R"(set(body, 1) where body == 2)");
  ASSERT_TRUE(
      walk_request(look.options, Signal::kLogs, Rope(logs_of(100'000, "")), look, paced.work));
  EXPECT_GT(paced.asked_count(), 50u);
}

TEST(WalkTest, RemovesAnyChoiceOfItemsExactly) {
  for (const Signal signal : {Signal::kTraces, Signal::kMetrics, Signal::kLogs}) {
    const Bytes message = otlp::example_request(signal, {.resources = 2, .scopes = 2, .items = 3});
    const uint32_t count = otlp::admit(signal, message.view())->item_count;
    const Context item = signal == Signal::kTraces ? Context::kSpan
                         : signal == Signal::kLogs ? Context::kLog
                                                   : Context::kDataPoint;
    for (uint32_t choice = 0; choice < 4096; choice += 7) {
      testing::TestWork own;
      RemoveEach remove([&](size_t i) { return (choice >> (i % 12) & 1) != 0; });
      const auto walked = walk_request({.visited = context_bit(item), .removes = true}, signal,
                                       Rope(message), remove, own.work);
      ASSERT_TRUE(walked);
      const Bytes left = Bytes::copy_of(walked->request.to_bytes().view());
      const auto admitted = otlp::admit(signal, left.view());
      ASSERT_TRUE(admitted);
      EXPECT_EQ(admitted->item_count + walked->removed_count, count);
      uint32_t expected = 0;
      for (uint32_t i = 0; i < count; i++) expected += choice >> (i % 12) & 1;
      EXPECT_EQ(walked->removed_count, expected);
    }
  }
}

}  // namespace
}  // namespace millrace::ottl
