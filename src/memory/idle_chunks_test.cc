#include "memory/idle_chunks.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace millrace {
namespace {

// Each second has a peak of chunks in use, and a number in use at its end.
struct Second {
  size_t peak;
  size_t used;
};

struct Case {
  std::string what;
  size_t idle_max;
  std::vector<Second> seconds;
  size_t kept;  // after the last of them
};

TEST(IdleChunksTest, KeepsWhatTheLastSecondsNeededAtOnce) {
  const Second rest{0, 0};
  const std::vector<Case> cases = {
      {"nothing has happened", 100, {}, 0},
      {"a burst that has just ended", 100, {{40, 0}}, 40},
      {"what is still in use is not kept beside it", 100, {{40, 30}}, 10},
      {"a queue that fills every other second", 100, {{40, 2}, {3, 2}, {40, 2}, {3, 2}}, 38},
      {"the need that grows", 100, {{10, 0}, {20, 0}, {30, 0}}, 30},
      {"the need of seven seconds ago", 100, {{40, 0}, rest, rest, rest, rest, rest, rest}, 40},
      {"the need of eight seconds ago",
       100,
       {{40, 0}, rest, rest, rest, rest, rest, rest, rest},
       0},
      {"never more than the pool may hold", 16, {{40, 0}}, 16},
      {"more in use at the end than noted", 100, {{1, 5}}, 0},
  };
  for (const Case& one : cases) {
    IdleChunks idle(one.idle_max);
    size_t used = 0;
    for (const Second& second : one.seconds) {
      idle.note_used(second.peak);
      used = second.used;
      idle.end_second(used);
    }
    EXPECT_EQ(idle.to_keep(used), one.kept) << one.what;
  }
}

// What is used all the time stays, however long the load takes.
TEST(IdleChunksTest, ASteadyLoadGivesNothingBack) {
  IdleChunks idle(100);
  for (int second = 0; second < 100; ++second) {
    for (const size_t used : {3, 25, 7}) idle.note_used(used);
    idle.end_second(7);
    ASSERT_EQ(idle.to_keep(7), 18u) << second;
  }
}

}  // namespace
}  // namespace millrace
