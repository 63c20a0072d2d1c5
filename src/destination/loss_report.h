// Reports in the log what a destination lost or refused: the first of each reason at once, totals
// every kReportInterval while it goes on, and the end of it. Loss is never silent, and a flood of
// it never floods the log.
//
// Threads: note() from any worker, with its loop; a repeated note is two relaxed additions and no
// lock. tick() from one thread, about once a second.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/log.h"
#include "base/time.h"
#include "io/loop.h"
#include "ledger/ledger.h"

namespace millrace::pipeline {

class LossReport {
 public:
  static constexpr Duration kReportInterval = 10s;
  // Nothing was lost for so long: it has ended.
  static constexpr Duration kQuietTime = 10s;

  enum class Refusal : uint8_t {
    kQueueFull,        // a required destination has no room
    kLargerThanQueue,  // one request is larger than the whole queue
    kStorageFailed,    // its disk refuses
  };
  LossReport(std::string exporter, std::string_view signal)
      : exporter_(std::move(exporter)), signal_(signal) {}

  // `log` may be null; then nothing is written, now or by tick().
  void note(ledger::DropReason reason, uint64_t items, const io::Loop& loop, Logger* log);
  void note(Refusal reason, uint64_t items, const io::Loop& loop, Logger* log);
  void tick(const io::Loop& loop, Logger* log);

 private:
  static constexpr size_t kRefusalCount = 3;

  // One reason; an episode lasts from its first loss to the end of it.
  struct Kind {
    std::atomic<bool> is_going_on{false};   // set by the first note, cleared by tick; relaxed
    std::atomic<uint64_t> items{0};         // of this episode; notes add, tick reads; relaxed
    std::atomic<int64_t> last_ns{0};        // of the last note; relaxed
    std::atomic<int64_t> begun_ns{0};       // of the episode; written before is_going_on
    std::atomic<int64_t> begun_wall_ns{0};  // the same
    uint64_t reported_items = 0;            // tick's own
    int64_t reported_ns = 0;                // tick's own; 0: only the first line was written
  };
  void note(size_t kind, uint64_t items, const io::Loop& loop, Logger* log);
  void report(size_t kind, const io::Loop& loop, Logger* log);

  const std::string exporter_;
  const std::string_view signal_;
  std::array<Kind, ledger::kDropReasonCount + kRefusalCount> kinds_;
};

}  // namespace millrace::pipeline
