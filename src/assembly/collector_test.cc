// A whole collector in a simulated world: what its pages show, how it drains, what it refuses to
// start with, and what a disk brings back.
#include "assembly/collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "assembly/catalogue.h"
#include "assembly/plan_from_document.h"
#include "assembly/testing/scene.h"
#include "io/sim/sim_disk.h"
#include "io/testing/stream_probe.h"
#include "pipeline/testing/fake_exporter.h"
#include "yaml/parse.h"

namespace millrace::assembly {
namespace {

using pipeline::Outcome;
using ::testing::ElementsAre;
using testing::exporter_by;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::Scene;
using ::testing::SizeIs;

// A back end of all workers: answers with `outcome`, or not at all.
struct BackEnd {
  std::optional<Outcome> outcome = Outcome{};
  uint64_t item_count = 0;
  int batch_count = 0;
};

std::shared_ptr<ExporterFactory> exporter_to(BackEnd& back_end) {
  return exporter_by([&back_end](const ExporterParts& parts,
                                 Signal) -> Result<std::unique_ptr<pipeline::Exporter>> {
    return std::make_unique<pipeline::testing::FakeExporter>(
        parts.loop, [&back_end](const pipeline::Batch& batch) {
          ++back_end.batch_count;
          back_end.item_count += batch.item_count;
          return back_end.outcome;
        });
  });
}

// The plan of a configuration whose exporters are those of the test, in their order.
Plan plan_of(std::string_view text, const std::vector<BackEnd*>& back_ends) {
  const auto root = yaml::parse(text, "a.yaml");
  EXPECT_TRUE(root.has_value()) << root.error().message;
  config::Diagnostics diagnostics;
  const config::Document document = config::read_document(*root, catalog(), diagnostics);
  auto plan = make_plan(document, {.memory_bytes = 8ULL << 30}, diagnostics);
  EXPECT_TRUE(plan) << diagnostics.to_text();
  if (!plan) return {};
  for (size_t i = 0; i < back_ends.size(); ++i) {
    plan->exporters.at(i).factory = exporter_to(*back_ends[i]);
  }
  return *std::move(plan);
}

constexpr std::string_view kSimple = R"(
receivers: {otlp: {protocols: {http: {endpoint: "localhost:4318"}}}}
processors: {batch: {send_batch_size: 5, timeout: 1s}, memory_limiter: {check_interval: 1s, limit_mib: 100}}
exporters: {otlp_grpc/a: {endpoint: "a:1", sending_queue: {queue_size: 2}}}
extensions: {health_check: {endpoint: "localhost:13133"}}
service:
  extensions: [health_check]
  pipelines: {traces: {receivers: [otlp], exporters: [otlp_grpc/a]}}
  telemetry: {metrics: {level: none}}
)";
constexpr std::string_view kSpan("\x0a\x00", 2);

// The number of the line with that name and all of these labels; empty: there is none, or several.
std::optional<double> metric(const std::string& page, std::string_view name,
                             const std::vector<std::string>& labels = {}) {
  std::optional<double> found;
  for (size_t at = 0; at < page.size();) {
    const size_t end = page.find('\n', at);
    const std::string line = page.substr(at, end - at);
    at = end == std::string::npos ? page.size() : end + 1;
    const std::string shown = line.substr(0, line.find_first_of("{ "));
    const bool is_it = shown == name && std::ranges::all_of(labels, [&](const std::string& label) {
                         return line.find(label) != std::string::npos;
                       });
    if (!is_it) continue;
    if (found) return std::nullopt;
    found = std::stod(line.substr(line.rfind(' ')));
  }
  return found;
}

TEST(CollectorTest, HealthShowsEachDestination) {
  BackEnd a;
  BackEnd b;
  Scene scene(plan_of(R"(
receivers: {otlp: {protocols: {http: }}}
exporters:
  otlp_grpc/a: {endpoint: "a:1", sending_queue: {queue_size: 7}}
  otlp_grpc/b: {endpoint: "b:1", required: false}
service:
  pipelines:
    traces: {receivers: [otlp], exporters: [otlp_grpc/a]}
    logs: {receivers: [otlp], exporters: [otlp_grpc/b]}
  telemetry: {metrics: {level: none}}
)",
                      {&a, &b}));
  ASSERT_EQ(scene.error, "");
  scene.submit_traces(0, 3, std::string(kSpan));
  scene.world.run_for(3s);
  const extensions::Health health = scene.collector->health();
  EXPECT_TRUE(health.is_accepting);
  EXPECT_FALSE(health.is_draining);
  ASSERT_THAT(health.destinations, SizeIs(2));
  EXPECT_EQ(health.destinations[0].name, "otlp_grpc/a");
  EXPECT_EQ(health.destinations[0].signal, "traces");
  EXPECT_TRUE(health.destinations[0].is_required);
  EXPECT_EQ(health.destinations[0].queue_capacity, 7u);
  EXPECT_EQ(health.destinations[0].queue_size, 0u);
  EXPECT_EQ(health.destinations[0].last_answer, "OK");
  ASSERT_TRUE(health.destinations[0].since_success);
  EXPECT_GT(*health.destinations[0].since_success, 2s);
  EXPECT_LE(*health.destinations[0].since_success, 3s);
  EXPECT_EQ(health.destinations[1].name, "otlp_grpc/b");
  EXPECT_EQ(health.destinations[1].signal, "logs");
  EXPECT_FALSE(health.destinations[1].is_required);
  EXPECT_FALSE(health.destinations[1].since_success);
  ASSERT_THAT(health.receivers, SizeIs(2));
  EXPECT_EQ(health.receivers[0].signal + health.receivers[1].signal, "traceslogs");
  EXPECT_THAT(health.receivers[0].refusals, IsEmpty());
  EXPECT_THAT(health.storages, IsEmpty());
  EXPECT_THAT(health.ledger_findings, IsEmpty());
}

TEST(CollectorTest, HealthShowsLoopsThatTurnAndThoseThatHang) {
  BackEnd back_end;
  Scene scene(plan_of(kSimple, {&back_end}));
  scene.world.run_for(10s);
  EXPECT_LE(scene.collector->health().longest_since_turn, 1s + 10ms);
  EXPECT_EQ(scene.collector->health().now - scene.collector->health().started_at, 10s);
}

// Two requests are all that the queue takes, and the back end does not answer.
TEST(CollectorTest, AReceiverIsRefusedWhileTheQueueOfARequiredDestinationIsFull) {
  for (const std::string more : {"", ", required: false", "on_full: drop_oldest"}) {
    BackEnd back_end;
    back_end.outcome.reset();
    std::string text(kSimple);
    const bool drops = more.starts_with("on_full");
    const std::string queue = "{queue_size: 2" + (drops ? ", " + more : "") + "}";
    const size_t at = text.find("{queue_size: 2}");
    text.replace(at, std::string_view("{queue_size: 2}").size(), queue + (drops ? "" : more));
    Scene scene(plan_of(text, {&back_end}));
    ASSERT_EQ(scene.error, "");
    for (int i = 0; i < 2; ++i) scene.submit_traces(0, 1, std::string(kSpan));
    scene.world.run_for(1s);
    const extensions::Health health = scene.collector->health();
    ASSERT_THAT(health.receivers, SizeIs(1)) << more;
    EXPECT_EQ(health.receivers[0].name, "otlp");
    EXPECT_EQ(health.destinations.at(0).queue_size, 2u) << more;
    EXPECT_GE(health.destinations.at(0).in_flight, 1u) << more;
    if (more.empty()) {
      EXPECT_THAT(health.receivers[0].refusals,
                  ElementsAre("the queue of otlp_grpc/a for traces is full (2 of 2)"));
    } else {
      EXPECT_THAT(health.receivers[0].refusals, IsEmpty()) << more;
    }
  }
}

TEST(CollectorTest, ADrainDeliversWhatIsThereAndEndsOnce) {
  BackEnd back_end;
  Scene scene(plan_of(kSimple, {&back_end}));
  scene.submit_traces(1, 3, std::string(kSpan));
  int drained = 0;
  scene.loops[0]->post([&] { scene.collector->drain(20s, [&] { ++drained; }); });
  scene.world.run_for(3s);
  EXPECT_EQ(drained, 1);
  EXPECT_EQ(back_end.item_count, 3u);
  const extensions::Health health = scene.collector->health();
  EXPECT_TRUE(health.is_draining);
  EXPECT_FALSE(health.is_accepting);
  scene.world.run_for(30s);
  EXPECT_EQ(drained, 1);
}

TEST(CollectorTest, ADrainEndsAtItsDeadlineAndCountsWhatItDrops) {
  BackEnd back_end;
  back_end.outcome.reset();
  Scene scene(plan_of(kSimple, {&back_end}));
  scene.submit_traces(0, 3, std::string(kSpan));
  scene.world.run_for(1s);
  bool drained = false;
  scene.loops[0]->post([&] { scene.collector->drain(5s, [&] { drained = true; }); });
  scene.world.run_for(4900ms);
  EXPECT_FALSE(drained);
  scene.world.run_for(2s);
  EXPECT_TRUE(drained);
  const auto account =
      scene.collector->ledger().open(Signal::kTraces, "traces", "otlp_grpc/a").snapshot();
  EXPECT_EQ(account.dropped[static_cast<size_t>(ledger::DropReason::kDrainDeadline)].items, 3u);
  scene.collector->end();
  EXPECT_THAT(scene.collector->last_line(), HasSubstr("admitted=3"));
  EXPECT_THAT(scene.collector->last_line(), HasSubstr("balance=ok"));
}

TEST(CollectorTest, ItsMetricsShowWhatBecameOfItems) {
  BackEnd back_end;
  Scene scene(plan_of(kSimple, {&back_end}));
  scene.submit_traces(0, 3, std::string(kSpan));
  scene.world.run_for(3s);
  back_end.outcome.reset();
  scene.submit_traces(0, 4, std::string(kSpan));
  scene.world.run_for(3s);
  const std::string page = scene.collector->metrics().to_prometheus_text();
  const std::string to_a = "destination=\"otlp_grpc/a\"";
  EXPECT_EQ(metric(page, "millrace_ledger_items", {to_a, "state=\"admitted\""}), 7);
  EXPECT_EQ(metric(page, "millrace_ledger_items", {to_a, "state=\"delivered\""}), 3);
  EXPECT_EQ(metric(page, "millrace_ledger_held_items", {to_a}), 4);
  EXPECT_EQ(metric(page, "millrace_ledger_bytes", {to_a, "state=\"admitted\""}), 4);
  for (const std::string state :
       {"recovered", "filtered", "sampled_out", "rejected_by_peer", "dropped_drain_deadline"}) {
    EXPECT_EQ(metric(page, "millrace_ledger_items", {to_a, "state=\"" + state + "\""}), 0) << state;
  }
  const std::string exporter = "exporter=\"otlp_grpc/a\"";
  EXPECT_EQ(metric(page, "otelcol_exporter_sent_spans", {exporter}), 3);
  EXPECT_EQ(metric(page, "otelcol_exporter_send_failed_spans", {exporter}), 0);
  EXPECT_EQ(metric(page, "otelcol_exporter_queue_size", {exporter, "data_type=\"traces\""}), 1);
  EXPECT_EQ(metric(page, "otelcol_exporter_queue_capacity", {exporter}), 2);
  EXPECT_EQ(metric(page, "otelcol_exporter_in_flight_requests", {exporter}), 1);
  EXPECT_EQ(metric(page, "millrace_exporter_breaker_open", {exporter}), 0);
  EXPECT_EQ(metric(page, "millrace_exporter_breaker_opened", {exporter}), 0);
  EXPECT_EQ(metric(page, "millrace_ledger_imbalance_items"), 0);
  EXPECT_GE(metric(page, "millrace_ledger_audits").value_or(0), 4);
  EXPECT_EQ(metric(page, "millrace_memory_budget_bytes"),
            static_cast<double>(scene.collector->budget().limit()));
  EXPECT_GT(metric(page, "millrace_memory_reserved_bytes").value_or(0), 0);
  EXPECT_GT(metric(page, "millrace_memory_term_bytes", {"term=\"queues\""}).value_or(0), 0);
  EXPECT_EQ(metric(page, "millrace_memory_refusals"), 0);
  EXPECT_EQ(metric(page, "millrace_receiver_connections"), 0);
}

TEST(CollectorTest, ABatchProcessorsMetricsTellWhyBatchesWereSent) {
  std::string text(kSimple);
  text.replace(text.find("receivers: [otlp], exporters"), 18,
               "receivers: [otlp], processors: [memory_limiter, batch],");
  text.replace(text.find("queue_size: 2"), 13, "queue_size: 20");
  BackEnd back_end;
  Plan plan = plan_of(text, {&back_end});
  plan.metrics_page = MetricsPagePlan{.detail = MetricsDetail::kDetailed};
  Scene scene(std::move(plan));
  ASSERT_EQ(scene.error, "");
  scene.submit_traces(0, 5, std::string(kSpan));  // full
  scene.world.run_for(500ms);
  EXPECT_EQ(back_end.batch_count, 1);
  scene.submit_traces(0, 2, std::string(kSpan));
  scene.world.run_for(300ms);
  EXPECT_EQ(back_end.batch_count, 1);
  scene.world.run_for(2s);
  EXPECT_EQ(back_end.batch_count, 2);
  const std::string page = scene.collector->metrics().to_prometheus_text();
  EXPECT_EQ(metric(page, "otelcol_processor_batch_batch_size_trigger_send"), 1);
  EXPECT_EQ(metric(page, "otelcol_processor_batch_timeout_trigger_send"), 1);
  EXPECT_EQ(metric(page, "otelcol_processor_batch_batch_send_size_sum"), 7);
  EXPECT_EQ(metric(page, "otelcol_processor_batch_batch_send_size_count"), 2);
  EXPECT_EQ(metric(page, "otelcol_exporter_queue_batch_send_size_sum"), 7);
  EXPECT_EQ(metric(page, "otelcol_exporter_queue_batch_send_size_bytes_sum"), 4);
  EXPECT_EQ(metric(page, "otelcol_processor_memory_limiter_accepted_spans"), 7);
}

TEST(CollectorTest, BatchesAreNotObservedWithoutABatchProcessorOrDetail) {
  BackEnd back_end;
  Scene scene(plan_of(kSimple, {&back_end}));
  scene.submit_traces(0, 5, std::string(kSpan));
  scene.world.run_for(1s);
  const std::string page = scene.collector->metrics().to_prometheus_text();
  EXPECT_THAT(page, Not(HasSubstr("batch_send_size")));
}

TEST(CollectorTest, ItsResourceIsShownAsConfigured) {
  BackEnd back_end;
  Plan plan = plan_of(kSimple, {&back_end});
  plan.resource = {{"service.name", "edge"}, {"k8s.pod-name", "p1"}};
  plan.resource_without = {"service.version"};
  Scene scene(std::move(plan));
  const std::string page = scene.collector->metrics().to_prometheus_text();
  EXPECT_THAT(page, HasSubstr("service_name=\"edge\""));
  EXPECT_THAT(page, HasSubstr("k8s_pod_name=\"p1\""));
  EXPECT_THAT(page, HasSubstr("service_instance_id=\""));
  EXPECT_THAT(page, Not(HasSubstr("service_version")));
}

using testing::ask;
using testing::get;
using testing::post;

constexpr std::string_view kJson =
    R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"n","traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708"}]}]}]})";

Plan plan_for_all_hosts(BackEnd& back_end) {
  std::string text(kSimple);
  for (size_t at = text.find("localhost"); at != std::string::npos; at = text.find("localhost")) {
    text.replace(at, 9, "0.0.0.0");
  }
  Plan plan = plan_of(text, {&back_end});
  plan.metrics_page = MetricsPagePlan{.host = "0.0.0.0", .port = 8888};
  return plan;
}

TEST(CollectorTest, AReceiverServesTheSignalsThatHaveAPipeline) {
  BackEnd back_end;
  Scene scene(plan_for_all_hosts(back_end));
  ASSERT_EQ(scene.error, "");
  ASSERT_THAT(scene.collector->ports(), SizeIs(1));
  const uint16_t port = scene.collector->ports()[0];
  EXPECT_EQ(port, 4318);
  EXPECT_THAT(ask(scene, port, post("/v1/traces", kJson)), HasSubstr("HTTP/1.1 200 OK"));
  EXPECT_THAT(ask(scene, port, post("/v1/logs", "{}")), HasSubstr("HTTP/1.1 404"));
  scene.world.run_for(1s);
  EXPECT_EQ(back_end.item_count, 1u);
}

TEST(CollectorTest, ItsPagesAreServed) {
  BackEnd back_end;
  Scene scene(plan_for_all_hosts(back_end));
  ASSERT_EQ(scene.error, "");
  const std::string metrics = ask(scene, 8888, get("/metrics"));
  EXPECT_THAT(metrics, HasSubstr("HTTP/1.1 200 OK"));
  EXPECT_THAT(metrics, HasSubstr("content-type: text/plain; version=0.0.4; charset=utf-8"));
  EXPECT_THAT(metrics, HasSubstr("\nmillrace_ledger_audits "));
  EXPECT_THAT(ask(scene, 8888, get("/")), HasSubstr("HTTP/1.1 404"));
  EXPECT_THAT(ask(scene, 13133, get("/")), HasSubstr("HTTP/1.1 200 OK"));
  EXPECT_THAT(ask(scene, 13133, get("/readyz")), HasSubstr("HTTP/1.1 200 OK"));
}

TEST(CollectorTest, CountersEndInTotalWhereThatIsAskedFor) {
  BackEnd back_end;
  Plan plan = plan_for_all_hosts(back_end);
  plan.metrics_page->counters_end_in_total = true;
  Scene scene(std::move(plan));
  EXPECT_THAT(ask(scene, 8888, get("/metrics")), HasSubstr("\nmillrace_ledger_audits_total "));
}

TEST(CollectorTest, OpenConnectionsAreCounted) {
  BackEnd back_end;
  Scene scene(plan_for_all_hosts(back_end));
  const auto client = scene.world.make_loop("client");
  {
    io::testing::StreamProbe probe(
        client->connect({.address = {scene.world.host_address("collector") + ":4318"}}));
    scene.world.run_for(1s);
    EXPECT_EQ(
        metric(scene.collector->metrics().to_prometheus_text(), "millrace_receiver_connections"),
        1);
  }
  scene.world.run_for(1s);
  EXPECT_EQ(
      metric(scene.collector->metrics().to_prometheus_text(), "millrace_receiver_connections"), 0);
}

TEST(CollectorTest, AnAddressInUseIsNamedWithWhatToDo) {
  BackEnd back_end;
  Plan plan = plan_for_all_hosts(back_end);
  plan.metrics_page->port = 13133;  // that of health_check
  const Scene scene(std::move(plan));
  EXPECT_EQ(scene.collector, nullptr);
  EXPECT_THAT(scene.error, HasSubstr("health_check: "));
  EXPECT_THAT(scene.error, HasSubstr("is another collector running?"));
  EXPECT_THAT(scene.error, HasSubstr("or change health_check)"));
}

TEST(CollectorTest, AdviceIsGivenWhereThereIsSome) {
  EXPECT_THAT(listen_advice(Code::kPermissionDenied, "its endpoint"),
              HasSubstr("ports below 1024 need CAP_NET_BIND_SERVICE; or change its endpoint"));
  EXPECT_EQ(listen_advice(Code::kInternal, "its endpoint"), "");
}

// ---- with a disk

constexpr std::string_view kStored = R"(
receivers: {otlp: {protocols: {http: }}}
exporters: {otlp_grpc/a: {endpoint: "a:1", sending_queue: {storage: file_storage}}}
extensions: {file_storage: {directory: /queue, create_directory: true}}
service:
  extensions: [file_storage]
  pipelines: {traces: {receivers: [otlp], exporters: [otlp_grpc/a]}}
  telemetry: {metrics: {level: none}}
)";

TEST(CollectorTest, WhatWasNotDeliveredIsOnDiskForTheNextStart) {
  io::sim::SimDisk disk(1);
  BackEnd silent;
  silent.outcome.reset();
  {
    Scene scene(plan_of(kStored, {&silent}), &disk);
    ASSERT_EQ(scene.error, "");
    scene.submit_traces(0, 3, std::string(kSpan), pipeline::Policy::kDurable);
    scene.world.run_for(1s);
    EXPECT_EQ(scene.accepted, 1);
    const extensions::Health health = scene.collector->health();
    ASSERT_THAT(health.storages, SizeIs(1));
    EXPECT_EQ(health.storages[0].name, "file_storage");
    EXPECT_EQ(health.storages[0].trouble, "");
    const std::string page = scene.collector->metrics().to_prometheus_text();
    const std::vector<std::string> of_storage = {"extension=\"file_storage\""};
    EXPECT_EQ(metric(page, "millrace_storage_records_written", of_storage), 1);
    EXPECT_EQ(metric(page, "millrace_storage_records_recovered", of_storage), 0);
    EXPECT_EQ(metric(page, "millrace_storage_commit_failures", of_storage), 0);
    EXPECT_GE(metric(page, "millrace_storage_commits", of_storage).value_or(0), 1);
    EXPECT_GE(metric(page, "millrace_storage_segments", of_storage).value_or(0), 1);
    EXPECT_TRUE(scene.drain());
  }
  BackEnd answering;
  Scene scene(plan_of(kStored, {&answering}), &disk);
  ASSERT_EQ(scene.error, "");
  scene.world.run_for(5s);
  EXPECT_EQ(answering.item_count, 3u);
  const std::string page = scene.collector->metrics().to_prometheus_text();
  EXPECT_EQ(metric(page, "millrace_storage_records_recovered"), 1);
  EXPECT_EQ(metric(page, "millrace_ledger_items", {"state=\"recovered\""}), 3);
  EXPECT_TRUE(scene.drain());
}

TEST(CollectorTest, ADiskThatRefusesIsAReasonToRefuseSenders) {
  io::sim::SimDisk disk(1);
  BackEnd silent;
  silent.outcome.reset();
  Scene scene(plan_of(kStored, {&silent}), &disk);
  disk.fail_changes(io::sim::SimDisk::Failure::kNoSpace);
  scene.submit_traces(0, 3, std::string(kSpan), pipeline::Policy::kDurable);
  scene.world.run_for(1s);
  EXPECT_EQ(scene.refused, 1);
  const extensions::Health health = scene.collector->health();
  EXPECT_NE(health.storages.at(0).trouble, "");
  EXPECT_THAT(health.receivers.at(0).refusals, SizeIs(1));
  disk.heal();
}

TEST(CollectorTest, AStorageNeedsADiskAndItsDirectory) {
  BackEnd back_end;
  EXPECT_THAT(Scene(plan_of(kStored, {&back_end})).error, HasSubstr("file_storage: no disk"));
  io::sim::SimDisk disk(1);
  disk.remove_directory("/queue");
  std::string text(kStored);
  text.replace(text.find(", create_directory: true"), 24, "");
  EXPECT_THAT(Scene(plan_of(text, {&back_end}), &disk).error,
              HasSubstr("extension file_storage: the directory /queue is not there"));
}

}  // namespace
}  // namespace millrace::assembly
