#include "metric_streams/point_walk.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "memory/testing/test_work.h"
#include "otlp/admit.h"
#include "otlp/example_requests.h"
#include "otlp/json/testing/json_request.h"

namespace millrace::metric_streams {
namespace {

// Does with each point what `fates` says, in turn.
class Editor final : public PointEditor {
 public:
  explicit Editor(std::string fates) : fates_(std::move(fates)) {}
  bool wants(const otlp::MetricView& metric) override { return metric.name != "other"; }
  PointFate visit(const WalkedPoint& point, wire::Writer& replacement) override {
    streams.emplace_back(point.stream);
    const char fate = fates_[next_++ % fates_.size()];
    if (fate == 'r') replacement.fixed64_field(6, 77);
    return fate == 'k' ? PointFate::kKeep : fate == 'r' ? PointFate::kReplace : PointFate::kRemove;
  }
  std::optional<int32_t> new_temporality() const override { return temporality; }
  std::optional<int32_t> temporality = kDelta;
  std::vector<item_identity::Identity> streams;

 private:
  const std::string fates_;
  size_t next_ = 0;
};

std::string point(int value) { return R"({"asInt":")" + std::to_string(value) + R"("})"; }
std::string sum(const std::string& name, const std::string& points) {
  return R"({"name":")" + name + R"(","sum":{"aggregationTemporality":2,"dataPoints":[)" + points +
         R"(],"isMonotonic":true}})";
}
std::string request(const std::string& metrics) {
  return R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[)" + metrics + "]}]}]}";
}

struct Done {
  std::string json;
  uint32_t removed = 0;
};
Done run(const std::string& json, Editor& editor) {
  testing::TestWork own;
  const Rope given(testing::request_of_json(Signal::kMetrics, json));
  const auto edited = edit_points(given, {1, 2}, editor, own.work, "testing");
  if (!edited) return {edited.error().message};
  const Bytes bytes = edited->request.to_bytes();
  EXPECT_TRUE(otlp::admit(Signal::kMetrics, bytes.view()));
  return {testing::json_of_request(Signal::kMetrics, Rope(bytes)), edited->removed_count};
}
Done run(const std::string& json, const std::string& fates) {
  Editor editor(fates);
  return run(json, editor);
}

TEST(PointWalkTest, PointsAreKeptReplacedAndRemoved) {
  const Done done = run(request(sum("a", point(1) + "," + point(2) + "," + point(3))), "krx");
  EXPECT_EQ(done.removed, 1u);
  EXPECT_NE(done.json.find(R"({"asInt":"1"},{"asInt":"77"}])"), std::string::npos) << done.json;
  EXPECT_NE(done.json.find(R"("aggregationTemporality":1)"), std::string::npos);
  EXPECT_EQ(done.json.find(R"("aggregationTemporality":2)"), std::string::npos);
}

TEST(PointWalkTest, TheTemporalityStaysWhereNoneIsNew) {
  Editor editor("rkx");
  editor.temporality = std::nullopt;
  const Done done = run(request(sum("a", point(1) + "," + point(2) + "," + point(3))), editor);
  EXPECT_EQ(done.removed, 1u);
  EXPECT_NE(done.json.find(R"({"asInt":"77"},{"asInt":"2"}])"), std::string::npos) << done.json;
  EXPECT_NE(done.json.find(R"("aggregationTemporality":2)"), std::string::npos) << done.json;
}

TEST(PointWalkTest, WhatHasNoPointLeftIsLeftOut) {
  const Done done = run(
      request(sum("a", point(1)) + "," + sum("b", point(2)) + "," + sum("other", point(3))), "xk");
  EXPECT_EQ(done.removed, 1u);
  EXPECT_EQ(done.json.find(R"("name":"a")"), std::string::npos) << done.json;
  EXPECT_NE(done.json.find(R"("name":"b")"), std::string::npos);
  EXPECT_NE(done.json.find(R"("aggregationTemporality":2)"), std::string::npos) << "of other";
  EXPECT_EQ(run(request(sum("a", point(1))), "x").json, "{}");
}

// The temporality stands in front of the points.
TEST(PointWalkTest, ATemporalityInFrontIsReplacedToo) {
  wire::Writer w;
  const auto resource = w.open(1);
  const auto scope = w.open(2);
  const auto metric = w.open(2);
  const auto data = w.open(7);
  w.varint_field(2, 2);
  for (const uint64_t value : {5, 6}) {
    const auto each = w.open(1);
    w.fixed64_field(6, value);
    w.close(each);
  }
  w.close(data);
  w.close(metric);
  w.close(scope);
  w.close(resource);
  testing::TestWork own;
  for (const char* fates : {"xr", "kk", "rx", "kx"}) {
    Editor editor(fates);
    const auto edited = edit_points(Rope(Bytes::copy_of(w.view())), {1, 2}, editor, own.work, "");
    ASSERT_TRUE(edited);
    const std::string json = testing::json_of_request(Signal::kMetrics, edited->request);
    EXPECT_NE(json.find(R"("aggregationTemporality":1)"), std::string::npos) << fates << json;
    // Written once: the old one is not in the bytes.
    const std::string bytes(edited->request.to_bytes().text());
    EXPECT_EQ(bytes.find("\x10\x02"), std::string::npos) << fates;
  }
}

TEST(PointWalkTest, StreamsDifferByEverythingThatIdentifiesThem) {
  const std::string labelled =
      R"({"asInt":"1","attributes":[{"key":"k","value":{"intValue":"1"}}]})";
  Editor editor("k");
  run(R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[)" + sum("a", point(1) + "," + labelled) +
          "," + sum("b", point(1)) + R"(]},{"scope":{"name":"s"},"metrics":[)" +
          sum("a", point(1)) +
          R"(]}]},{"resource":{"attributes":[{"key":"r","value":{"intValue":"1"}}]},)" +
          R"("scopeMetrics":[{"metrics":[)" + sum("a", point(1)) + "]}]}]}",
      editor);
  std::set<std::pair<uint64_t, uint64_t>> different;
  for (const auto& each : editor.streams) different.emplace(each.low, each.high);
  EXPECT_EQ(different.size(), 5u);
  Editor again("k");
  run(request(sum("a", point(9))), again);
  EXPECT_EQ(again.streams[0], editor.streams[0]);
}

TEST(PointWalkTest, AnythingPassesAdmissionAfterwards) {
  testing::TestWork own;
  const Bytes request = otlp::example_request_with_everything(Signal::kMetrics);
  for (const char* fates : {"k", "x", "kx", "xk"}) {
    Editor editor(fates);
    const auto edited = edit_points(Rope(request), {1, 2}, editor, own.work, "testing");
    ASSERT_TRUE(edited);
    const auto admitted = otlp::admit(Signal::kMetrics, edited->request.to_bytes().view());
    ASSERT_TRUE(admitted) << fates;
    EXPECT_EQ(admitted->item_count + edited->removed_count, 6u) << fates;
  }
}

}  // namespace
}  // namespace millrace::metric_streams
