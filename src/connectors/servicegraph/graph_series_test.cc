#include "connectors/servicegraph/graph_series.h"

#include <gtest/gtest.h>

#include <map>

#include "memory/testing/test_work.h"
#include "otlp/views.h"

namespace millrace::connectors::servicegraph {
namespace {

class GraphSeriesTest : public ::testing::Test {
 protected:
  void count(size_t client) {
    const item_identity::IdentityMaker maker({1, 2}, own_.work.pace);
    const Edge edge{.client = "c" + std::to_string(client), .server = "s"};
    EXPECT_TRUE(series_.count(edge, maker, {}, 1));
  }
  // By client: how often the request's counts name it.
  void add_counts(otlp::RopeWriter& out) {
    const auto request = out.finish();
    ASSERT_TRUE(request);
    otlp::ResourceReader resources(*request);
    for (otlp::ResourceView resource; resources.next(&resource);) {
      otlp::ScopeReader scopes(resource);
      for (otlp::ScopeView scope; scopes.next(&scope);) add_scope(scope);
    }
  }

  testing::TestWork own_;
  const Options options_{.bounds = {1}};
  GraphSeries series_{options_, own_.budget, 32 << 20};
  std::map<std::string, size_t> counts_;

 private:
  void add_scope(const otlp::ScopeView& scope) {
    otlp::MessageReader metrics(scope.bytes.view(), otlp::kScopeItems);
    for (otlp::MessageBytes bytes; metrics.next(&bytes);) {
      const auto metric = otlp::MetricView::read(Bytes::copy_of(bytes));
      if (metric.type != otlp::MetricType::kSum) continue;
      otlp::MessageReader points(metric.data.view(), otlp::kDataPoints);
      for (otlp::MessageBytes point; points.next(&point);) {
        ++counts_[otlp::to_text(*otlp::find_attribute(point, 7, "client"))];
      }
    }
  }
};

TEST_F(GraphSeriesTest, EachSeriesIsWrittenOnceThoughOthersComeMeanwhile) {
  constexpr size_t kSeries = 1000;
  for (size_t client = 0; client < kSeries; ++client) count(client);
  size_t next = kSeries;
  for (GraphSeries::Cursor cursor = series_.begin(); !cursor.is_end();) {
    otlp::RopeWriter out(own_.work, 64 << 20);
    series_.write_some(2, cursor, out);
    add_counts(out);
    for (size_t i = 0; i < 100; ++i) count(next++);
  }
  for (size_t client = 0; client < kSeries; ++client) {
    EXPECT_EQ(counts_["c" + std::to_string(client)], 1u) << client;
  }
  for (const auto& [name, times] : counts_) EXPECT_EQ(times, 1u) << name;
}

TEST_F(GraphSeriesTest, ARequestHasBoundedBytes) {
  for (size_t client = 0; client < 20; ++client) {
    const item_identity::IdentityMaker maker({1, 2}, own_.work.pace);
    const Edge edge{.client = std::to_string(client) + std::string(300'000, 'c'), .server = "s"};
    ASSERT_TRUE(series_.count(edge, maker, {}, 1));
  }
  size_t count = 0;
  for (GraphSeries::Cursor cursor = series_.begin(); !cursor.is_end();) {
    otlp::RopeWriter out(own_.work, 64 << 20);
    series_.write_some(2, cursor, out);
    EXPECT_LE(out.size(), 5u << 20);
    add_counts(out);
    ++count;
  }
  EXPECT_GE(count, 5u);
  EXPECT_EQ(counts_.size(), 20u);
}

}  // namespace
}  // namespace millrace::connectors::servicegraph
