// Mistakes of the program and failures of its environment cause an error or a count, never a crash,
// a block or a hang.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

#include "base/mutex.h"
#include "library/testing/recorder.h"
#include "millrace/batch_processor.h"
#include "millrace/collector.h"

namespace millrace::v1 {
namespace {

using library::testing::BackEnd;
using library::testing::config_with;
using library::testing::Gate;
using library::testing::Recorder;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// A back end that accepts connections and never answers: the kernel accepts for a listening socket
// that the program never reads.
class SilentBackEnd {
 public:
  SilentBackEnd() : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(descriptor_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(descriptor_, 16), 0);
    ::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &size);
    url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  }
  ~SilentBackEnd() { ::close(descriptor_); }
  const std::string& url() const { return url_; }

 private:
  int descriptor_;
  std::string url_;
};

class ThrowingExporter final : public Exporter {
 public:
  ExportResult export_batch(const BatchRef&, Deadline) override {
    throw std::runtime_error("out of paper");
  }
  void shutdown() override { throw 1; }
};

// Blocks inside export_batch until the test ends.
class HangingExporter final : public Exporter {
 public:
  ExportResult export_batch(const BatchRef&, Deadline) override {
    const MutexLock lock(mutex_);
    while (!may_return_) changed_.wait(mutex_);
    return {};
  }
  void release() {
    const MutexLock lock(mutex_);
    may_return_ = true;
    changed_.notify_all();
  }

 private:
  Mutex mutex_;
  Condition changed_;
  bool may_return_ MILLRACE_GUARDED_BY(mutex_) = false;
};

Config config_to(const std::string& url) {
  Config config;
  config.endpoint = url;
  return config;
}

// Expects that shutdown(timeout) takes no longer than the timeout and a second for a busy machine.
void expect_shutdown_in_time(Collector& collector, std::chrono::milliseconds timeout,
                             ErrorCode expected) {
  const auto start = Clock::now();
  EXPECT_EQ(collector.shutdown(timeout).code(), expected);
  EXPECT_LT(Clock::now() - start, timeout + 5s);
  EXPECT_TRUE(collector.statistics().balances());
  EXPECT_EQ(collector.statistics().queued(), 0U);
}

TEST(BadInputTest, ANameThatIsNotUtf8IsRepairedAndCounted) {
  auto recorder = std::make_shared<Recorder>();
  auto collector = Collector::create(config_with(recorder));
  EXPECT_TRUE(collector->collect(Span{.name = "bad \xff"}).ok());
  EXPECT_TRUE(collector->shutdown(10s).ok());
  EXPECT_EQ(recorder->names(), std::vector<std::string>{"bad \xEF\xBF\xBD"});
  EXPECT_EQ(collector->statistics().repaired_texts, 1U);
}

TEST(BadInputTest, AResourceAttributeOfTheEnvironmentThatIsNotUtf8IsRepaired) {
  auto recorder = std::make_shared<Recorder>();
  const auto config =
      Config::from_environment(config_with(recorder), [](const char* name) -> const char* {
        return std::string_view(name) == "OTEL_RESOURCE_ATTRIBUTES" ? "site=caf%E9" : nullptr;
      });
  ASSERT_TRUE(config.ok()) << config.error().message;
  auto collector = Collector::create(*config);
  EXPECT_TRUE(collector->collect(Span{.name = "a"}).ok());
  EXPECT_TRUE(collector->shutdown(10s).ok());
  ASSERT_FALSE(recorder->batches().empty());
  EXPECT_NE(recorder->batches().front()->to_bytes().find("caf\xEF\xBF\xBD"), std::string::npos);
}

TEST(BadInputTest, AnAttributeTooLargeIsRefused) {
  auto recorder = std::make_shared<Recorder>();
  Config config = config_with(recorder);
  config.item_bytes_max = 1000;
  auto collector = Collector::create(config);
  Span span = Span::make("large");
  span.set("body", std::string(1001, 'x'));
  EXPECT_EQ(collector->collect(span), ErrorCode::kTooLarge);
  SpanBuilder builder("large");
  builder.set("body", std::string(100 << 20, 'x'));  // larger than the maximum of encoded items
  EXPECT_EQ(collector->collect(builder), ErrorCode::kTooLarge);
  EXPECT_TRUE(collector->shutdown(10s).ok());
  EXPECT_EQ(collector->statistics().of(Signal::kTraces).refused_too_large, 2U);
}

TEST(BadInputTest, AnEndBeforeItsStartIsCorrectedAndCounted) {
  auto recorder = std::make_shared<Recorder>();
  auto collector = Collector::create(config_with(recorder));
  EXPECT_TRUE(collector->collect(Span{.start_time_unix_nano = 9, .end_time_unix_nano = 8}).ok());
  EXPECT_TRUE(collector->shutdown(10s).ok());
  EXPECT_EQ(recorder->spans().at(0).end_time_unix_nano, 9U);
  EXPECT_EQ(collector->statistics().corrected_times, 1U);
}

TEST(BadInputTest, ACollectAfterShutdownIsRefused) {
  auto collector = Collector::create(config_with(std::make_shared<Recorder>()));
  EXPECT_TRUE(collector->shutdown(10s).ok());
  EXPECT_EQ(collector->collect(Span::make("late")), ErrorCode::kShutDown);
  EXPECT_EQ(collector->flush(1s), ErrorCode::kShutDown);
  EXPECT_TRUE(collector->shutdown(10s).ok());  // a second call returns the same
  EXPECT_EQ(collector->statistics().of(Signal::kTraces).refused_shut_down, 1U);
}

TEST(BadInputTest, ABudgetOfNothingIsAnError) {
  Config config;
  config.buffer_bytes = 0;
  EXPECT_EQ(Collector::create(config).error().code, ErrorCode::kInvalidArgument);
}

TEST(BadInputTest, AnEndpointThatDoesNotResolveIsDroppedInTime) {
  auto collector = Collector::create(config_to("http://no-such-host.invalid:4317"));
  ASSERT_TRUE(collector.ok());
  EXPECT_TRUE(collector->collect(Span::make("lost")).ok());
  EXPECT_EQ(collector->flush(50ms), ErrorCode::kDeadlineExceeded);
  expect_shutdown_in_time(*collector, 100ms, ErrorCode::kDeadlineExceeded);
  EXPECT_EQ(collector->statistics().dropped(DropReason::kDeadline), 1U);
}

TEST(BadInputTest, ABackEndThatNeverAnswersDoesNotDelayShutdown) {
  SilentBackEnd silent;
  for (const Protocol protocol : {Protocol::kGrpc, Protocol::kHttp}) {
    Config config = config_to(silent.url());
    config.endpoint_options.protocol = protocol;
    auto collector = Collector::create(config);
    ASSERT_TRUE(collector.ok());
    for (int i = 0; i < 10'000; ++i) EXPECT_TRUE(collector->collect(Span::make("lost")).ok());
    const auto start = Clock::now();
    EXPECT_EQ(collector->flush(50ms), ErrorCode::kDeadlineExceeded);
    EXPECT_LT(Clock::now() - start, 5s);
    expect_shutdown_in_time(*collector, 100ms, ErrorCode::kDeadlineExceeded);
    EXPECT_EQ(collector->statistics().dropped(DropReason::kDeadline), 10'000U);
  }
}

TEST(BadInputTest, AnUnreachableBackEndDoesNotDelayShutdown) {
  auto collector = Collector::create(config_to("http://127.0.0.1:1"));
  EXPECT_TRUE(collector->collect(Span::make("lost")).ok());
  expect_shutdown_in_time(*collector, 50ms, ErrorCode::kDeadlineExceeded);
}

TEST(BadInputTest, WithoutShutdownTheEndIsAtOnceAndCounted) {
  const auto start = Clock::now();
  {
    SilentBackEnd silent;
    auto collector = Collector::create(config_to(silent.url()));
    EXPECT_TRUE(collector->collect(Span::make("lost")).ok());
  }
  EXPECT_LT(Clock::now() - start, 5s);
}

TEST(BadInputTest, AFullBufferRefusesAndRecovers) {
  auto gate = std::make_shared<Gate>();
  Config config = config_with(gate);
  config.buffer_capacity = 100;
  auto collector = Collector::create(config);
  int taken = 0;
  while (collector->collect(Span::make("span")).ok()) ++taken;
  EXPECT_EQ(taken, 100);
  EXPECT_EQ(collector->statistics().queued(), 100U);
  gate->open();
  EXPECT_TRUE(collector->flush(10s).ok());
  EXPECT_TRUE(collector->collect(Span::make("span")).ok());
  EXPECT_TRUE(collector->shutdown(10s).ok());
  EXPECT_EQ(gate->item_count(), 101U);
  EXPECT_EQ(collector->statistics().of(Signal::kTraces).refused_buffer_full, 1U);
}

TEST(BadInputTest, DroppingTheOldestKeepsTheNewestWithinTheCapacity) {
  auto gate = std::make_shared<Gate>();
  Config config = config_with(gate);
  config.buffer_capacity = 40;
  config.batch_size = 5;
  config.on_full = OnFull::kDropOldest;
  auto collector = Collector::create(config);
  for (int i = 0; i < 200; ++i) {
    EXPECT_TRUE(collector->collect(Span::make(std::to_string(i))).ok());
    if (i % 10 == 0) {
      EXPECT_LE(collector->statistics().queued(), 40U);
    }
  }
  const Statistics before = collector->statistics();
  EXPECT_TRUE(before.balances());
  EXPECT_LE(before.queued(), 40U);
  gate->open();
  EXPECT_TRUE(collector->shutdown(10s).ok());
  const Statistics after = collector->statistics();
  EXPECT_TRUE(after.balances());
  EXPECT_EQ(after.exported() + after.dropped(DropReason::kDropOldest) +
                after.dropped(DropReason::kBufferFull),
            200U);
  EXPECT_EQ(gate->names().back(), "199");
}

TEST(BadInputTest, AnExporterThatThrowsIsCountedAndTriedAgain) {
  Config config = config_with(std::make_shared<ThrowingExporter>());
  auto recorder = std::make_shared<Recorder>();
  config.exporters.push_back(recorder);
  auto collector = Collector::create(config);
  EXPECT_TRUE(collector->collect(Span::make("span")).ok());
  EXPECT_EQ(collector->flush(50ms), ErrorCode::kDeadlineExceeded);
  expect_shutdown_in_time(*collector, 100ms, ErrorCode::kDeadlineExceeded);
  EXPECT_GE(collector->statistics().exporter_exceptions, 2U);
  EXPECT_EQ(recorder->item_count(), 1U);  // the other exporter is not affected
}

TEST(BadInputTest, AHangingExporterDoesNotDelayShutdown) {
  auto hanging = std::make_shared<HangingExporter>();
  Config config = config_with(hanging);
  auto recorder = std::make_shared<Recorder>();
  config.exporters.push_back(recorder);
  {
    auto collector = Collector::create(config);
    EXPECT_TRUE(collector->collect(Span::make("span")).ok());
    expect_shutdown_in_time(*collector, 100ms, ErrorCode::kDeadlineExceeded);
    EXPECT_EQ(recorder->item_count(), 1U);
  }
  // Its thread owns everything it needs, although the collector is destroyed.
  std::weak_ptr<HangingExporter> weak = hanging;
  hanging->release();
  hanging.reset();
  config.exporters.clear();
  while (!weak.expired()) std::this_thread::sleep_for(1ms);
}

TEST(BadInputTest, ABackEndThatHangsUpRaisesNoSignal) {
  struct sigaction before{};
  struct sigaction by_default{};
  by_default.sa_handler = SIG_DFL;
  ASSERT_EQ(::sigaction(SIGPIPE, &by_default, &before), 0);
  std::string url;
  std::unique_ptr<Collector> collector;
  {
    BackEnd back_end;
    collector =
        std::make_unique<Collector>(std::move(*Collector::create(config_to(back_end.grpc_url()))));
    EXPECT_TRUE(collector->collect(Span::make("span")).ok());
    EXPECT_TRUE(collector->flush(10s).ok());
  }
  for (int i = 0; i < 2000; ++i) static_cast<void>(collector->collect(Span::make("span")));
  static_cast<void>(collector->shutdown(50ms));
  EXPECT_TRUE(collector->statistics().balances());
  EXPECT_EQ(::sigaction(SIGPIPE, &before, nullptr), 0);
}

TEST(BadInputTest, SeveralCollectorsAreIndependent) {
  auto first_recorder = std::make_shared<Recorder>();
  auto second_recorder = std::make_shared<Recorder>();
  auto first = Collector::create(config_with(first_recorder));
  auto second = Collector::create(config_with(second_recorder));
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(first->collect(Span::make("first")).ok());
    EXPECT_TRUE(second->collect(Span::make("second")).ok());
  }
  EXPECT_TRUE(first->shutdown(10s).ok());
  EXPECT_TRUE(second->collect(Span::make("second")).ok());
  EXPECT_TRUE(second->shutdown(10s).ok());
  EXPECT_EQ(first_recorder->names(), std::vector<std::string>(100, "first"));
  EXPECT_EQ(second_recorder->names(), std::vector<std::string>(101, "second"));
}

TEST(BatchProcessorTest, RequestsAreJoinedToBatches) {
  auto source = std::make_shared<Recorder>();
  auto collector = Collector::create(config_with(source));
  for (int i = 0; i < 30; ++i) EXPECT_TRUE(collector->collect(Span::make("span")).ok());
  EXPECT_TRUE(collector->shutdown(10s).ok());
  const std::string request = source->batches().at(0)->to_bytes();
  const auto items = static_cast<uint32_t>(source->batches().at(0)->item_count());

  auto recorder = std::make_shared<Recorder>();
  auto processor = BatchProcessor::create({.batch_size = items * 2}, {recorder});
  ASSERT_TRUE(processor.ok()) << processor.error().message;
  const std::span bytes(reinterpret_cast<const uint8_t*>(request.data()), request.size());
  for (int i = 0; i < 4; ++i) {
    const auto taken = processor->submit(Signal::kTraces, bytes);
    ASSERT_TRUE(taken.ok()) << taken.error().message;
    EXPECT_EQ(*taken, items);
  }
  EXPECT_TRUE(processor->shutdown(10s).ok());
  EXPECT_EQ(recorder->item_count(), 4U * items);
  EXPECT_LE(recorder->batches().size(), 3U);
  EXPECT_TRUE(processor->statistics().balances());
}

TEST(BatchProcessorTest, InvalidRequestsAreRefusedWithTheirPlace) {
  auto processor = BatchProcessor::create({}, {std::make_shared<Recorder>()});
  const uint8_t truncated[] = {0x0a, 0x05, 0x12};
  const auto refused = processor->submit(Signal::kTraces, truncated);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(refused.error().message.find("byte"), std::string::npos) << refused.error().message;
  EXPECT_TRUE(processor->submit(Signal::kTraces, {}).ok());  // an empty request is valid
  EXPECT_FALSE(BatchProcessor::create({}, {}).ok());
}

}  // namespace
}  // namespace millrace::v1
