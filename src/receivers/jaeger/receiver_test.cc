// The answers to a sender and the counters; the rest is tested in reception and in the server.
#include "receivers/jaeger/receiver.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "graph/testing/rig.h"

namespace millrace::receivers::jaeger {
namespace {

using std::chrono_literals::operator""s;
using std::string_literals::operator""s;
using pipeline::Outcome;
using pipeline::testing::plain_options;
using pipeline::testing::Rig;
using transport::Reply;

// Batch{process{"a"}, spans[2]} in the binary encoding, behind each other what both spans have.
std::string thrift_batch() {
  std::string span;
  for (const char id : {'\1', '\2', '\3', '\4'}) span += "\x0a\0"s + id + "\0\0\0\0\0\0\0\7"s;
  span +=
      "\x0b\0\5\0\0\0\1n\x08\0\7\0\0\0\0\x0a\0\x08\0\0\0\0\0\0\0\1\x0a\0\x09\0\0\0\0\0\0\0\1\0"s;
  return "\x0c\0\1\x0b\0\1\0\0\0\1a\0\x0f\0\2\x0c\0\0\0\2"s + span + span + "\0"s;
}
std::string binary_call() {
  return "\x80\1\0\4\0\0\0\x09"s + "emitBatch" + "\0\0\0\1\x0c\0\1"s + thrift_batch() + "\0"s;
}
// PostSpansRequest{batch{span{operation_name: "n"}}}
const std::string kProtobuf = "\x0a\5\x0a\3\x1a\1n";

struct Heard final : transport::Exchange::Impl {
  void reply(const Reply& given) override { answer = given; }
  void abandon() override {}
  std::optional<Reply> answer;
};

struct Scene {
  Scene() : rig({plain_options()}) {
    reception::ReceiverParts parts;
    parts.name = "jaeger";
    parts.intakes[index_of(Signal::kTraces)] = rig.intake.get();
    parts.refusals[index_of(Signal::kTraces)] =
        &rig.ledger.open_receiver(Signal::kTraces, "jaeger");
    parts.loop = &rig.loop;
    parts.pool = &pool;
    parts.long_work = &long_work;
    parts.message_bytes_max = 1 << 20;
    parts.metrics = &metrics;
    parts.log = &log;
    receiver = std::make_unique<JaegerReceiver>(
        std::move(parts),
        JaegerReceiver::Options{.grpc_policy = pipeline::Policy::kAccepted,
                                .http_policy = pipeline::Policy::kAccepted,
                                .formats = {Format::kThriftCompact, Format::kThriftBinary}});
  }
  Heard& send(std::string_view body, transport::Protocol protocol = transport::Protocol::kHttp) {
    heard.push_back(std::make_unique<Heard>());
    receiver->on_request(
        {.protocol = protocol, .signal = Signal::kTraces, .body = Bytes::copy_of(body)},
        transport::Exchange(heard.back().get()));
    return *heard.back();
  }
  void send_packet(std::string_view packet, bool is_cut = false) {
    receiver->on_datagram(1, {.bytes = as_span(packet), .is_cut = is_cut, .peer = "10.0.0.1:5"});
  }
  bool shows(const std::string& name, const std::string& transport, int value,
             const std::string& reason = "") const {
    return metrics.to_prometheus_text().contains(
        "\n" + name + "{" + (reason.empty() ? "" : "reason=\"" + reason + "\",") +
        "receiver=\"jaeger\",transport=\"" + transport + "\"} " + std::to_string(value) + "\n");
  }
  bool rejected(const std::string& transport, const std::string& reason) const {
    return shows("millrace_receiver_rejected_requests", transport, 1, reason);
  }
  uint64_t admitted() { return rig.sinks[0].seen().admitted.items; }
  void deliver() {
    rig.run();
    ASSERT_EQ(rig.sinks[0].exporter->open.size(), 1u);
    rig.sinks[0].exporter->answer(Outcome::Kind::kDelivered);
    rig.run();
  }

  Rig rig;
  Budget budget{64 << 20};
  ChunkPool pool{budget, 0};
  io::LongWork long_work{rig.loop, pool};
  metrics::Registry metrics;
  Logger log{{.encoding = LogEncoding::kJson}, [](std::string_view) {}, [] { return int64_t{0}; }};
  std::vector<std::unique_ptr<Heard>> heard;
  std::unique_ptr<JaegerReceiver> receiver;
};

TEST(JaegerReceiverTest, ThriftOverHttpEntersThePipelineAndIsCounted) {
  Scene scene;
  const Heard& heard = scene.send(thrift_batch());
  ASSERT_TRUE(heard.answer);
  EXPECT_EQ(heard.answer->code, Code::kOk) << heard.answer->message;
  EXPECT_EQ(scene.admitted(), 2u);
  EXPECT_TRUE(scene.shows("otelcol_receiver_accepted_spans", "collector_http", 2));
  scene.deliver();
}

TEST(JaegerReceiverTest, ProtobufOverGrpcEntersThePipelineAndIsCounted) {
  Scene scene;
  const Heard& heard = scene.send(kProtobuf, transport::Protocol::kGrpc);
  ASSERT_TRUE(heard.answer);
  EXPECT_EQ(heard.answer->code, Code::kOk) << heard.answer->message;
  EXPECT_EQ(scene.admitted(), 1u);
  EXPECT_TRUE(scene.shows("otelcol_receiver_accepted_spans", "grpc", 1));
  scene.deliver();
}

TEST(JaegerReceiverTest, APacketEntersThePipelineAndIsCounted) {
  Scene scene;
  scene.send_packet(binary_call());
  EXPECT_EQ(scene.admitted(), 2u);
  EXPECT_TRUE(scene.shows("otelcol_receiver_accepted_spans", "udp_thrift_binary", 2));
  scene.deliver();
}

TEST(JaegerReceiverTest, WhatIsInvalidIsNamedCountedAndEntersNothing) {
  Scene scene;
  const Heard& heard = scene.send(thrift_batch().substr(0, 60));
  ASSERT_TRUE(heard.answer);
  EXPECT_EQ(heard.answer->code, Code::kInvalidArgument);
  EXPECT_TRUE(heard.answer->message.contains("spans[0]")) << heard.answer->message;
  EXPECT_EQ(scene.send("\x0a\x7f", transport::Protocol::kGrpc).answer->code,
            Code::kInvalidArgument);
  scene.send_packet("nonsense");
  EXPECT_EQ(scene.admitted(), 0u);
  EXPECT_TRUE(scene.rejected("collector_http", "bad_data"));
  EXPECT_TRUE(scene.rejected("grpc", "bad_data"));
  EXPECT_TRUE(scene.rejected("udp_thrift_binary", "bad_data"));
}

TEST(JaegerReceiverTest, APacketThatWasCutIsRefusedWithoutBeingRead) {
  Scene scene;
  scene.send_packet(binary_call(), true);
  EXPECT_EQ(scene.admitted(), 0u);
  EXPECT_TRUE(scene.rejected("udp_thrift_binary", "too_large"));
}

TEST(JaegerReceiverTest, NoSpansAreGoodAndEnterNothing) {
  Scene scene;
  EXPECT_EQ(scene.send("", transport::Protocol::kGrpc).answer->code, Code::kOk);
  scene.send_packet("\x80\1\0\4\0\0\0\x09"s + "emitBatch" + "\0\0\0\1\0"s);
  EXPECT_EQ(scene.admitted(), 0u);
  EXPECT_TRUE(scene.shows("otelcol_receiver_accepted_spans", "grpc", 0));
  EXPECT_TRUE(scene.shows("otelcol_receiver_accepted_spans", "udp_thrift_binary", 0));
}

TEST(JaegerReceiverTest, WithoutMemoryTheSenderIsToldToComeBackAndAPacketIsLost) {
  Scene scene;
  const size_t others = scene.budget.limit() - 1000;
  ASSERT_TRUE(scene.budget.try_reserve(MemoryTerm::kMessages, others));
  const Heard& heard = scene.send(thrift_batch());
  ASSERT_TRUE(heard.answer);
  EXPECT_EQ(heard.answer->code, Code::kUnavailable);
  EXPECT_EQ(heard.answer->retry_after, 1s);
  scene.send_packet(binary_call());
  EXPECT_TRUE(scene.rejected("collector_http", "memory"));
  EXPECT_TRUE(scene.rejected("udp_thrift_binary", "memory"));
  scene.budget.release(MemoryTerm::kMessages, others);
}

}  // namespace
}  // namespace millrace::receivers::jaeger
