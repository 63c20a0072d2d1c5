// The answer to a sender and the counters, for each way a request can end between the transport
// and the pipelines.
#include "receivers/otlp/receiver.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "graph/testing/rig.h"
#include "otlp/example_requests.h"

namespace millrace::receivers {
namespace {

using pipeline::Outcome;
using pipeline::testing::plain_options;
using pipeline::testing::Rig;
using transport::BodyFormat;
using transport::Protocol;
using transport::Reply;

// Keeps what the receiver answered.
struct Heard final : transport::Exchange::Impl {
  void reply(const Reply& given) override { answer = given; }
  void abandon() override { abandoned = true; }
  std::string_view peer() const override { return "10.0.0.9:51234"; }
  std::optional<Reply> answer;
  bool abandoned = false;
};

struct Scene {
  explicit Scene(pipeline::DestinationOptions options = plain_options(),
                 size_t budget_bytes = 64 << 20)
      : rig({std::move(options)}), budget(budget_bytes) {
    reception::ReceiverParts parts;
    parts.name = "otlp/in";
    for (const Signal signal : kSignals) {
      parts.intakes[index_of(signal)] = rig.intake.get();
      parts.refusals[index_of(signal)] = &rig.ledger.open_receiver(signal, "otlp/in");
    }
    parts.loop = &rig.loop;
    parts.long_work = &long_work;
    parts.message_bytes_max = 1 << 20;
    parts.metrics = &metrics;
    parts.memory_refused[index_of(Signal::kTraces)] = {
        &metrics.counter("limiter_refused", "", {{"processor", "memory_limiter"}})};
    parts.log = &log;
    receiver = std::make_unique<OtlpReceiver>(
        std::move(parts), OtlpReceiver::Policies{.grpc = pipeline::Policy::kAccepted,
                                                 .http = pipeline::Policy::kDelivered});
  }

  // The answer belongs to the scene; empty while the request waits.
  Heard& send(Bytes body, Protocol protocol = Protocol::kGrpc,
              BodyFormat format = BodyFormat::kProtobuf, Signal signal = Signal::kTraces) {
    heard.push_back(std::make_unique<Heard>());
    receiver->on_request(
        {.protocol = protocol, .format = format, .signal = signal, .body = std::move(body)},
        transport::Exchange(heard.back().get()));
    return *heard.back();
  }
  Heard& send_json(std::string_view text, Signal signal = Signal::kTraces) {
    return send(Bytes::copy_of(text), Protocol::kHttp, BodyFormat::kJson, signal);
  }
  bool shows(const std::string& line) const {
    return metrics.to_prometheus_text().contains("\n" + line + "\n");
  }
  uint64_t refused(Signal signal = Signal::kTraces) const {
    return rig.ledger.receivers()[index_of(signal)]->refused();
  }

  Rig rig;
  Budget budget;
  ChunkPool pool{budget, 0};
  io::LongWork long_work{rig.loop, pool};
  metrics::Registry metrics;
  std::vector<std::string> lines;
  Logger log{{.encoding = LogEncoding::kJson},
             [this](std::string_view line) { lines.emplace_back(line); },
             [] { return int64_t{0}; }};
  std::vector<std::unique_ptr<Heard>> heard;
  std::unique_ptr<OtlpReceiver> receiver;
};

std::string series(const std::string& name, const std::string& transport, uint64_t value,
                   const std::string& reason = "") {
  return name + "{" + (reason.empty() ? "" : "reason=\"" + reason + "\",") +
         "receiver=\"otlp/in\",transport=\"" + transport + "\"} " + std::to_string(value);
}

TEST(OtlpReceiverTest, AcceptedItemsAreAnsweredAndCountedBySignalAndTransport) {
  Scene scene;
  for (const Signal signal : {Signal::kTraces, Signal::kMetrics, Signal::kLogs}) {
    const Heard& heard = scene.send(otlp::example_request(signal, {.items = 3}), Protocol::kGrpc,
                                    BodyFormat::kProtobuf, signal);
    ASSERT_TRUE(heard.answer) << signal_name(signal);
    EXPECT_EQ(heard.answer->code, Code::kOk);
    EXPECT_EQ(heard.answer->rejected_count, 0u);
    EXPECT_EQ(scene.rig.ledger.receivers()[index_of(signal)]->accepted(), 3u);
  }
  EXPECT_TRUE(scene.shows(series("otelcol_receiver_accepted_spans", "grpc", 3)));
  EXPECT_TRUE(scene.shows(series("otelcol_receiver_accepted_metric_points", "grpc", 3)));
  EXPECT_TRUE(scene.shows(series("otelcol_receiver_accepted_log_records", "grpc", 3)));
  EXPECT_TRUE(scene.shows(series("otelcol_receiver_refused_spans", "grpc", 0)));
  EXPECT_TRUE(scene.shows(series("otelcol_receiver_failed_spans", "grpc", 0)));
}

TEST(OtlpReceiverTest, JsonThatTakesLongerThanASliceIsCounted) {
  Scene scene;
  constexpr std::string_view kCounter =
      "millrace_receiver_long_json_requests{receiver=\"otlp/in\"} ";
  EXPECT_TRUE(scene.shows(std::string(kCounter) + "0"));
  std::string text = R"({"resourceSpans":[]})";
  scene.send_json(text);
  text.resize(otlp::json::kBytesInASlice, ' ');
  scene.send_json(text);
  EXPECT_TRUE(scene.shows(std::string(kCounter) + "0"));
  scene.send_json(text + " ");
  EXPECT_TRUE(scene.shows(std::string(kCounter) + "1"));
}

TEST(OtlpReceiverTest, DeliveredWaitsForTheDestination) {
  Scene scene;
  const Heard& heard =
      scene.send(otlp::example_request(Signal::kTraces, {.items = 2}), Protocol::kHttp);
  scene.rig.run();
  EXPECT_FALSE(heard.answer);
  scene.rig.sinks[0].exporter->answer(Outcome::Kind::kDelivered);
  scene.rig.run();
  ASSERT_TRUE(heard.answer);
  EXPECT_EQ(heard.answer->code, Code::kOk);
}

TEST(OtlpReceiverTest, PartialSuccessOfTheDestinationIsPassedBack) {
  Scene scene;
  const Heard& heard =
      scene.send(otlp::example_request(Signal::kTraces, {.items = 5}), Protocol::kHttp);
  scene.rig.run();
  scene.rig.sinks[0].exporter->answer({.kind = Outcome::Kind::kPartial,
                                       .rejected_count = 2,
                                       .error = {Code::kOk, "two were strange"}});
  scene.rig.run();
  ASSERT_TRUE(heard.answer);
  EXPECT_EQ(heard.answer->code, Code::kOk);
  EXPECT_EQ(heard.answer->rejected_count, 2u);
  EXPECT_TRUE(heard.answer->partial_message.contains("two were strange"));
  EXPECT_TRUE(scene.shows(series("otelcol_receiver_accepted_spans", "http", 5)));
}

TEST(OtlpReceiverTest, AFullQueueIsRefusedWithATimeToComeBack) {
  pipeline::DestinationOptions small = plain_options();
  small.queue.capacity = 1;
  Scene scene(small);
  scene.send(otlp::example_request(Signal::kTraces, {.items = 1}));
  const Heard& heard = scene.send(otlp::example_request(Signal::kTraces, {.items = 4}));
  ASSERT_TRUE(heard.answer);
  EXPECT_EQ(heard.answer->code, Code::kUnavailable);
  EXPECT_TRUE(heard.answer->retry_after);
  EXPECT_EQ(scene.refused(), 4u);
  EXPECT_TRUE(scene.shows(series("otelcol_receiver_refused_spans", "grpc", 4)));
  EXPECT_TRUE(scene.shows(series("otelcol_receiver_accepted_spans", "grpc", 1)));
}

TEST(OtlpReceiverTest, BadProtobufIsNamedAndEntersNothing) {
  Scene scene;
  const Heard& heard = scene.send(Bytes::copy_of(std::string_view("\x0a\x05\x12", 3)));
  ASSERT_TRUE(heard.answer);
  EXPECT_EQ(heard.answer->code, Code::kInvalidArgument);
  EXPECT_FALSE(heard.answer->bad_field.empty());
  EXPECT_FALSE(heard.answer->retry_after);
  EXPECT_TRUE(scene.shows(series("millrace_receiver_rejected_requests", "grpc", 1, "bad_data")));
  EXPECT_EQ(scene.rig.sinks[0].seen().admitted.items, 0u);
  ASSERT_EQ(scene.lines.size(), 1u);
  EXPECT_TRUE(scene.lines[0].contains("\"reason\":\"bad_data\"")) << scene.lines[0];
  EXPECT_TRUE(scene.lines[0].contains("\"peer\":\"10.0.0.9:51234\"")) << scene.lines[0];
}

TEST(OtlpReceiverTest, JsonBecomesTheProtobufItStandsFor) {
  Scene scene;
  const Heard& heard = scene.send_json(
      R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"00112233445566778899aabbccddeeff",)"
      R"("spanId":"0011223344556677","name":"a"},{"name":"b"}]}]}]})");
  scene.rig.run();
  ASSERT_EQ(scene.rig.sinks[0].exporter->open.size(), 1u);
  const pipeline::Batch& batch = scene.rig.sinks[0].exporter->open.front().batch;
  EXPECT_EQ(batch.item_count, 2u);
  scene.rig.sinks[0].exporter->answer(Outcome::Kind::kDelivered);
  scene.rig.run();
  ASSERT_TRUE(heard.answer);
  EXPECT_EQ(heard.answer->code, Code::kOk);
  EXPECT_TRUE(scene.shows(series("otelcol_receiver_accepted_spans", "http", 2)));
}

TEST(OtlpReceiverTest, MistakesInJsonNameTheirPlace) {
  const std::pair<std::string_view, std::string_view> kCases[] = {
      {"", "JSON"},
      {"{", "line 1"},
      {"[]", "line 1"},
      {R"({"resourceSpans":3})", "resourceSpans"},
      {"{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[\n{\"traceId\":\"abc\"}]}]}]}",
       "line 2, column"},
  };
  for (const auto& [text, part] : kCases) {
    Scene scene;
    const Heard& heard = scene.send_json(text);
    ASSERT_TRUE(heard.answer) << text;
    if (text.empty()) {  // a body of no bytes is the empty message, as in protobuf
      EXPECT_EQ(heard.answer->code, Code::kOk);
      continue;
    }
    EXPECT_EQ(heard.answer->code, Code::kInvalidArgument) << text;
    EXPECT_TRUE(heard.answer->message.contains(part)) << heard.answer->message;
    EXPECT_TRUE(scene.shows(series("millrace_receiver_rejected_requests", "http", 1, "bad_data")));
  }
}

TEST(OtlpReceiverTest, JsonThatGrowsPastTheLimitIsTooLarge) {
  Scene scene;
  const Heard& heard = scene.send_json(R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"name":")" +
                                       std::string(2 << 20, 'n') + R"("}]}]}]})");
  ASSERT_TRUE(heard.answer);
  EXPECT_EQ(heard.answer->code, Code::kResourceExhausted);
  EXPECT_TRUE(heard.answer->too_large);
  EXPECT_TRUE(scene.shows(series("millrace_receiver_rejected_requests", "http", 1, "too_large")));
}

TEST(OtlpReceiverTest, JsonWithoutMemoryIsToldToComeBack) {
  Scene scene;
  const size_t others = scene.budget.limit() - 1000;
  ASSERT_TRUE(scene.budget.try_reserve(MemoryTerm::kMessages, others));
  const Heard& heard = scene.send_json(R"({"resourceSpans":[{"scopeSpans":[{"spans":[{}]}]}]})");
  ASSERT_TRUE(heard.answer);
  EXPECT_EQ(heard.answer->code, Code::kUnavailable);
  EXPECT_EQ(heard.answer->retry_after, 1s);
  EXPECT_TRUE(scene.shows(series("millrace_receiver_rejected_requests", "http", 1, "memory")));
  EXPECT_EQ(scene.budget.used(), others);
  scene.budget.release(MemoryTerm::kMessages, others);
}

TEST(OtlpReceiverTest, JsonThatTheBudgetCanNeverHoldIsTooLarge) {
  Scene scene(plain_options(), 1000);
  const Heard& heard = scene.send_json(R"({"resourceSpans":[{"scopeSpans":[{"spans":[{}]}]}]})");
  ASSERT_TRUE(heard.answer);
  EXPECT_TRUE(heard.answer->too_large);
  EXPECT_FALSE(heard.answer->retry_after);
  EXPECT_TRUE(scene.shows(series("millrace_receiver_rejected_requests", "http", 1, "too_large")));
}

TEST(OtlpReceiverTest, RequestsWithoutItemsAreGoodAndEnterNothing) {
  Scene scene;
  const std::string_view kEmpty[] = {"", std::string_view("\x0a\x00", 2),
                                     std::string_view("\x0a\x02\x12\x00", 4)};
  for (const std::string_view body : kEmpty) {
    const Heard& heard = scene.send(Bytes::copy_of(body), Protocol::kHttp);
    ASSERT_TRUE(heard.answer);
    EXPECT_EQ(heard.answer->code, Code::kOk);
  }
  EXPECT_EQ(scene.rig.sinks[0].destination->numbers().queue_size, 0u);
  EXPECT_TRUE(scene.shows(series("otelcol_receiver_accepted_spans", "http", 0)));
}

TEST(OtlpReceiverTest, ProfilesWithoutSamplesAreForwardedWhole) {
  pipeline::DestinationOptions options = plain_options();
  options.signal = Signal::kProfiles;
  options.queue.sizer = pipeline::Sizer::kItems;
  Scene scene(options);
  // A dictionary (field 2) with one string, and no resource at all.
  const std::string_view body("\x12\x06\x2a\x04main", 8);
  const Heard& heard =
      scene.send(Bytes::copy_of(body), Protocol::kHttp, BodyFormat::kProtobuf, Signal::kProfiles);
  scene.rig.run();
  auto& exporter = *scene.rig.sinks[0].exporter;
  ASSERT_EQ(exporter.open.size(), 1u);
  EXPECT_EQ(exporter.open.front().batch.bytes.to_bytes().text(), body);
  EXPECT_EQ(exporter.open.front().batch.item_count, 0u);
  EXPECT_EQ(scene.rig.sinks[0].destination->numbers().queue_size, 1u) << "its place is bounded";
  exporter.answer(Outcome::Kind::kDelivered);
  scene.rig.run();
  ASSERT_TRUE(heard.answer);
  EXPECT_EQ(heard.answer->code, Code::kOk);
  const Heard& nothing =
      scene.send(Bytes(), Protocol::kHttp, BodyFormat::kProtobuf, Signal::kProfiles);
  ASSERT_TRUE(nothing.answer);
  EXPECT_EQ(exporter.attempt_count, 1);
}

TEST(OtlpReceiverTest, AfterTheStopEverythingIsRefusedAsUnavailable) {
  Scene scene;
  scene.rig.intake->stop();
  const Heard& heard = scene.send(otlp::example_request(Signal::kTraces, {.items = 2}));
  ASSERT_TRUE(heard.answer);
  EXPECT_EQ(heard.answer->code, Code::kUnavailable);
  EXPECT_EQ(scene.refused(), 2u);
}

TEST(OtlpReceiverTest, WhatTheTransportRefusedIsCountedByReason) {
  Scene scene;
  scene.receiver->on_rejected(Protocol::kHttp, Signal::kLogs, "too_large", "9 bytes", "10.0.0.1:5");
  scene.receiver->on_rejected(Protocol::kHttp, std::nullopt, "too_large", "", "10.0.0.1:5");
  EXPECT_TRUE(scene.shows(series("millrace_receiver_rejected_requests", "http", 2, "too_large")));
  ASSERT_EQ(scene.lines.size(), 2u);
  EXPECT_TRUE(scene.lines[0].contains("\"signal\":\"logs\"")) << scene.lines[0];
  EXPECT_TRUE(scene.lines[0].contains("10.0.0.1:5"));
  EXPECT_TRUE(scene.lines[1].contains("\"signal\":\"unknown\"")) << scene.lines[1];
}

TEST(OtlpReceiverTest, WhatMemoryRefusedCountsAsTheAverageRequest) {
  Scene scene;
  const std::string limiter = "limiter_refused{processor=\"memory_limiter\"} ";
  scene.receiver->on_rejected(Protocol::kGrpc, Signal::kTraces, "memory", "", "10.0.0.1:5");
  EXPECT_TRUE(scene.shows(limiter + "1")) << "nothing is known yet";
  scene.send(otlp::example_request(Signal::kTraces, {.items = 3}));
  scene.send(otlp::example_request(Signal::kTraces, {.items = 8}));
  scene.receiver->on_rejected(Protocol::kGrpc, Signal::kTraces, "memory", "", "10.0.0.1:5");
  EXPECT_TRUE(scene.shows(limiter + "7"));
  EXPECT_TRUE(scene.shows(series("otelcol_receiver_refused_spans", "grpc", 7)));
  scene.receiver->on_rejected(Protocol::kGrpc, Signal::kLogs, "memory", "", "10.0.0.1:5");
  scene.receiver->on_rejected(Protocol::kGrpc, Signal::kTraces, "too_large", "", "10.0.0.1:5");
  scene.receiver->on_rejected(Protocol::kGrpc, std::nullopt, "memory", "", "10.0.0.1:5");
  EXPECT_TRUE(scene.shows(limiter + "7"));
  EXPECT_EQ(scene.refused(), 0u) << "the ledger counts what it knows";
}

}  // namespace
}  // namespace millrace::receivers
