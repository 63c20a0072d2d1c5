// Power cuts and failures at any call of the disk, from seeds: what was answered as durable comes
// again, nothing comes that did not go in, and the log goes on.
#include <gtest/gtest.h>

#include <set>

#include "segment_log/log_fixture.h"

namespace millrace::segment_log {
namespace {

const Options kSmall = {.directory = "d", .segment_bytes = 8192};

// The history of one disk over all runs of the process.
struct Truth {
  struct Known {
    std::string payload;
    bool durable = false;   // answered so
    bool finished = false;  // by its only target
  };
  std::map<RecordId, Known> records;
  size_t payload_count = 0;
};

// One process: recovers, checks, then appends, takes and finishes until the disk halts or `steps`
// are done.
class Process {
 public:
  Process(io::sim::SimDisk& disk, Truth& truth, Random& random)
      : truth_(truth), random_(random), run_(disk, kSmall), disk_(disk) {
    if (run_.log != nullptr) target_ = run_.target("a");
  }
  ~Process() { run_.kill(); }

  bool started() const { return run_.log != nullptr; }

  // Everything that is on the disk, and gives it back.
  void check_all() {
    std::set<RecordId> there;
    for (const Record& record : run_.take(target_)) {
      ASSERT_TRUE(there.insert(record.id).second);
      const auto known = truth_.records.find(record.id);
      ASSERT_NE(known, truth_.records.end()) << "record " << record.id << " never went in";
      ASSERT_EQ(record.bytes.text(), known->second.payload);
      mine_[record.id] = {1, record.item_count, record.admitted_bytes, record.bytes.size()};
    }
    for (const auto& [id, known] : truth_.records) {
      if (known.durable && !known.finished) {
        ASSERT_TRUE(there.contains(id)) << "durable record " << id << " is lost";
      }
    }
    ASSERT_EQ(run_.log->untaken(target_), Amount());
  }

  void step() {
    switch (random_.below(6)) {
      case 0:
      case 1:
      case 2:
        append();
        break;
      case 3:
        finish_some();
        break;
      case 4:
        run_.log->tick();
        break;
      default:
        break;
    }
    for (uint64_t tasks = random_.below(3); tasks > 0; --tasks) {
      if (!run_.writes.run_one()) break;
      note_answers();
    }
  }
  void run_all() {
    run_.run();
    note_answers();
  }
  bool close() {
    const bool closed = run_.close();
    note_answers();
    return closed;
  }
  TestLog& run() { return run_; }

 private:
  void append() {
    const std::string payload = payload_of(truth_.payload_count++, 20 + random_.below(1500));
    const Result<RecordId> id = run_.append(payload, {{target_, true}});
    if (!id) return;
    // An id that never reached the disk may come again.
    truth_.records[*id] = {payload, false, false};
    mine_[*id] = {1, 1, payload.size(), payload.size()};
  }
  void finish_some() {
    // Some processes lag behind, others finish with whole segments.
    for (int i = is_eager_ ? 8 : 1; i > 0 && !mine_.empty(); --i) {
      auto chosen = mine_.lower_bound(mine_.begin()->first + random_.below(8));
      if (chosen == mine_.end()) chosen = mine_.begin();
      run_.log->finish(target_, chosen->first);
      truth_.records[chosen->first].finished = true;
      mine_.erase(chosen);
    }
  }
  void note_answers() {
    // A process that has ended answers no more.
    if (disk_.halted()) return;
    for (const auto& [id, durable] : run_.answers) {
      if (durable) truth_.records[id].durable = true;
    }
  }

  Truth& truth_;
  Random& random_;
  TestLog run_;
  io::sim::SimDisk& disk_;
  const bool is_eager_ = random_.chance(0.5);
  TargetId target_ = 0;
  std::map<RecordId, Amount> mine_;
};

void live_through_power_cuts(uint64_t seed) {
  Random random(seed);
  io::sim::SimDisk disk(seed);
  Truth truth;
  for (int life = 0; life < 5; ++life) {
    disk.halt_at_call(1 + random.below(120));
    Process process(disk, truth, random);
    for (int i = 0; i < 60 && process.started() && !disk.halted(); ++i) process.step();
    if (process.started() && !disk.halted() && random.chance(0.5)) process.close();
    process.run().kill();
    disk.crash(random);
    Process next(disk, truth, random);
    ASSERT_TRUE(next.started()) << next.run().open_error.message;
    next.check_all();
    // Recovery cuts torn records off; no whole record is damaged.
    ASSERT_EQ(next.run().log->numbers().records_quarantined, 0u);
    if (testing::Test::HasFatalFailure()) return;
    next.run().kill();
    disk.crash(random);
  }
}

// Seed 102429: a file that was never begun came back after the next segment had been begun, and was
// taken for damage.
TEST(LogCrashTest, AFileThatWasNotBegunDoesNotComeBack) { live_through_power_cuts(102429); }

TEST(LogCrashTest, NothingDurableIsLostInAPowerCutAtAnyCall) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    live_through_power_cuts(seed);
    ASSERT_FALSE(HasFatalFailure()) << "seed " << seed;
  }
}

// Every call of one fixed run is the last one once, with several outcomes of each.
TEST(LogCrashTest, EachCallOfARunMayBeTheLast) {
  uint64_t calls = 0;
  for (uint64_t at = 1; at == 1 || at <= calls; ++at) {
    for (uint64_t outcome = 0; outcome < 3; ++outcome) {
      Random random(77);
      Random fate(outcome * 1000 + at);
      io::sim::SimDisk disk(outcome);
      Truth truth;
      disk.halt_at_call(at);
      {
        Process process(disk, truth, random);
        for (int i = 0; i < 50 && process.started(); ++i) process.step();
        if (process.started()) process.close();
        calls = std::max(calls, disk.halted() ? calls + 1 : disk.call_count());
      }
      disk.crash(fate);
      Process next(disk, truth, fate);
      ASSERT_TRUE(next.started());
      next.check_all();
      ASSERT_FALSE(HasFatalFailure()) << "call " << at << " outcome " << outcome;
    }
  }
  EXPECT_GT(calls, 60u);
}

// Each call fails once; the process lives on, and closes.
TEST(LogCrashTest, EachCallOfARunMayFail) {
  using Failure = io::sim::SimDisk::Failure;
  for (const Failure failure : {Failure::kInputOutput, Failure::kNoSpace}) {
    for (uint64_t at = 1; at <= 150; ++at) {
      Random random(78);
      io::sim::SimDisk disk(at);
      Truth truth;
      disk.fail_call(at, failure);
      {
        Process process(disk, truth, random);
        if (!process.started()) continue;  // the directory itself
        for (int i = 0; i < 60; ++i) process.step();
        ASSERT_TRUE(process.close());
      }
      Random fate(at);
      disk.crash(fate);
      Process next(disk, truth, fate);
      ASSERT_TRUE(next.started());
      next.check_all();
      ASSERT_FALSE(HasFatalFailure()) << "call " << at;
      // It takes new ones.
      const Result<RecordId> id = next.run().append("again", {{0, true}});
      ASSERT_TRUE(id);
      next.run_all();
      ASSERT_TRUE(next.run().answers.at(*id));
    }
  }
}

// The disk fails now and then, for the whole life of the process, and then the power goes.
TEST(LogCrashTest, NothingDurableIsLostOnADiskThatFailsAtRandom) {
  uint64_t failures = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Random random(seed);
    io::sim::SimDisk disk(seed);
    Truth truth;
    {
      Process process(disk, truth, random);
      ASSERT_TRUE(process.started());
      disk.fail_randomly(0.03, 0.02);
      for (int i = 0; i < 120; ++i) process.step();
      failures += disk.failure_count();
    }
    disk.crash(random);
    Process next(disk, truth, random);
    ASSERT_TRUE(next.started());
    next.check_all();
    ASSERT_FALSE(HasFatalFailure()) << "seed " << seed;
  }
  EXPECT_GT(failures, 200u);
}

// Without fsync the end of the process loses nothing; a power cut may, and must not confuse.
TEST(LogCrashTest, WithoutSyncsTheEndOfTheProcessLosesNothing) {
  Options options = kSmall;
  options.fsync = false;
  io::sim::SimDisk disk(5);
  Random random(5);
  {
    TestLog run(disk, options);
    for (size_t i = 0; i < 30; ++i) {
      ASSERT_TRUE(run.append(payload_of(i, 700), {{run.target("a"), false}}));
    }
    run.run();
    run.kill();
  }
  disk.restart();
  {
    TestLog run(disk, options);
    EXPECT_EQ(run.take(run.target("a")).size(), 30u);
    run.kill();
  }
  disk.crash(random);
  TestLog run(disk, options);
  ASSERT_NE(run.log, nullptr);
  for (const std::string& text : run.take_texts(run.target("a"))) {
    EXPECT_EQ(text.size(), 700u);
  }
}

}  // namespace
}  // namespace millrace::segment_log
