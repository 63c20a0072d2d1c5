// The answers to a sender and the counters; the rest is tested in reception and in the server.
#include "receivers/zipkin/receiver.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "graph/testing/rig.h"

namespace millrace::receivers::zipkin {
namespace {

using pipeline::Outcome;
using pipeline::testing::plain_options;
using pipeline::testing::Rig;
using transport::BodyFormat;
using transport::Reply;

struct Heard final : transport::Exchange::Impl {
  void reply(const Reply& given) override { answer = given; }
  void abandon() override {}
  std::optional<Reply> answer;
};

struct Scene {
  Scene() : rig({plain_options()}) {
    reception::ReceiverParts parts;
    parts.name = "zipkin";
    parts.intakes[index_of(Signal::kTraces)] = rig.intake.get();
    parts.refusals[index_of(Signal::kTraces)] =
        &rig.ledger.open_receiver(Signal::kTraces, "zipkin");
    parts.loop = &rig.loop;
    parts.pool = &pool;
    parts.long_work = &long_work;
    parts.message_bytes_max = 1 << 20;
    parts.metrics = &metrics;
    parts.log = &log;
    receiver = std::make_unique<ZipkinReceiver>(
        std::move(parts), ZipkinReceiver::Options{.policy = pipeline::Policy::kAccepted});
  }
  Heard& send(std::string_view body, BodyFormat format = BodyFormat::kJson) {
    heard.push_back(std::make_unique<Heard>());
    receiver->on_request({.protocol = transport::Protocol::kHttp,
                          .format = format,
                          .signal = Signal::kTraces,
                          .body = Bytes::copy_of(body)},
                         transport::Exchange(heard.back().get()));
    return *heard.back();
  }
  bool shows(const std::string& name, const std::string& transport, int value,
             const std::string& reason = "") const {
    return metrics.to_prometheus_text().contains(
        "\n" + name + "{" + (reason.empty() ? "" : "reason=\"" + reason + "\",") +
        "receiver=\"zipkin\",transport=\"" + transport + "\"} " + std::to_string(value) + "\n");
  }

  Rig rig;
  Budget budget{64 << 20};
  ChunkPool pool{budget, 0};
  io::LongWork long_work{rig.loop, pool};
  metrics::Registry metrics;
  Logger log{{.encoding = LogEncoding::kJson}, [](std::string_view) {}, [] { return int64_t{0}; }};
  std::vector<std::unique_ptr<Heard>> heard;
  std::unique_ptr<ZipkinReceiver> receiver;
};

TEST(ZipkinReceiverTest, SpansEnterThePipelineAndAreCountedByFormat) {
  Scene scene;
  const Heard& heard = scene.send(R"([{"traceId":"1","id":"2","name":"a"},{"id":"3"}])");
  ASSERT_TRUE(heard.answer);
  EXPECT_EQ(heard.answer->code, Code::kOk);
  scene.rig.run();
  ASSERT_EQ(scene.rig.sinks[0].exporter->open.size(), 1u);
  EXPECT_EQ(scene.rig.sinks[0].exporter->open.front().batch.item_count, 2u);
  EXPECT_TRUE(scene.shows("otelcol_receiver_accepted_spans", "http_v2_json", 2));
  scene.rig.sinks[0].exporter->answer(Outcome::Kind::kDelivered);
  scene.rig.run();
}

TEST(ZipkinReceiverTest, NoSpansAreGoodAndEnterNothing) {
  Scene scene;
  const Heard& heard = scene.send("[]");
  ASSERT_TRUE(heard.answer);
  EXPECT_EQ(heard.answer->code, Code::kOk);
  EXPECT_EQ(scene.send("", BodyFormat::kProtobuf).answer->code, Code::kOk);
  EXPECT_EQ(scene.rig.sinks[0].seen().admitted.items, 0u);
  EXPECT_TRUE(scene.shows("otelcol_receiver_accepted_spans", "http_v2_proto", 0));
}

TEST(ZipkinReceiverTest, WhatIsInvalidIsNamedCountedAndEntersNothing) {
  Scene scene;
  const Heard& heard = scene.send(R"([{"id":"2"},{"id":"xyz"}])");
  ASSERT_TRUE(heard.answer);
  EXPECT_EQ(heard.answer->code, Code::kInvalidArgument);
  EXPECT_TRUE(heard.answer->message.contains("spans[1].id")) << heard.answer->message;
  EXPECT_EQ(scene.send("\x0a\x7f", BodyFormat::kProtobuf).answer->code, Code::kInvalidArgument);
  EXPECT_EQ(scene.rig.sinks[0].seen().admitted.items, 0u);
  const std::string name = "millrace_receiver_rejected_requests";
  EXPECT_TRUE(scene.shows(name, "http_v2_json", 1, "bad_data"));
  EXPECT_TRUE(scene.shows(name, "http_v2_proto", 1, "bad_data"));
}

TEST(ZipkinReceiverTest, WithoutMemoryTheSenderIsToldToComeBack) {
  Scene scene;
  const size_t others = scene.budget.limit() - 1000;
  ASSERT_TRUE(scene.budget.try_reserve(MemoryTerm::kMessages, others));
  const Heard& heard = scene.send(R"([{"id":"2"}])");
  ASSERT_TRUE(heard.answer);
  EXPECT_EQ(heard.answer->code, Code::kUnavailable);
  EXPECT_EQ(heard.answer->retry_after, 1s);
  EXPECT_TRUE(scene.shows("millrace_receiver_rejected_requests", "http_v2_json", 1, "memory"));
  scene.budget.release(MemoryTerm::kMessages, others);
}

}  // namespace
}  // namespace millrace::receivers::zipkin
