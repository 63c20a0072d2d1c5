// What of a pipeline the console keeps, through a whole collector.
#include "assembly/console_site.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "assembly/catalogue.h"
#include "assembly/plan_from_document.h"
#include "assembly/testing/scene.h"
#include "yaml/parse.h"

namespace millrace::assembly {
namespace {

using testing::ask;
using testing::get;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::post;
using testing::Scene;

Plan plan_of(std::string_view console, std::string_view pipelines) {
  const std::string text =
      "receivers: {otlp: {protocols: {http: {endpoint: \"0.0.0.0:4318\"}}}}\n"
      "exporters: {nop: }\n"
      "connectors: {span_metrics: , forward: }\n"
      "extensions: {console: {endpoint: \"0.0.0.0:8888\", token: secret" +
      std::string(console) +
      "}}\n"
      "service:\n"
      "  extensions: [console]\n"
      "  telemetry: {metrics: {level: none}}\n"
      "  pipelines:\n" +
      std::string(pipelines);
  const auto root = yaml::parse(text, "a.yaml");
  EXPECT_TRUE(root.has_value());
  config::Diagnostics diagnostics;
  auto plan = make_plan(config::read_document(*root, catalog(), diagnostics), {}, diagnostics);
  EXPECT_TRUE(plan) << diagnostics.to_text();
  return plan ? std::move(*plan) : Plan{};
}

constexpr std::string_view kTrace = "0102030405060708090a0b0c0d0e0f10";

void send_trace(Scene& scene) {
  const std::string body =
      R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"kept","traceId":")" +
      std::string(kTrace) + R"(","spanId":"0102030405060708"}]}]}]})";
  EXPECT_THAT(ask(scene, 4318, post("/v1/traces", body)), HasSubstr("HTTP/1.1 200 OK"));
}
std::string api(Scene& scene, std::string_view path) {
  return ask(scene, 8888, get("/api/v1/" + std::string(path), "Authorization: Bearer secret\r\n"));
}
std::string trace_in(Scene& scene) { return api(scene, "traces/" + std::string(kTrace)); }

// The ports of datagrams stand behind those of all servers.
TEST(ConsoleSiteTest, ListenersOfDatagramsDoNotShiftThePortsOfOthers) {
  Plan plan;
  ReceiverPlan jaeger{.id = "jaeger"};
  jaeger.listeners.resize(2);
  jaeger.listeners[0].listener.protocol = "udp";
  jaeger.listeners[0].listener.datagrams = reception::DatagramListening();
  jaeger.listeners[1].listener.protocol = "grpc";
  ReceiverPlan otlp{.id = "otlp"};
  otlp.listeners.resize(1);
  otlp.listeners[0].listener.protocol = "http";
  plan.receivers = {jaeger, otlp};
  const auto facts = console_facts(plan, {14250, 4318, 6831}, 1, {});
  ASSERT_EQ(facts.listeners.size(), 3u);
  EXPECT_EQ(facts.listeners[0].port, 6831);
  EXPECT_EQ(facts.listeners[1].port, 14250);
  EXPECT_EQ(facts.listeners[2].port, 4318);
}

TEST(ConsoleSiteTest, WhatOnlyConnectorsOfAnotherSignalTakeIsKeptInFrontOfThem) {
  Scene scene(plan_of("",
                      "    traces: {receivers: [otlp], exporters: [span_metrics]}\n"
                      "    metrics: {receivers: [span_metrics], exporters: [nop]}\n"));
  ASSERT_EQ(scene.error, "");
  send_trace(scene);
  EXPECT_THAT(trace_in(scene), HasSubstr(R"("pipeline":"traces")"));
}

TEST(ConsoleSiteTest, WhatGoesToPipelinesOfItsSignalIsKeptBehindThem) {
  Scene scene(plan_of("",
                      "    traces: {receivers: [otlp], exporters: [forward, span_metrics]}\n"
                      "    traces/behind: {receivers: [forward], exporters: [nop]}\n"
                      "    metrics: {receivers: [span_metrics], exporters: [nop]}\n"));
  ASSERT_EQ(scene.error, "");
  send_trace(scene);
  EXPECT_THAT(trace_in(scene), HasSubstr("HTTP/1.1 200 OK"));
}

TEST(ConsoleSiteTest, WhatOnlyGoesOnInItsSignalIsKeptOnce) {
  Scene scene(plan_of("",
                      "    traces: {receivers: [otlp], exporters: [forward]}\n"
                      "    traces/behind: {receivers: [forward], exporters: [nop]}\n"));
  ASSERT_EQ(scene.error, "");
  send_trace(scene);
  const std::string trace = trace_in(scene);
  EXPECT_THAT(trace, HasSubstr(R"("pipeline":"traces/behind")"));
  EXPECT_THAT(trace, Not(HasSubstr(R"("pipeline":"traces")")));
}

TEST(ConsoleSiteTest, WithoutAShareOfTheTracesNoneIsKept) {
  constexpr std::string_view kPipelines = "    traces: {receivers: [otlp], exporters: [nop]}\n";
  Scene none(plan_of(", sample_rate: 0", kPipelines));
  ASSERT_EQ(none.error, "");
  send_trace(none);
  EXPECT_THAT(trace_in(none), HasSubstr("HTTP/1.1 404"));
  Scene all(plan_of(", sample_rate: 1", kPipelines));
  send_trace(all);
  EXPECT_THAT(trace_in(all), HasSubstr("HTTP/1.1 200 OK"));
}

TEST(ConsoleSiteTest, ASampleRateBeyondAShareIsAnError) {
  const auto root = yaml::parse(
      "receivers: {otlp: {protocols: {http: }}}\nexporters: {nop: }\n"
      "extensions: {console: {sample_rate: 10}}\n"
      "service: {extensions: [console], "
      "pipelines: {traces: {receivers: [otlp], exporters: [nop]}}}\n",
      "a.yaml");
  config::Diagnostics diagnostics;
  const auto document = config::read_document(*root, catalog(), diagnostics);
  EXPECT_FALSE(make_plan(document, {}, diagnostics));
  EXPECT_THAT(diagnostics.to_text(), HasSubstr("a.yaml:3:37: "));
  EXPECT_THAT(diagnostics.to_text(), HasSubstr("a number from 0 to 1"));
}

}  // namespace
}  // namespace millrace::assembly
