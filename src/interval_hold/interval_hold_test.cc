#include "interval_hold/interval_hold.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "io/sim/world.h"
#include "memory/held_room.h"
#include "memory/testing/test_work.h"

namespace millrace::interval_hold {
namespace {

// Items of one letter.
class Letters {
 public:
  using Cursor = size_t;
  void add_room(Reservation room) { room_.add(std::move(room)); }
  void return_room() { room_.give_back(); }
  size_t item_count() const { return text.size(); }
  bool empty() const { return text.empty(); }
  bool is_end(Cursor cursor) const { return cursor == text.size(); }
  void add(std::string_view letters) {
    text += letters;
    room_.use(letters.size());
  }
  std::string text;

 private:
  HeldRoom room_;
};

class Outlet final : public pipeline::Outlet {
 public:
  Status emit(pipeline::Payload payload) override {
    const Bytes bytes = payload.bytes.to_bytes();
    EXPECT_EQ(payload.item_count, bytes.size());
    emitted.emplace_back(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return {};
  }
  void filter(uint32_t count) override { filtered += count; }
  void sample_out(uint32_t) override { ADD_FAILURE() << "nothing is sampled"; }
  std::vector<std::string> emitted;
  uint32_t filtered = 0;
};

class IntervalHoldTest : public ::testing::Test, private ItemWriter<Letters> {
 protected:
  void make(size_t budget_bytes = size_t{64} << 20) {
    own_ = std::make_unique<testing::TestWork>(budget_bytes);
    long_work_ = std::make_unique<io::LongWork>(*loop_, own_->pool);
    ItemWriter<Letters>& writer = *this;
    hold_ = std::make_unique<IntervalHold<Letters>>(Options{.signal = Signal::kLogs,
                                                            .interval = 10s,
                                                            .activity = "holding letters",
                                                            .more_than = "letters than can be held",
                                                            .no_room_for = "letters"},
                                                    Parts{*loop_, own_->pool, *long_work_, outlet_},
                                                    writer);
  }
  // Two letters leave in one request.
  uint32_t write_some(Letters& letters, size_t& cursor, otlp::RopeWriter& out) override {
    const std::string_view some = std::string_view(letters.text).substr(cursor, 2);
    out.write(as_span(some));
    cursor += some.size();
    return static_cast<uint32_t>(some.size());
  }
  void add(std::string_view letters) {
    const auto entry = hold_->enter(100);
    ASSERT_TRUE(entry);
    hold_->held().add(letters);
  }
  size_t reserved() const { return own_->budget.used(MemoryTerm::kKeyedState); }

  io::sim::World world_{1};
  std::unique_ptr<io::Loop> loop_ = world_.make_loop("worker");
  std::unique_ptr<testing::TestWork> own_;
  std::unique_ptr<io::LongWork> long_work_;
  Outlet outlet_;
  std::unique_ptr<IntervalHold<Letters>> hold_;
};

TEST_F(IntervalHoldTest, ItemsLeaveWhenTheIntervalEnds) {
  make();
  add("abc");
  EXPECT_EQ(reserved(), 3u) << "what is not used is given back";
  world_.run_for(9s);
  EXPECT_TRUE(outlet_.emitted.empty());
  EXPECT_EQ(hold_->held_count(), 3u);
  world_.run_for(2s);
  EXPECT_EQ(outlet_.emitted, (std::vector<std::string>{"ab", "c"}));
  EXPECT_EQ(hold_->held_count(), 0u);
  EXPECT_EQ(reserved(), 0u);
}

TEST_F(IntervalHoldTest, NothingLeavesWhileARequestIsBeingAdded) {
  make();
  {
    const auto entry = hold_->enter(100);
    hold_->held().add("a");
    world_.run_for(1min);
    EXPECT_TRUE(outlet_.emitted.empty());
    EXPECT_EQ(reserved(), 100u);
  }
  world_.run_for(1s);
  EXPECT_EQ(outlet_.emitted, std::vector<std::string>{"a"});
}

TEST_F(IntervalHoldTest, ARequestWithoutRoomEndsTheInterval) {
  make();
  add("a");
  Reservation all = Reservation::try_make(own_->budget, MemoryTerm::kMessages,
                                          own_->budget.limit() - own_->budget.used());
  const auto refused = hold_->enter(100);
  EXPECT_EQ(refused.error().code, Code::kUnavailable);
  EXPECT_EQ(refused.error().message, "memory: no room for letters");
  world_.run_for(1s);
  EXPECT_EQ(outlet_.emitted, std::vector<std::string>{"a"}) << "by the reserve of drains";
}

TEST_F(IntervalHoldTest, ARequestThatNeedsMoreThanTheBudgetIsFinal) {
  make();
  const auto refused = hold_->enter(own_->budget.limit() + 1);
  EXPECT_EQ(refused.error().code, Code::kResourceExhausted);
  EXPECT_EQ(refused.error().message, "the request has more letters than can be held");
}

TEST_F(IntervalHoldTest, FlushEmitsAllOfBothIntervals) {
  make();
  add("abcd");
  world_.run_for(10s);  // the first request has left
  add("e");
  hold_->flush();
  EXPECT_EQ(hold_->held_count(), 0u);
  std::string all;
  for (const std::string& some : outlet_.emitted) all += some;
  EXPECT_EQ(all, "abcde");
  EXPECT_EQ(outlet_.filtered, 0u);
  EXPECT_EQ(reserved(), 0u);
}

}  // namespace
}  // namespace millrace::interval_hold
