#include "extensions/console/tap_stream.h"

#include <gtest/gtest.h>

#include "extensions/console/proto_writer.h"
#include "pipeline/testing/manual_loop.h"

namespace millrace::extensions::console {
namespace {

using proto::field;

struct FixedSource final : Source {
  const Facts& facts() const override { return facts_; }
  State state() const override { return {}; }
  std::optional<std::string> send_test_trace() override { return std::nullopt; }
  Facts facts_;
};

// A request of log records of those bodies, with times 1, 2, …
Rope logs(const std::vector<std::string>& bodies) {
  std::string scope;
  for (size_t i = 0; i < bodies.size(); ++i) {
    scope += field(2, proto::fixed_field(1, i + 1) + field(5, field(1, bodies[i])));
  }
  return Rope(Bytes::copy_of(field(1, field(2, scope))));
}

// Its rules append "1", "2", … to the body of the one record.
class Appending final : public pipeline::Processor {
 public:
  explicit Appending(size_t count) : count_(count) {}
  Result<pipeline::ProcessorResult> process(pipeline::Payload& payload, Work&) override {
    std::string body = "a";
    for (size_t i = 0; i < count_; ++i) body += std::to_string(i + 1);
    payload.bytes = logs({body});
    return pipeline::ProcessorResult{};
  }

 private:
  const size_t count_;
};

struct Tapped {
  pipeline::testing::ManualLoop loop;
  Budget budget{64 << 20};
  ChunkPool pool{budget, 1};
  recent::EdgeTaps taps{budget, 1};
  FixedSource source;
  RulesOfPipelines rules{1};
  std::optional<TapStreams> streams;

  Tapped() {
    source.facts_.pipelines.push_back({.signal = Signal::kLogs,
                                       .id = "logs",
                                       .processors = {"transform", "batch"},
                                       .steps = {0, 1, 1},
                                       .open_from = 0});
    rules[0].resize(2);
    rules[0][0] = {.texts = {"set(one)", "set(two)"},
                   .make = [](size_t count) { return std::make_unique<Appending>(count); }};
    streams.emplace(TapStreams::Parts{
        .loop = &loop, .source = &source, .taps = &taps, .rules = &rules, .pool = &pool});
  }
  transport::PageReply open(const std::string& query) {
    return streams->connect(*Query::parse(query));
  }
  void pass(std::vector<Rope> points, std::string refusal = {}) {
    pipeline::Trail trail{.points = {}, .metadata = nullptr, .refusal = std::move(refusal)};
    for (Rope& bytes : points) {
      const size_t position = trail.points.size();
      trail.points.push_back({.position = position, .item_count = 1, .bytes = std::move(bytes)});
    }
    taps.add(0, trail, WallTime(5s));
  }
  std::string read(transport::PageReply& reply) {
    std::string text;
    std::function<void()> ask = [&] {
      reply.stream->next([&](transport::PageStream::Piece piece) { text += piece.bytes; });
    };
    ask();
    loop.advance(300ms);
    return text;
  }
};

TEST(TapStreamTest, AnEditIsShownWithTheRuleThatDidIt) {
  Tapped tapped;
  auto reply = tapped.open("edge=logs@transform");
  ASSERT_EQ(reply.status, 200) << reply.body;
  EXPECT_TRUE(reply.body.contains("event: edge")) << reply.body;
  EXPECT_TRUE(reply.body.contains("\"rules\":[\"set(one)\",\"set(two)\"]")) << reply.body;
  tapped.pass({logs({"a"}), logs({"a12"})});
  const std::string text = tapped.read(reply);
  EXPECT_TRUE(text.contains("event: sample")) << text;
  EXPECT_TRUE(text.contains("\"rules\":[1,2]")) << text;
  EXPECT_TRUE(
      text.contains("{\"path\":\"body\",\"change\":\"changed\",\"before\":\"a\",\"after\":"
                    "\"a12\",\"rule\":2}"))
      << text;
}

TEST(TapStreamTest, WhatIsRemovedAndWhatIsRefusedIsShown) {
  Tapped tapped;
  auto reply = tapped.open("edge=logs@1");
  tapped.pass({logs({"a", "b"}), logs({"a"})});
  tapped.pass({logs({"a"})}, "the statement failed");
  const std::string text = tapped.read(reply);
  EXPECT_TRUE(text.contains("\"counts\":{\"same\":1,\"changed\":0,\"added\":0,\"removed\":1}"))
      << text;
  EXPECT_TRUE(text.contains("\"refusal\":\"the statement failed\"")) << text;
}

TEST(TapStreamTest, APointWithoutAnEditShowsWhatPasses) {
  Tapped tapped;
  auto behind_batch = tapped.open("edge=logs&items=1");
  tapped.pass({logs({"a"}), logs({"b", "c"})});
  const std::string text = tapped.read(behind_batch);
  EXPECT_TRUE(text.contains("\"items_before\":null")) << text;
  EXPECT_TRUE(text.contains("\"more_items\":1")) << text;
  EXPECT_TRUE(text.contains("\"after\":\"b\"")) << text;
}

TEST(TapStreamTest, BehindARedactionNothingOfThePointInFrontIsShown) {
  Tapped tapped;
  tapped.source.facts_.pipelines[0].open_from = 1;
  auto reply = tapped.open("edge=logs@1");
  ASSERT_EQ(reply.status, 200) << reply.body;
  tapped.pass({logs({"secret"}), logs({"***"})});
  tapped.pass({logs({"secret"})}, "no memory");
  const std::string text = tapped.read(reply);
  EXPECT_TRUE(text.contains("\"after\":\"***\"")) << text;
  EXPECT_FALSE(text.contains("secret")) << text;
}

TEST(TapStreamTest, APointIsLookedAtWhileAStreamIsOpen) {
  Tapped tapped;
  EXPECT_EQ(tapped.taps.watched_points(0).load(), 0u);
  {
    const auto reply = tapped.open("edge=logs@1");
    EXPECT_EQ(tapped.taps.watched_points(0).load(), 2u);
    EXPECT_EQ(tapped.streams->client_count(), 1u);
  }
  EXPECT_EQ(tapped.taps.watched_points(0).load(), 0u);
  EXPECT_EQ(tapped.streams->client_count(), 0u);
  tapped.loop.advance(1s);
}

TEST(TapStreamTest, QueriesAreCheckedAndStreamsBounded) {
  Tapped tapped;
  EXPECT_EQ(tapped.open("").status, 400);
  EXPECT_EQ(tapped.open("edge=logs@7").status, 404);
  EXPECT_EQ(tapped.open("edge=logs&items=0").status, 400);
  EXPECT_EQ(tapped.open("edge=logs&only=some").status, 400);
  tapped.source.facts_.pipelines[0].open_from = 1;
  EXPECT_EQ(tapped.open("edge=logs@in").status, 403);
  std::vector<transport::PageReply> open;
  for (size_t i = 0; i < TapStreams::kClientsMax; ++i) open.push_back(tapped.open("edge=logs"));
  EXPECT_EQ(open.back().status, 200);
  EXPECT_EQ(tapped.open("edge=logs").status, 503);
}

TEST(TapStreamTest, ASlowReaderHoldsABoundedText) {
  Tapped tapped;
  auto reply = tapped.open("edge=logs@1&per_second=8&items=50");
  const std::string large(1000, 'x');
  for (int i = 0; i < 100; ++i) {
    tapped.pass({logs({"a"}), logs(std::vector<std::string>(300, large))});
    tapped.loop.advance(250ms);
  }
  // Six pieces of 64 KiB wait; the text behind them was sampled just now.
  std::string first;
  for (int i = 0; i < 6; ++i) {
    reply.stream->next([&](transport::PageStream::Piece piece) {
      EXPECT_LE(piece.bytes.size(), transport::PageStream::kPieceBytesMax);
      first += piece.bytes;
    });
    tapped.loop.advance(250ms);
  }
  EXPECT_TRUE(first.contains("\"number\":1,"));
  EXPECT_FALSE(first.contains("\"number\":20,"));
}

TEST(EventClientTest, ATextThatDoesNotFitIsMissedAndManyBreakOff) {
  bool is_gone = false;
  {
    EventClient client(100, [&](EventClient*) { is_gone = true; });
    client.add(std::string(90, 'x'));
    EXPECT_FALSE(client.has_room(11));
    for (int i = 0; i < 11; ++i) client.add("another one");
    transport::PageStream::Piece piece;
    client.next([&](transport::PageStream::Piece given) { piece = std::move(given); });
    client.pass_on();
    EXPECT_EQ(piece.bytes.size(), 90u);
    EXPECT_EQ(piece.end, transport::PageStream::End::kBrokenOff);
  }
  EXPECT_TRUE(is_gone);
}

}  // namespace
}  // namespace millrace::extensions::console
