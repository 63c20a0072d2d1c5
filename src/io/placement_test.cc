#include "io/placement.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace millrace::io {
namespace {

struct Loops {
  Placement placement;
  std::array<std::vector<Placement::OpenConnection>, 3> open;
  std::array<std::shared_ptr<Placement::Member>, 3> members;

  Loops() {
    for (size_t i = 0; i < members.size(); ++i) {
      members[i] =
          placement.join([this, i](Placement::Socket, Placement::OpenConnection connection) {
            open[i].push_back(std::move(connection));
          });
    }
  }
  void arrive_at(size_t loop) { placement.place(Placement::Socket(-1), members[loop]); }
};

TEST(PlacementTest, ConnectionsOfOneListenerSpreadOverAllLoops) {
  Loops loops;
  for (int i = 0; i < 6; ++i) loops.arrive_at(0);
  for (const auto& open : loops.open) EXPECT_EQ(open.size(), 2u);
}

TEST(PlacementTest, AcceptingLoopKeepsItAmongEquals) {
  Loops loops;
  loops.arrive_at(2);
  EXPECT_EQ(loops.open[2].size(), 1u);
}

TEST(PlacementTest, ClosedConnectionMakesRoomAgain) {
  Loops loops;
  for (int i = 0; i < 3; ++i) loops.arrive_at(0);
  loops.open[1].clear();
  loops.arrive_at(0);
  EXPECT_EQ(loops.open[1].size(), 1u);
}

TEST(PlacementTest, LoopThatLeftGetsNothing) {
  Loops loops;
  loops.placement.leave(loops.members[1]);
  for (int i = 0; i < 4; ++i) loops.arrive_at(0);
  EXPECT_TRUE(loops.open[1].empty());
  EXPECT_EQ(loops.open[0].size(), 2u);
}

TEST(PlacementTest, LoopThatTakesNothingGetsNoMore) {
  Placement placement;
  std::vector<Placement::Socket> waiting;
  std::vector<Placement::OpenConnection> open;
  const auto accepting =
      placement.join([&](Placement::Socket, Placement::OpenConnection connection) {
        open.push_back(std::move(connection));
      });
  const auto stuck =
      placement.join([&](Placement::Socket socket, Placement::OpenConnection connection) {
        waiting.push_back(std::move(socket));
        open.push_back(std::move(connection));
      });
  for (int i = 0; i < 1000; ++i) placement.place(Placement::Socket(-1), accepting);
  EXPECT_EQ(waiting.size(), Placement::kInPassingMax);
  EXPECT_EQ(stuck->in_passing_count(), Placement::kInPassingMax);
  waiting.back().take();
  EXPECT_EQ(stuck->in_passing_count(), Placement::kInPassingMax - 1);
}

}  // namespace
}  // namespace millrace::io
