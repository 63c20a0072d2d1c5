#include "library/engine.h"

#include <gtest/gtest.h>

#include <atomic>

#include "library/testing/recorder.h"

namespace millrace::library {
namespace {

using testing::config_with;
using testing::Recorder;
using v1::DropReason;
using v1::ErrorCode;

std::unique_ptr<Engine> make_engine(const v1::Config& config) {
  auto plan = plan_from_config(config);
  EXPECT_TRUE(plan.ok());
  auto engine = Engine::create(std::move(*plan));
  EXPECT_TRUE(engine.ok());
  return std::move(*engine);
}

Item item() {
  static constexpr uint8_t kName[] = {0x2a, 1, 'a'};
  return {.bytes = kName};
}

// The system suspends a thread in the middle of collect() for longer than the shutdown.
TEST(EngineTest, ItemsPutBackAfterTheEndAreCounted) {
  v1::Config config = config_with(std::make_shared<Recorder>());
  config.linger_ms = 1000;  // the loop does not take the chunk before this thread
  const auto engine = make_engine(config);
  Buffer::Slot& slot = *engine->buffer().buffer->join();
  ASSERT_TRUE(engine->buffer().buffer->collect(slot, Signal::kTraces, item()).ok());
  auto* const busy = reinterpret_cast<OpenChunk*>(uintptr_t{1});
  OpenChunk* const kept = slot.open[0].exchange(busy);
  ASSERT_NE(kept, nullptr);
  EXPECT_EQ(engine->shutdown(20ms), ErrorCode::kOk);  // it dropped no item that it could see
  slot.open[0].store(kept);
  const v1::Statistics statistics = engine->statistics();
  EXPECT_EQ(statistics.collected(), 1U);
  EXPECT_EQ(statistics.dropped(DropReason::kShutdown), 1U);
  EXPECT_TRUE(statistics.balances());
}

class RefusingExporter final : public v1::Exporter {
 public:
  v1::ExportResult export_batch(const v1::BatchRef&, Deadline) override {
    return {.kind = v1::ExportResult::Kind::kRefused, .message = "out of paper"};
  }
};

TEST(EngineTest, AFunctionThatReceivesTheLogCanReadTheStatistics) {
  std::atomic<Engine*> asked = nullptr;
  std::atomic<uint64_t> collected = 0;
  v1::Config config = config_with(std::make_shared<RefusingExporter>());
  config.log = [&](v1::LogLevel, std::string_view) {
    if (Engine* const engine = asked.load()) collected = engine->statistics().collected();
  };
  const auto engine = make_engine(config);
  asked = engine.get();
  EXPECT_TRUE(engine->collect(Signal::kTraces, item()).ok());
  EXPECT_EQ(engine->flush(10s), ErrorCode::kOk);
  asked = nullptr;
  EXPECT_EQ(collected, 1U);
}

TEST(EngineTest, AFlushWaitsForAThreadThatIsWriting) {
  v1::Config config = config_with(std::make_shared<Recorder>());
  config.linger_ms = 1000;  // the loop does not take the chunk before this thread
  const auto engine = make_engine(config);
  Buffer::Slot& slot = *engine->buffer().buffer->join();
  ASSERT_TRUE(engine->buffer().buffer->collect(slot, Signal::kTraces, item()).ok());
  auto* const busy = reinterpret_cast<OpenChunk*>(uintptr_t{1});
  OpenChunk* const kept = slot.open[0].exchange(busy);
  EXPECT_EQ(engine->flush(20ms), ErrorCode::kDeadlineExceeded);
  slot.open[0].store(kept);
  EXPECT_EQ(engine->flush(10s), ErrorCode::kOk);
  EXPECT_EQ(engine->statistics().exported(), 1U);
}

}  // namespace
}  // namespace millrace::library
