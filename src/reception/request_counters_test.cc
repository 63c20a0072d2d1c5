#include "reception/request_counters.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace millrace::reception {
namespace {

// Gives a prepared verdict at once, or keeps the callback for the test.
struct PreparedIntake final : pipeline::Intake {
  std::optional<pipeline::Verdict> submit(pipeline::Payload payload, pipeline::Policy with,
                                          MonotonicTime until,
                                          pipeline::VerdictCallback&& on_verdict) override {
    items = payload.item_count;
    policy = with;
    deadline = until;
    if (!verdict) callback = std::move(on_verdict);
    return verdict;
  }
  void stop() override {}
  void abandon_waiting() override {}
  io::Loop& loop() override { std::abort(); }

  std::optional<pipeline::Verdict> verdict = pipeline::Verdict{};
  pipeline::VerdictCallback callback;
  uint32_t items = 0;
  pipeline::Policy policy = pipeline::Policy::kAccepted;
  MonotonicTime deadline;
};

struct Heard final : transport::Exchange::Impl {
  void reply(const transport::Reply& given) override { answer = given; }
  void abandon() override { ADD_FAILURE() << "the sender hears nothing"; }
  std::string_view peer() const override { return "10.0.0.9:5"; }
  std::optional<transport::Reply> answer;
};

struct Counted {
  Counted() {
    parts.name = "zipkin/in";
    parts.metrics = &metrics;
    parts.log = &log;
    parts.intakes[index_of(Signal::kTraces)] = &intake;
    parts.refusals[index_of(Signal::kTraces)] = &ledger.open_receiver(Signal::kTraces, "zipkin/in");
    parts.memory_refused[index_of(Signal::kTraces)] = {
        &metrics.counter("limiter_refused", "", {{"processor", "memory_limiter"}})};
  }
  void submit(uint32_t item_count) {
    heard.answer.reset();
    counters.submit({.signal = Signal::kTraces,
                     .item_count = item_count,
                     .bytes = {},
                     .metadata = nullptr,
                     .completion = nullptr,
                     .admitted_at = {}},
                    pipeline::Policy::kDelivered, MonotonicTime(5s), 1,
                    transport::Exchange(&heard));
  }
  uint64_t accepted() const { return parts.refusals[index_of(Signal::kTraces)]->accepted(); }
  uint64_t refused() const { return parts.refusals[index_of(Signal::kTraces)]->refused(); }
  bool shows(const std::string& line) const {
    return metrics.to_prometheus_text().contains("\n" + line + "\n");
  }
  PreparedIntake intake;
  Heard heard;
  ledger::Ledger ledger;
  metrics::Registry metrics;
  std::vector<std::string> lines;
  Logger log{{.encoding = LogEncoding::kJson},
             [this](std::string_view line) { lines.emplace_back(line); },
             [] { return int64_t{0}; }};
  ReceiverParts parts;
  RequestCounters counters{parts, {"http_v2_json", "http_v2_proto"}};
};

TEST(RequestCountersTest, TransportsAreCountedApart) {
  Counted counted;
  counted.counters.refuse(1, Signal::kTraces, "bad_data", "no id");
  counted.counters.show(0, Signal::kTraces);
  EXPECT_TRUE(
      counted.shows("millrace_receiver_rejected_requests{reason=\"bad_data\",receiver="
                    "\"zipkin/in\",transport=\"http_v2_proto\"} 1"));
  EXPECT_TRUE(
      counted.shows("otelcol_receiver_accepted_spans{receiver=\"zipkin/in\",transport="
                    "\"http_v2_json\"} 0"));
  ASSERT_EQ(counted.lines.size(), 1u);
  EXPECT_TRUE(counted.lines[0].contains("\"error\":\"no id\"")) << counted.lines[0];
}

TEST(RequestCountersTest, WhatMemoryRefusedCountsAsOneItemWhileNothingIsKnown) {
  Counted counted;
  counted.counters.on_rejected(0, Signal::kTraces, "memory", "", "10.0.0.1:5");
  counted.counters.on_rejected(0, std::nullopt, "memory", "", "10.0.0.1:5");
  EXPECT_TRUE(counted.shows("limiter_refused{processor=\"memory_limiter\"} 1"));
}

// Hears of each request, for the console.
struct RecordingWatcher final : RequestWatcher {
  void on_admitted(const Admitted& request) override {
    heard.push_back("admitted " + std::string(request.receiver) + " " +
                    std::string(request.origin.protocol) + " " + std::string(request.peer) + " " +
                    std::to_string(request.payload.item_count));
  }
  void on_refused(const Refused& refused) override {
    heard.push_back("refused " + std::string(refused.transport) + " " +
                    (refused.signal ? std::string(signal_name(*refused.signal)) : "unknown") + " " +
                    std::string(refused.reason) + " " + std::string(refused.detail) + " " +
                    std::string(refused.peer));
  }
  std::vector<std::string> heard;
};

TEST(RequestCountersTest, TheWatcherHearsOfEachRequestThatIsAdmittedOrRefused) {
  Counted counted;
  RecordingWatcher watcher;
  counted.parts.watcher = &watcher;
  counted.submit(3);
  counted.counters.refuse(1, Signal::kTraces, "bad_data", "no id", "10.0.0.1:5");
  counted.counters.on_rejected(0, std::nullopt, "bad_path", "/v1/trace", "10.0.0.2:5");
  counted.counters.submit_fetched({.signal = Signal::kTraces,
                                   .item_count = 2,
                                   .bytes = {},
                                   .metadata = nullptr,
                                   .completion = nullptr,
                                   .admitted_at = {}},
                                  pipeline::Policy::kAccepted, MonotonicTime(5s), 0, "10.0.0.3:5");
  EXPECT_EQ(watcher.heard,
            (std::vector<std::string>{"admitted zipkin/in  10.0.0.9:5 3",
                                      "refused http_v2_proto traces bad_data no id 10.0.0.1:5",
                                      "refused http_v2_json unknown bad_path /v1/trace 10.0.0.2:5",
                                      "admitted zipkin/in http_v2_json 10.0.0.3:5 2"}));
}

std::string spans(std::string_view what, uint64_t count) {
  return "otelcol_receiver_" + std::string(what) +
         "_spans{receiver=\"zipkin/in\",transport=\"http_v2_proto\"} " + std::to_string(count);
}

TEST(RequestCountersTest, AnAcceptedRequestIsAnsweredAndItsItemsAreCounted) {
  Counted counted;
  counted.submit(3);
  EXPECT_EQ(counted.intake.items, 3u);
  EXPECT_EQ(counted.intake.policy, pipeline::Policy::kDelivered);
  EXPECT_EQ(counted.intake.deadline, MonotonicTime(5s));
  ASSERT_TRUE(counted.heard.answer);
  EXPECT_EQ(counted.heard.answer->code, Code::kOk);
  EXPECT_EQ(counted.accepted(), 3u);
  EXPECT_EQ(counted.refused(), 0u);
  EXPECT_TRUE(counted.shows(spans("accepted", 3)));
  EXPECT_TRUE(counted.shows(spans("refused", 0)));
}

TEST(RequestCountersTest, AVerdictThatComesLaterIsTheAnswer) {
  Counted counted;
  counted.intake.verdict.reset();
  counted.submit(3);
  EXPECT_FALSE(counted.heard.answer);
  counted.intake.callback({.code = Code::kInternal, .message = "no"});
  ASSERT_TRUE(counted.heard.answer);
  EXPECT_EQ(counted.heard.answer->code, Code::kInternal);
  EXPECT_EQ(counted.refused(), 3u);
}

TEST(RequestCountersTest, APartialSuccessIsToldWhole) {
  Counted counted;
  counted.intake.verdict = {.rejected_count = 2, .partial_message = "two are bad"};
  counted.submit(3);
  EXPECT_EQ(counted.heard.answer->code, Code::kOk);
  EXPECT_EQ(counted.heard.answer->rejected_count, 2u);
  EXPECT_EQ(counted.heard.answer->partial_message, "two are bad");
  EXPECT_EQ(counted.accepted(), 3u);
  counted.intake.verdict = {.rejected_count = 0, .partial_message = "a warning"};
  counted.submit(1);
  EXPECT_EQ(counted.heard.answer->partial_message, "a warning");
  counted.intake.verdict = {.rejected_count = 1};
  counted.submit(1);
  EXPECT_EQ(counted.heard.answer->rejected_count, 1u);
}

TEST(RequestCountersTest, ARefusalIsToldWholeAndLoggedWhereItHasAReason) {
  Counted counted;
  counted.intake.verdict = {.code = Code::kResourceExhausted,
                            .message = "full",
                            .retry_after = 7s,
                            .too_large = true,
                            .reason = "too_large"};
  counted.submit(3);
  EXPECT_EQ(counted.heard.answer->code, Code::kResourceExhausted);
  EXPECT_EQ(counted.heard.answer->message, "full");
  EXPECT_EQ(counted.heard.answer->retry_after, 7s);
  EXPECT_TRUE(counted.heard.answer->too_large);
  EXPECT_EQ(counted.accepted(), 0u);
  EXPECT_EQ(counted.refused(), 3u);
  EXPECT_TRUE(counted.shows(spans("refused", 3)));
  const std::string rejected =
      "millrace_receiver_rejected_requests{reason=\"too_large\",receiver=\"zipkin/in\","
      "transport=\"http_v2_proto\"} 1";
  EXPECT_TRUE(counted.shows(rejected));
  ASSERT_EQ(counted.lines.size(), 1u);
  EXPECT_TRUE(counted.lines[0].contains("\"peer\":\"10.0.0.9:5\"")) << counted.lines[0];
  counted.intake.verdict->reason = {};
  counted.submit(1);
  EXPECT_EQ(counted.lines.size(), 1u);
  EXPECT_TRUE(counted.shows(rejected));
}

// 10 items in 4 requests are 2.5, rounded up.
TEST(RequestCountersTest, WhatMemoryRefusedCountsAsTheAverageRequest) {
  Counted counted;
  for (const uint32_t items : {1u, 2u, 3u, 4u}) counted.submit(items);
  counted.counters.on_rejected(1, Signal::kTraces, "memory", "", "10.0.0.1:5");
  EXPECT_TRUE(counted.shows("limiter_refused{processor=\"memory_limiter\"} 3"));
  EXPECT_TRUE(counted.shows(spans("refused", 3)));
  counted.counters.refuse(1, Signal::kTraces, "memory", "none left");
  EXPECT_TRUE(counted.shows("limiter_refused{processor=\"memory_limiter\"} 6"));
  counted.counters.refuse(1, Signal::kTraces, "bad_data", "no");
  EXPECT_TRUE(counted.shows("limiter_refused{processor=\"memory_limiter\"} 6"));
}

TEST(RequestCountersTest, OneLineFeedOfABodyForPeopleIsNotLogged) {
  Counted counted;
  counted.counters.on_rejected(0, std::nullopt, "no_route", "no such page\n", "10.0.0.1:5");
  counted.counters.on_rejected(0, Signal::kTraces, "no_route", "no such page", "10.0.0.1:5");
  ASSERT_EQ(counted.lines.size(), 2u);
  for (const std::string& line : counted.lines) {
    EXPECT_TRUE(line.contains("\"error\":\"no such page\"")) << line;
  }
  EXPECT_TRUE(counted.lines[0].contains("\"signal\":\"unknown\"")) << counted.lines[0];
  EXPECT_TRUE(counted.lines[1].contains("\"signal\":\"traces\"")) << counted.lines[1];
}

TEST(ReceiverTypeTest, AKindIsAReceiverOfItsSignals) {
  constexpr config::ComponentType type = receiver_type("zipkin", 5);
  EXPECT_EQ(type.kind, config::ComponentKind::kReceiver);
  EXPECT_EQ(type.type, "zipkin");
  EXPECT_EQ(type.signals, 5);
}

}  // namespace
}  // namespace millrace::reception
