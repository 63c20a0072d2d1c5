#include "exporters/debug/debug_exporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exporters/debug/sampler.h"
#include "exporters/debug/text.h"
#include "io/sim/world.h"
#include "otlp/example_requests.h"
#include "wire/writer.h"

namespace millrace::exporters {
namespace {

using pipeline::Batch;
using pipeline::Outcome;
using testing::HasSubstr;

class DebugExporterTest : public testing::Test {
 protected:
  // The text that is printed for one batch.
  std::string printed(DebugOptions options, Signal signal, uint32_t items, int batches = 1) {
    std::string text;
    const auto exporter = make_debug_exporter(options, make_text_sink({[&](std::string_view more) {
                                                if (refusals_ > 0) {
                                                  --refusals_;
                                                  return false;
                                                }
                                                text += more;
                                                return true;
                                              }}),
                                              *loop_, pool_, long_work_);
    int done = 0;
    loop_->post([&] {
      for (int i = 0; i < batches; ++i) {
        const otlp::ExampleShape shape{.items = items};
        exporter->send_batch({.signal = signal,
                              .item_count = items,
                              .bytes = Rope(otlp::example_request(signal, shape)),
                              .metadata = nullptr},
                             kNever, [&](Outcome outcome) {
                               EXPECT_EQ(outcome.kind, Outcome::Kind::kDelivered);
                               ++done;
                             });
      }
      EXPECT_EQ(done, 0);
    });
    EXPECT_TRUE(world_.run_until([&] { return done == batches; }, 1s));
    return text;
  }
  int refusals_ = 0;  // calls that find no room
  io::sim::World world_{1};
  std::unique_ptr<io::Loop> loop_ = world_.make_loop("worker");
  Budget budget_{size_t{64} << 20};
  ChunkPool pool_{budget_, 0};
  io::LongWork long_work_{*loop_, pool_};
};

TEST_F(DebugExporterTest, BasicIsOneLineWithOtelcolsCounts) {
  EXPECT_EQ(printed({}, Signal::kTraces, 10), "Traces\t{\"resource spans\": 1, \"spans\": 10}\n");
  EXPECT_EQ(printed({}, Signal::kLogs, 2), "Logs\t{\"resource logs\": 1, \"log records\": 2}\n");
  EXPECT_EQ(printed({}, Signal::kMetrics, 3),
            "Metrics\t{\"resource metrics\": 1, \"metrics\": 3, \"data points\": 3}\n");
}

TEST_F(DebugExporterTest, NormalHasALineForEachItem) {
  for (const Signal signal : {Signal::kTraces, Signal::kMetrics, Signal::kLogs}) {
    const std::string text = printed({.verbosity = Verbosity::kNormal}, signal, 4);
    // The summary, the resource, the scope and four items.
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 7) << text;
  }
}

TEST_F(DebugExporterTest, SampledOutBatchesAreDeliveredAllTheSame) {
  const std::string text =
      printed({.sampling_initial = 2, .sampling_thereafter = 3}, Signal::kLogs, 1, 10);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 4);  // 1, 2, then 5 and 8
}

TEST_F(DebugExporterTest, ABatchWaitsForRoomAndIsShownOnce) {
  refusals_ = 10;
  const std::string text = printed({.verbosity = Verbosity::kNormal}, Signal::kLogs, 2, 3);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 15) << text;
}

TEST_F(DebugExporterTest, WhatWaitsAtTheEndIsCancelled) {
  const auto exporter = make_debug_exporter(
      {}, make_text_sink({[](std::string_view) { return false; }}), *loop_, pool_, long_work_);
  int cancelled = 0;
  loop_->post([&] {
    for (int i = 0; i < 3; ++i) {
      exporter->send_batch({.signal = Signal::kLogs,
                            .item_count = 1,
                            .bytes = Rope(otlp::example_request(Signal::kLogs, {})),
                            .metadata = nullptr},
                           kNever, [&](Outcome outcome) {
                             EXPECT_EQ(outcome.kind, Outcome::Kind::kCancelled);
                             ++cancelled;
                           });
    }
  });
  world_.run_for(5s);
  EXPECT_EQ(cancelled, 0);
  EXPECT_EQ(exporter->describe(), "waits for its output to be read");
  exporter->close();
  EXPECT_EQ(cancelled, 3);
}

// Two bytes of a request can be three hundred of text, and a request is up to 64 MiB.
TEST_F(DebugExporterTest, AHugeTextIsMadePieceByPieceAndOthersRunInBetween) {
  constexpr int kSpans = 50'000;
  wire::Writer writer;
  const auto resource = writer.open(1);
  const auto scope = writer.open(2);
  for (int i = 0; i < kSpans; ++i) writer.string_field(2, "");
  writer.close(scope);
  writer.close(resource);
  size_t largest = 0;
  size_t total = 0;
  const auto exporter = make_debug_exporter({.verbosity = Verbosity::kDetailed},
                                            make_text_sink({[&](std::string_view more) {
                                              largest = std::max(largest, more.size());
                                              total += more.size();
                                              return true;
                                            }}),
                                            *loop_, pool_, long_work_);
  bool done = false;
  int turns = 0;
  std::unique_ptr<io::Timer> other;
  other = loop_->make_timer([&] {
    ++turns;
    if (!done) other->arm_at(loop_->now());
  });
  loop_->post([&, request = Rope(writer.finish())] {
    other->arm_at(loop_->now());
    exporter->send_batch(
        {.signal = Signal::kTraces, .item_count = kSpans, .bytes = request, .metadata = nullptr},
        kNever, [&](Outcome) { done = true; });
  });
  EXPECT_TRUE(world_.run_until([&] { return done; }, 10s));
  EXPECT_GT(total, size_t{10} << 20);
  EXPECT_LE(largest, BatchText::kPieceBytesMax);
  EXPECT_GT(turns, 100);
}

// What one span holds was read in one go, whatever it was.
TEST_F(DebugExporterTest, ASpanOfAMillionFieldsIsReadInSlices) {
  wire::Writer writer;
  const auto resource = writer.open(1);
  const auto scope = writer.open(2);
  const auto span = writer.open(2);
  for (int i = 0; i < 300'000; ++i) writer.string_field(9, "");
  writer.close(span);
  writer.close(scope);
  writer.close(resource);
  MonotonicTime looked_at{};
  io::LongWork long_work(*loop_, pool_, {.clock = [&] { return looked_at += 200us; }});
  const auto exporter = make_debug_exporter({.verbosity = Verbosity::kNormal},
                                            make_text_sink({[](std::string_view) { return true; }}),
                                            *loop_, pool_, long_work);
  bool done = false;
  int turns = 0;
  std::unique_ptr<io::Timer> other;
  other = loop_->make_timer([&] {
    ++turns;
    if (!done) other->arm_at(loop_->now());
  });
  loop_->post([&, request = Rope(writer.finish())] {
    other->arm_at(loop_->now());
    exporter->send_batch(
        {.signal = Signal::kTraces, .item_count = 1, .bytes = request, .metadata = nullptr}, kNever,
        [&](Outcome) { done = true; });
  });
  EXPECT_TRUE(world_.run_until([&] { return done; }, 10s));
  EXPECT_GT(turns, 8);
}

TEST_F(DebugExporterTest, AResourceInPiecesThatFindsNoMemoryIsNamedInstead) {
  const Bytes request = otlp::example_request(Signal::kLogs, {.items = 2000});
  Rope rope(request.slice(0, 1000));
  rope.append(request.slice(1000, request.size() - 1000));
  const auto printed_within = [&](size_t bytes) {
    Budget budget(bytes);
    ChunkPool pool(budget, 0);
    Pace pace;
    Work work{pool, pace};
    BatchText text(Signal::kLogs, rope, Verbosity::kNormal, work);
    return text.next();
  };
  EXPECT_THAT(printed_within(1000),
              testing::MatchesRegex("Resource #0 of [0-9]+ bytes is not .*\n"));
  EXPECT_THAT(printed_within(size_t{8} << 20), HasSubstr("ResourceLogs #0"));
}

TEST(DebugSamplerTest, EachSecondStartsAnew) {
  Sampler sampler(1, 0);
  const MonotonicTime start{};
  EXPECT_TRUE(sampler.admits(start));
  EXPECT_FALSE(sampler.admits(start + 999ms));
  EXPECT_TRUE(sampler.admits(start + 1s));
}

}  // namespace
}  // namespace millrace::exporters
