#include "destination/admission_line.h"

#include <gtest/gtest.h>

#include <string>

#include "pipeline/testing/manual_loop.h"

namespace millrace::pipeline {
namespace {

// A queue with room for one request, which is taken, and a line in front of it.
struct AdmissionLineTest : ::testing::Test {
  AdmissionLineTest() { EXPECT_TRUE(queue.try_reserve({1, 1})); }
  ~AdmissionLineTest() override {
    line.expire_all();
    queue.release_unused({1, 1});
  }
  // Enters the queue when there is room, and is settled at once.
  void wait(const std::string& name, MonotonicTime deadline = kNever) {
    line.wait(
        [this, name] {
          if (!has_room) return false;
          events += name;
          return true;
        },
        deadline, [this, name] { events += "-" + name; });
  }
  testing::ManualLoop loop;
  SendingQueue queue{"sink", {.capacity = 1}, [this] { line.wake(); }};
  AdmissionLine line{queue, loop};
  bool has_room = false;
  std::string events;
};

TEST_F(AdmissionLineTest, TriesInOrderWhenThereIsRoom) {
  wait("a");
  wait("b");
  loop.run_until_idle();
  EXPECT_EQ(events, "");
  has_room = true;
  line.wake();
  loop.run_until_idle();
  EXPECT_EQ(events, "ab");
  EXPECT_TRUE(line.is_empty());
}

TEST_F(AdmissionLineTest, RoomThatCameBeforeTheWaitIsFound) {
  has_room = true;
  wait("a");
  EXPECT_EQ(events, "") << "never from inside wait()";
  loop.run_until_idle();
  EXPECT_EQ(events, "a");
}

TEST_F(AdmissionLineTest, QueueWakesItOnRelease) {
  wait("a");
  loop.run_until_idle();
  has_room = true;
  queue.release_unused({1, 1});
  loop.run_until_idle();
  EXPECT_EQ(events, "a");
  EXPECT_TRUE(queue.try_reserve({1, 1}));
}

TEST_F(AdmissionLineTest, DeadlinesEndWaitingInAnyOrder) {
  wait("a");
  wait("b", loop.now() + 2s);
  wait("c", loop.now() + 1s);
  loop.advance(1s);
  EXPECT_EQ(events, "-c");
  loop.advance(1s);
  EXPECT_EQ(events, "-c-b");
  line.expire_all();
  EXPECT_EQ(events, "-c-b-a");
}

TEST_F(AdmissionLineTest, TimerExpiresEveryoneWhileDraining) {
  wait("a");
  wait("b", loop.now() + 1s);
  queue.begin_drain([] {});
  loop.advance(1s);
  EXPECT_EQ(events, "-a-b");
}

TEST_F(AdmissionLineTest, ClosedLineTriesNoMore) {
  wait("a");
  has_room = true;
  line.close();
  loop.run_until_idle();
  EXPECT_EQ(events, "");
}

}  // namespace
}  // namespace millrace::pipeline
