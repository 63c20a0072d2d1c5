#include "processors/groupbyattrs/groupbyattrs_processor.h"

#include <gtest/gtest.h>

#include <string>

#include "otlp/admit.h"
#include "otlp/example_requests.h"
#include "otlp/flatten.h"
#include "otlp/json/testing/json_request.h"

namespace millrace::processors::groupbyattrs {
namespace {

Result<Rope> run(const Options& options, Signal signal, const Bytes& request, Work& work) {
  pipeline::Payload payload;
  payload.signal = signal;
  payload.bytes = Rope(request);
  payload.item_count = otlp::admit(signal, request.view())->item_count;
  const auto result = make_groupbyattrs_processor(options)->process(payload, work);
  if (!result) return fail(result.error());
  EXPECT_EQ(result->left_count(), 0u);
  const Bytes bytes = Bytes::copy_of(payload.bytes.to_bytes().view());
  const auto admitted = otlp::admit(signal, bytes.view());
  EXPECT_TRUE(admitted) << admitted.error().to_error().message;
  if (admitted) EXPECT_EQ(admitted->item_count, payload.item_count);
  return std::move(payload.bytes);
}

std::string grouped(std::vector<std::string> keys, Signal signal, std::string_view json) {
  testing::TestWork own;
  const auto result =
      run({std::move(keys)}, signal, testing::request_of_json(signal, json), own.work);
  return result ? testing::json_of_request(signal, *result) : result.error().message;
}

std::string text(const std::string& key, const std::string& value) {
  return R"({"key":")" + key + R"(","value":{"stringValue":")" + value + R"("}})";
}
std::string joined(std::initializer_list<std::string> list) {
  std::string all;
  for (const std::string& one : list) all += (all.empty() ? "" : ",") + one;
  return all;
}
std::string resource(const std::string& attributes, std::initializer_list<std::string> scopes) {
  return R"({"resource":{"attributes":[)" + attributes + R"(]},"scopeSpans":[)" + joined(scopes) +
         "]}";
}
std::string scope(const std::string& name, std::initializer_list<std::string> spans) {
  return R"({"scope":{"name":")" + name + R"("},"spans":[)" + joined(spans) + "]}";
}
std::string span(const std::string& name, const std::string& attributes = "") {
  if (attributes.empty()) return R"({"name":")" + name + R"("})";
  return R"({"name":")" + name + R"(","attributes":[)" + attributes + "]}";
}
std::string request(std::initializer_list<std::string> resources) {
  return R"({"resourceSpans":[)" + joined(resources) + "]}";
}

TEST(GroupByAttrsTest, AttributesMoveToTheResource) {
  const std::string host_a = text("host", "a");
  const std::string host_b = text("host", "b");
  const std::string service = text("service", "s");
  EXPECT_EQ(
      grouped(
          {"host"}, Signal::kTraces,
          request({resource(service, {scope("x", {span("1", host_a + "," + text("k", "v")),
                                                  span("2", host_b), span("3"), span("4", host_a)}),
                                      scope("y", {span("5", host_b)})})})),
      request(
          {resource(service + "," + host_a, {scope("x", {span("1", text("k", "v")), span("4")})}),
           resource(service + "," + host_b, {scope("x", {span("2")}), scope("y", {span("5")})}),
           resource(service, {scope("x", {span("3")})})}));
}

TEST(GroupByAttrsTest, TheItemsValueTakesThePlaceOfTheResources) {
  EXPECT_EQ(
      grouped({"a"}, Signal::kTraces,
              request({resource(
                  text("a", "9"),
                  {scope("x", {span("1", text("a", "1") + "," + text("b", "2")), span("2")})})})),
      request({resource(text("a", "1"), {scope("x", {span("1", text("b", "2"))})}),
               resource(text("a", "9"), {scope("x", {span("2")})})}));
}

TEST(GroupByAttrsTest, WithoutKeysTheSameIsPutTogether) {
  const std::string ab = text("a", "1") + "," + text("b", "2");
  const std::string ba = text("b", "2") + "," + text("a", "1");
  EXPECT_EQ(grouped({}, Signal::kTraces,
                    request({resource(ab, {scope("x", {span("1")}), scope("y", {span("2")})}),
                             resource(text("a", "1"), {scope("x", {span("3")})}),
                             resource(ba, {scope("y", {span("4")}), scope("x", {span("5")})})})),
            request({resource(ab, {scope("x", {span("1"), span("5")}),
                                   scope("y", {span("2"), span("4")})}),
                     resource(text("a", "1"), {scope("x", {span("3")})})}));
}

TEST(GroupByAttrsTest, ValuesOfAnotherTypeAreOthers) {
  const auto one = [](const std::string& value) { return R"({"key":"a","value":)" + value + "}"; };
  const std::string json =
      request({resource(one(R"({"stringValue":"1"})"), {scope("x", {span("1")})}),
               resource(one(R"({"intValue":"1"})"), {scope("x", {span("2")})}),
               resource(one(R"({"boolValue":true})"), {scope("x", {span("3")})}),
               resource(one("{}"), {scope("x", {span("4")})})});
  EXPECT_EQ(grouped({}, Signal::kTraces, json), json);
}

TEST(GroupByAttrsTest, MapsInAnyOrderAreTheSame) {
  const auto map = [](const std::string& entries) {
    return R"({"key":"m","value":{"kvlistValue":{"values":[)" + entries + "]}}}";
  };
  const std::string ab = map(text("a", "1") + "," + text("b", "2"));
  const std::string ba = map(text("b", "2") + "," + text("a", "1"));
  EXPECT_EQ(grouped({}, Signal::kTraces,
                    request({resource(ab, {scope("x", {span("1")})}),
                             resource(ba, {scope("x", {span("2")})})})),
            request({resource(ab, {scope("x", {span("1"), span("2")})})}));
}

TEST(GroupByAttrsTest, OnlyAttributesOfAResourceStayAndEmptyThingsGo) {
  EXPECT_EQ(
      grouped(
          {}, Signal::kTraces,
          R"({"resourceSpans":[{"resource":{"attributes":[)" + text("a", "1") +
              R"(],"droppedAttributesCount":3},"scopeSpans":[{"scope":{"name":"x","version":"2",)"
              R"("droppedAttributesCount":4},"spans":[{"name":"1"}],"schemaUrl":"s"},{"scope":{"name":"e"}}],)"
              R"("schemaUrl":"r"},{"resource":{"attributes":[)" +
              text("b", "1") + "]}}]}"),
      R"({"resourceSpans":[{"resource":{"attributes":[)" + text("a", "1") +
          R"(]},"scopeSpans":[{"scope":{"name":"x","version":"2","droppedAttributesCount":4},)"
          R"("spans":[{"name":"1"}]}]}]})");
}

TEST(GroupByAttrsTest, ScopesAreToldApartByNameAndVersion) {
  const std::string json =
      R"({"resourceSpans":[{"scopeSpans":[{"scope":{"name":"x","version":"1"},"spans":[{"name":"1"}]},)"
      R"({"scope":{"name":"x","version":"2"},"spans":[{"name":"2"}]},{"spans":[{"name":"3"}]}]}]})";
  EXPECT_EQ(grouped({}, Signal::kTraces, json), json);
}

TEST(GroupByAttrsTest, MetricsAreGroupedByNameAndType) {
  const auto points = [](const std::string& list) { return R"({"dataPoints":[)" + list + "]}"; };
  const auto point = [](const std::string& attributes, const std::string& value) {
    return R"({"attributes":[)" + attributes + R"(],"asInt":")" + value + R"("})";
  };
  const auto bare = [](const std::string& value) { return R"({"asInt":")" + value + R"("})"; };
  const std::string a = text("host", "a");
  const std::string b = text("host", "b");
  EXPECT_EQ(
      grouped(
          {"host"}, Signal::kMetrics,
          R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","unit":"s","gauge":)" +
              points(point(a, "1") + "," + point(b, "2")) +
              R"(},{"name":"m","unit":"ms","gauge":)" + points(point(a, "3")) +
              R"(},{"name":"m","sum":{"dataPoints":[)" + point(a, "4") +
              R"(],"aggregationTemporality":2,"isMonotonic":true}},{"name":"none"}]}]}]})"),
      R"({"resourceMetrics":[{"resource":{"attributes":[)" + a +
          R"(]},"scopeMetrics":[{"metrics":[{"name":"m","unit":"s","gauge":)" +
          points(bare("1") + "," + bare("3")) +
          R"(},{"name":"m","sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[)" +
          bare("4") + R"(]}}]}]},{"resource":{"attributes":[)" + b +
          R"(]},"scopeMetrics":[{"metrics":[{"name":"m","unit":"s","gauge":)" + points(bare("2")) +
          "}]}]}]}");
}

// The items of every signal with everything around them, but for what is lost by rule.
TEST(GroupByAttrsTest, NoItemIsLost) {
  for (const Signal signal : {Signal::kTraces, Signal::kMetrics, Signal::kLogs}) {
    for (const std::string key : {"", "text", "host.name"}) {
      testing::TestWork own;
      const Bytes request = otlp::example_request_with_everything(signal);
      const auto result = run({{key}}, signal, request, own.work);
      ASSERT_TRUE(result) << result.error().message;
      EXPECT_EQ(otlp::flatten(signal, *result).size(), otlp::flatten(signal, Rope(request)).size());
    }
  }
}

TEST(GroupByAttrsTest, NeighboursStaySlicesOfTheReceivedChunk) {
  testing::TestWork own;
  const Bytes request = otlp::example_request(Signal::kTraces, {2, 2, 100, 1});
  const auto result = run({{"no.such.key"}}, Signal::kTraces, request, own.work);
  ASSERT_TRUE(result);
  size_t shared = 0;
  for (const Bytes& piece : result->pieces()) {
    if (piece.chunk().get() == request.chunk().get()) shared += piece.size();
  }
  EXPECT_GT(shared, request.size() * 9 / 10);
}

TEST(GroupByAttrsTest, ARequestWithoutItemsIsEmpty) {
  EXPECT_EQ(grouped({"a"}, Signal::kLogs, R"({"resourceLogs":[{"scopeLogs":[{}]},{}]})"), "{}");
}

// Every record has a group with a large resource of its own.
TEST(GroupByAttrsTest, GrowthIsBounded) {
  std::string records;
  for (int i = 0; i < 5000; i++) {
    records += R"({"attributes":[)" + text("id", std::to_string(i)) + "]},";
  }
  records.pop_back();
  const std::string json = R"({"resourceLogs":[{"resource":{"attributes":[)" +
                           text("large", std::string(20'000, 'x')) +
                           R"(]},"scopeLogs":[{"logRecords":[)" + records + "]}]}]}";
  const Bytes request = testing::request_of_json(Signal::kLogs, json);
  testing::TestWork large;
  const auto too_large = run({{"id"}}, Signal::kLogs, request, large.work);
  ASSERT_FALSE(too_large);
  EXPECT_EQ(too_large.error().code, Code::kResourceExhausted);
  testing::TestWork small(2 << 20);
  const auto refused = run({{"id"}}, Signal::kLogs, request, small.work);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("memory"), std::string::npos) << refused.error().message;
}

}  // namespace
}  // namespace millrace::processors::groupbyattrs
