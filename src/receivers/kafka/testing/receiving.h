// A kafka receiver of one signal on a loop with a thread, with an intake whose verdicts a test
// says.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kafka/testing/loop_thread.h"
#include "otlp/example_requests.h"
#include "receivers/kafka/receiver.h"
#include "yaml/parse.h"

namespace millrace::receivers::kafka::testing {

inline std::shared_ptr<Options> options_of(const std::string& brokers, const std::string& own) {
  const std::string yaml =
      own.contains("autocommit") ? own : own + "autocommit: {interval: 50ms}\n";
  const auto root = yaml::parse("brokers: [\"" + brokers +
                                    "\"]\ninitial_offset: earliest\n"
                                    "session_timeout: 6s\nheartbeat_interval: 200ms\n" +
                                    yaml,
                                "a.yaml");
  EXPECT_TRUE(root.has_value());
  config::Diagnostics diagnostics;
  config::Section section(*root, diagnostics, "receivers::kafka");
  auto options = std::make_shared<Options>();
  read_options(section, *options);
  section.finish();
  EXPECT_FALSE(diagnostics.has_errors()) << diagnostics.to_text();
  options->stall_max = 200ms;
  return options;
}

// Gives the verdicts that the test says.
class ScriptedIntake final : public pipeline::Intake {
 public:
  explicit ScriptedIntake(io::Loop& loop) : loop_(loop) {}
  std::optional<pipeline::Verdict> submit(pipeline::Payload payload, pipeline::Policy,
                                          MonotonicTime,
                                          pipeline::VerdictCallback&& on_verdict) override {
    ++submitted;
    const Bytes bytes = payload.bytes.to_bytes();
    if (const auto verdict = refuse ? refuse(bytes) : std::nullopt) return verdict;
    taken.emplace_back(bytes.text());
    metadata.push_back(payload.metadata);
    if (!holds) return pipeline::Verdict{};
    held.push_back(std::move(on_verdict));
    return std::nullopt;
  }
  void stop() override {}
  void abandon_waiting() override {}
  io::Loop& loop() override { return loop_; }
  void deliver_all() {
    for (auto& callback : std::exchange(held, {})) callback(pipeline::Verdict{});
  }

  size_t submitted = 0;
  std::function<std::optional<pipeline::Verdict>(const Bytes&)> refuse;
  bool holds = false;
  std::vector<std::string> taken;
  std::vector<MetadataRef> metadata;
  std::vector<pipeline::VerdictCallback> held;

 private:
  io::Loop& loop_;
};

class KeptLetters final : public pipeline::DeadLetters {
 public:
  bool keep(const pipeline::DeadLetter& letter) override {
    letters.push_back(std::string(letter.bytes.to_bytes().text()));
    offsets.emplace_back(letter.metadata->find("kafka.offset"));
    return true;
  }
  std::vector<std::string> letters;
  std::vector<std::string> offsets;
};

// A receiver of one signal on a loop with a thread.
class Receiving {
 public:
  Receiving(const std::string& brokers, const std::string& yaml, Signal signal = Signal::kTraces)
      : intake(loop_.loop()), signal_(signal), options_(options_of(brokers, yaml)) {
    loop_.run([&] {
      pool_ = std::make_unique<ChunkPool>(budget_, 4);
      work_ = std::make_unique<io::LongWork>(loop_.loop(), *pool_);
    });
  }
  ~Receiving() {
    loop_.run([&] {
      work_->finish();
      receiver_.reset();
      work_.reset();
      intake.taken.clear();
      intake.held.clear();
      pool_.reset();
    });
  }
  Receiving& start() {
    loop_.run([&] {
      reception::ReceiverParts parts{.name = "kafka",
                                     .loop = &loop_.loop(),
                                     .pool = pool_.get(),
                                     .long_work = work_.get(),
                                     .metrics = &metrics_,
                                     .log = &log_,
                                     .dead_letters = &letters,
                                     .wall_clock = [] { return WallTime(1s); }};
      parts.intakes[index_of(signal_)] = &intake;
      parts.refusals[index_of(signal_)] = &refusals_;
      auto made = KafkaReceiver::make(std::move(parts), options_, *millrace::kafka::load_library());
      EXPECT_TRUE(made.has_value()) << made.error().message;
      receiver_ = *std::move(made);
    });
    return *this;
  }
  bool wait_until_taken(size_t count) {
    return loop_.wait_for([&] { return intake.taken.size() >= count; });
  }
  std::set<std::string> taken() {
    return loop_.run([&] { return std::set(intake.taken.begin(), intake.taken.end()); });
  }
  void stop() {
    loop_.run([&] { receiver_->stop(); });
  }
  template <class Task>
  auto run(Task task) {
    return loop_.run(std::move(task));
  }
  bool wait_for(const std::function<bool()>& condition,
                std::chrono::milliseconds timeout = std::chrono::seconds(30)) {
    return loop_.wait_for(condition, timeout);
  }
  uint64_t counter(std::string_view name) {
    return metrics_.counter(name, "", {{"name", "kafka"}}).value();
  }
  std::string metrics_text() { return metrics_.to_prometheus_text(); }
  Budget& budget() { return budget_; }
  Options& options() { return *options_; }

 private:
  Logger log_{{}, nullptr, [] { return int64_t{0}; }};
  metrics::Registry metrics_;
  ledger::Refusals refusals_{Signal::kTraces, "kafka"};
  Budget budget_{size_t{256} << 20};
  millrace::kafka::testing::LoopThread loop_;

 public:
  ScriptedIntake intake;
  KeptLetters letters;

 private:
  const Signal signal_;
  std::shared_ptr<Options> options_;
  std::unique_ptr<ChunkPool> pool_;
  std::unique_ptr<io::LongWork> work_;
  std::unique_ptr<KafkaReceiver> receiver_;
};

// A request that differs for each number.
inline std::string numbered(uint64_t number) {
  return std::string(otlp::example_request(Signal::kTraces, {}, number).text());
}

}  // namespace millrace::receivers::kafka::testing
