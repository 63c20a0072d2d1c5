// Random calls against a naive model that keeps every record in a map.
#include <gtest/gtest.h>

#include <set>

#include "segment_log/format.h"
#include "segment_log/log_fixture.h"

namespace millrace::segment_log {
namespace {

constexpr TargetId kTargets = 3;
const Options kSmall = {.directory = "d", .segment_bytes = 8192};

enum class State : uint8_t { kUnwanted, kUntaken, kTaken, kDone };

struct ModelRecord {
  std::string payload;
  uint32_t items = 0;
  State states[kTargets] = {};
  Amount rests[kTargets] = {};
  Amount whole() const { return {1, items, payload.size(), payload.size()}; }
};

class Model {
 public:
  explicit Model(uint64_t seed) : random_(seed), disk_(seed) { start(); }

  void step() {
    switch (random_.below(22)) {
      case 0:
        restart(random_.chance(0.5));
        break;
      case 1:
        run_->log->tick();
        break;
      case 2:
      case 3:
      case 4:
        take();
        break;
      case 5:
      case 6:
        settle(State::kUntaken);
        break;
      case 7:
      case 8:
      case 9:
      case 10:
        settle(State::kDone);
        break;
      case 11:
        run_->run();
        break;
      case 12:
        give_up_oldest();
        break;
      case 13:
        cap();
        break;
      default:
        append();
    }
    for (TargetId target = 0; target < kTargets; ++target) {
      ASSERT_EQ(run_->log->untaken(target), untaken(target)) << "target " << target;
    }
  }
  void drain() {
    for (TargetId target = 0; target < kTargets; ++target) {
      while (untaken(target).records > 0) {
        take_of(target, 5000, Order::kNewestFirst);
        ASSERT_FALSE(testing::Test::HasFatalFailure());
      }
    }
    for (auto& [id, record] : records_) {
      for (TargetId target = 0; target < kTargets; ++target) {
        if (record.states[target] != State::kTaken) continue;
        run_->log->finish(target, id);
        record.states[target] = State::kDone;
      }
    }
    restart(true);
    for (TargetId target = 0; target < kTargets; ++target) {
      ASSERT_EQ(run_->log->untaken(target), Amount());
    }
    // One segment is kept, and the lock.
    run_->run();
    ASSERT_LE(disk_.paths().size(), 2u);
  }
  uint64_t segments_seen() const { return segments_seen_; }

 private:
  void start() {
    run_ = std::make_unique<TestLog>(disk_, kSmall);
    ASSERT_NE(run_->log, nullptr);
    for (TargetId target = 0; target < kTargets; ++target) {
      ASSERT_EQ(run_->target(std::string(1, static_cast<char>('a' + target))), target);
    }
  }
  Amount untaken(TargetId target) const {
    Amount sum;
    for (const auto& [id, record] : records_) {
      if (record.states[target] == State::kUntaken) sum += record.rests[target];
    }
    return sum;
  }
  void append() {
    ModelRecord record;
    record.items = static_cast<uint32_t>(1 + random_.below(9));
    record.payload = payload_of(payloads_++, 10 + random_.below(1200));
    std::vector<NewRecord::Want> wants;
    for (TargetId target = 0; target < kTargets; ++target) {
      if (random_.chance(0.4)) continue;
      const bool taken = random_.chance(0.5);
      wants.push_back({target, taken});
      record.states[target] = taken ? State::kTaken : State::kUntaken;
      record.rests[target] = record.whole();
    }
    const RecordId id = run_->append(record.payload, wants, record.items).value();
    ASSERT_TRUE(records_.empty() || id > records_.rbegin()->first);
    records_[id] = std::move(record);
    if (random_.chance(0.5)) run_->run();
  }
  // Gives a taken record back, or finishes it.
  void settle(State to) {
    const auto target = static_cast<TargetId>(random_.below(kTargets));
    std::vector<RecordId> taken;
    for (const auto& [id, record] : records_) {
      if (record.states[target] == State::kTaken) taken.push_back(id);
    }
    if (taken.empty()) return;
    const RecordId id = taken[random_.below(taken.size())];
    ModelRecord& record = records_[id];
    record.states[target] = to;
    if (to == State::kDone) {
      run_->log->finish(target, id);
      return;
    }
    record.rests[target] = {1, random_.below(record.items + 1), random_.below(100),
                            1 + random_.below(100)};
    run_->log->untake(target, id, record.rests[target]);
  }
  void take() {
    take_of(static_cast<TargetId>(random_.below(kTargets)), random_.below(6000),
            random_.chance(0.5) ? Order::kOldestFirst : Order::kNewestFirst);
  }
  void take_of(TargetId target, size_t bytes_max, Order order) {
    run_->run();
    std::vector<RecordId> open;
    for (const auto& [id, record] : records_) {
      if (record.states[target] == State::kUntaken) open.push_back(id);
    }
    if (order == Order::kNewestFirst) std::reverse(open.begin(), open.end());
    std::vector<RecordId> expected;
    size_t bytes = 0;
    for (const RecordId id : open) {
      const size_t size = records_[id].payload.size() + kHeaderBytes;
      if (bytes > 0 && bytes + size > bytes_max) break;
      bytes += size;
      expected.push_back(id);
    }
    const std::vector<Record> got = run_->take(target, bytes_max, order);
    ASSERT_EQ(got.size(), expected.size());
    for (size_t i = 0; i < got.size(); ++i) {
      ASSERT_EQ(got[i].id, expected[i]);
      ModelRecord& record = records_[expected[i]];
      ASSERT_EQ(got[i].bytes.text(), record.payload);
      ASSERT_EQ(got[i].item_count, record.items);
      record.states[target] = State::kTaken;
    }
    segments_seen_ = std::max(segments_seen_, run_->log->numbers().segments);
  }
  // Null: none.
  ModelRecord* oldest_of(TargetId target, RecordId before) {
    for (auto& [id, record] : records_) {
      if (id >= before) return nullptr;
      if (record.states[target] == State::kUntaken) return &record;
    }
    return nullptr;
  }
  // Also while it is queued.
  void give_up_oldest() {
    const auto target = static_cast<TargetId>(random_.below(kTargets));
    RecordId before = UINT64_MAX;
    if (!records_.empty() && random_.chance(0.3)) {
      before = std::next(records_.begin(), static_cast<ptrdiff_t>(random_.below(records_.size())))
                   ->first;
    }
    const std::vector targets{target};
    GivingUp result = run_->log->give_up_oldest(targets, before);
    if (result == GivingUp::kLater) {
      run_->run();
      result = run_->log->give_up_oldest(targets, before);
    }
    ModelRecord* const oldest = oldest_of(target, before);
    ASSERT_EQ(result, oldest != nullptr ? GivingUp::kGivenUp : GivingUp::kNothing);
    if (oldest != nullptr) oldest->states[target] = State::kDone;
  }
  void cap() {
    run_->run();
    const auto target = static_cast<TargetId>(random_.below(kTargets));
    const uint64_t bytes_max = 1 + random_.below(20'000);
    run_->log->set_cap(std::vector{target}, {.payload_bytes_max = bytes_max});
    run_->log->tick();
    run_->run();
    run_->log->set_cap(std::vector{target}, {});
    while (untaken(target).payload_bytes > bytes_max) {
      oldest_of(target, UINT64_MAX)->states[target] = State::kDone;
    }
  }
  // Taken records are read again as a whole.
  void restart(bool in_order) {
    if (in_order) {
      ASSERT_TRUE(run_->close());
    } else {
      run_->run();
      run_->log->tick();
      run_->run();
      run_->log->tick();  // a commit may itself leave something done behind
      run_->run();
    }
    run_->kill();
    run_.reset();
    disk_.restart();
    start();
    for (auto& [id, record] : records_) {
      for (TargetId target = 0; target < kTargets; ++target) {
        State& state = record.states[target];
        if (state == State::kTaken) state = State::kUntaken;
        record.rests[target] = record.whole();
      }
    }
  }

  Random random_;
  io::sim::SimDisk disk_;
  std::unique_ptr<TestLog> run_;
  std::map<RecordId, ModelRecord> records_;
  size_t payloads_ = 0;
  uint64_t segments_seen_ = 0;
};

TEST(LogModelTest, AgreesWithANaiveModel) {
  uint64_t segments = 0;
  for (uint64_t seed = 0; seed < 60; ++seed) {
    Model model(seed);
    for (int i = 0; i < 250; ++i) {
      model.step();
      ASSERT_FALSE(HasFatalFailure()) << "seed " << seed << " step " << i;
    }
    segments = std::max(segments, model.segments_seen());
    model.drain();
    ASSERT_FALSE(HasFatalFailure()) << "seed " << seed;
  }
  EXPECT_GT(segments, 5u);
}

}  // namespace
}  // namespace millrace::segment_log
