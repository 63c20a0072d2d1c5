// A kafka exporter on a loop with a thread, and the outcomes of what it was given.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "exporters/kafka/kafka_exporter.h"
#include "kafka/testing/loop_thread.h"
#include "memory/chunk_pool.h"
#include "yaml/parse.h"

namespace millrace::exporters::kafka::testing {

inline std::shared_ptr<const KafkaOptions> options_of(const std::string& brokers,
                                                      const std::string& yaml) {
  const auto root = yaml::parse("brokers: [\"" + brokers + "\"]\n" + yaml, "a.yaml");
  EXPECT_TRUE(root.has_value());
  config::Diagnostics diagnostics;
  config::Section section(*root, diagnostics, "exporters::kafka");
  auto options = std::make_shared<KafkaOptions>();
  read_options(section, *options);
  section.finish();
  EXPECT_FALSE(diagnostics.has_errors()) << diagnostics.to_text();
  return options;
}

// One exporter on a loop with a thread, and the outcomes of what it was given.
class Exporting {
 public:
  Exporting(const std::string& brokers, const std::string& yaml)
      : options_(options_of(brokers, yaml)) {
    loop_.run([&] {
      pool_ = std::make_unique<ChunkPool>(budget_, 4);
      work_ = std::make_unique<io::LongWork>(loop_.loop(), *pool_);
      auto producer = Producer::make({.options = options_,
                                      .library = *millrace::kafka::load_library(),
                                      .name = "kafka",
                                      .loop = loop_.loop(),
                                      .log = log_,
                                      .ask_timeout = 50ms});
      EXPECT_TRUE(producer.has_value()) << producer.error().message;
      exporter_ = make_kafka_exporter(options_, *std::move(producer), loop_.loop(), *work_);
    });
  }
  ~Exporting() {
    loop_.run([&] {
      work_->finish();
      exporter_.reset();
      work_.reset();
      pool_.reset();
    });
    EXPECT_EQ(budget_.used(MemoryTerm::kEncoded), 0u);
  }

  void send(pipeline::Batch batch) {
    loop_.run([&] {
      exporter_->send_batch(std::move(batch), kNever, [this](pipeline::Outcome outcome) {
        outcomes_.push_back(std::move(outcome));
      });
    });
  }
  std::vector<pipeline::Outcome> wait_for(size_t count) {
    EXPECT_TRUE(loop_.wait_for([&] { return outcomes_.size() >= count; }));
    return loop_.run([&] { return outcomes_; });
  }
  pipeline::Outcome send_and_wait(pipeline::Batch batch) {
    const size_t before = loop_.run([&] { return outcomes_.size(); });
    send(std::move(batch));
    const std::vector<pipeline::Outcome> all = wait_for(before + 1);
    return all.size() > before ? all[before] : pipeline::Outcome{};
  }
  void close() {
    loop_.run([&] { exporter_->close(); });
  }
  Budget& budget() { return budget_; }

 private:
  const std::shared_ptr<const KafkaOptions> options_;
  Logger log_{{}, nullptr, [] { return int64_t{0}; }};
  Budget budget_{size_t{256} << 20};
  millrace::kafka::testing::LoopThread loop_;
  std::unique_ptr<ChunkPool> pool_;
  std::unique_ptr<io::LongWork> work_;
  std::unique_ptr<pipeline::Exporter> exporter_;
  std::vector<pipeline::Outcome> outcomes_;
};

inline pipeline::Batch batch_of(Bytes bytes, Signal signal = Signal::kTraces, uint32_t items = 1) {
  return {.signal = signal, .item_count = items, .bytes = Rope(std::move(bytes)), .metadata = {}};
}

}  // namespace millrace::exporters::kafka::testing
