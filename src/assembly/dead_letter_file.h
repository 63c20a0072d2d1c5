// The dead letters of one exporter or receiver, written to a file in the format of
// docs/formats/dead-letter.md. A record that cannot be written is lost, counted and logged; no
// request waits for it.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "base/log.h"
#include "config/exporter_helper.h"
#include "exporters/file/file_writer.h"
#include "memory/budget.h"
#include "metrics/registry.h"
#include "pipeline/dead_letters.h"

namespace millrace::assembly {

// The file and its rotation; exporters with the same path share it. Fails when it can't be opened.
Result<std::shared_ptr<exporters::FileWriter>> open_dead_letter_file(
    const config::DeadLetterConfig& config, io::FileSystem& files, std::function<WallTime()> now);

// Safe from any thread: workers write one after another, each while it holds the writer's lock.
// OK means that the system has the record; it is not synced.
class DeadLetterFile final : public pipeline::DeadLetters {
 public:
  struct Parts {
    std::string kind;   // "exporter", "receiver": the label of its metrics
    std::string owner;  // "kafka/a"
    bool includes_expired = false;
    std::shared_ptr<exporters::FileWriter> writer;  // shared by the exporters with its path
    std::function<WallTime()> wall_clock;           // any thread
    Logger* log = nullptr;
    metrics::Registry* metrics = nullptr;
    Budget* budget = nullptr;  // counts a record while it is written; null: no budget
  };
  explicit DeadLetterFile(Parts parts);
  bool keep(const pipeline::DeadLetter& letter) override;

 private:
  bool wants(ledger::DropReason reason) const;
  void report_removed_files();

  const Parts parts_;
  metrics::Counter& kept_items_;
  metrics::Counter& failed_items_;
  metrics::Counter& removed_files_;
  // How many of the writer's removals were logged; the thread that logs them moves it on, relaxed.
  std::atomic<uint64_t> reported_removals_{0};
};

}  // namespace millrace::assembly
