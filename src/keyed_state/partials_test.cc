#include "keyed_state/partials.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "pipeline/testing/manual_loop.h"

namespace millrace::keyed_state {
namespace {

using pipeline::testing::ManualLoop;
using Counts = std::map<std::string, uint64_t>;
using Reader = PartialReader<Counts, Counts>;

// Two series a piece, which are then no longer in the part.
std::optional<Counts> take_two(Counts& part, Reader::Cursor&) {
  if (part.empty()) return std::nullopt;
  Counts piece;
  while (piece.size() < 2 && !part.empty()) piece.insert(part.extract(part.begin()));
  return piece;
}

struct Scene {
  Scene() {
    parts[0] = {{"a", 1}, {"b", 2}, {"c", 3}};
    parts[1] = {{"b", 10}, {"d", 20}};
  }
  void read() {
    reader->read(
        take_two,
        [this](size_t, Counts piece) {
          ++pieces;
          for (const auto& [series, count] : piece) merged[series] += count;
        },
        [this] { ++done; });
  }
  void run() {
    for (bool ran = true; ran;) {
      ran = a.turn();
      ran = b.turn() || ran;
    }
  }
  ManualLoop a, b;
  Counts parts[2];
  std::unique_ptr<Reader> reader =
      std::make_unique<Reader>(a, std::vector<Reader::Source>{{&a, &parts[0]}, {&b, &parts[1]}});
  Counts merged;
  int pieces = 0;
  int done = 0;
};

TEST(PartialReaderTest, MergesThePiecesOfAllParts) {
  Scene scene;
  scene.read();
  EXPECT_TRUE(scene.reader->is_reading());
  EXPECT_EQ(scene.pieces, 0);
  scene.run();
  EXPECT_EQ(scene.done, 1);
  EXPECT_FALSE(scene.reader->is_reading());
  EXPECT_EQ(scene.pieces, 3);
  EXPECT_EQ(scene.merged, (Counts{{"a", 1}, {"b", 12}, {"c", 3}, {"d", 20}}));
}

TEST(PartialReaderTest, EachTurnOfAPartsLoopTakesOnePiece) {
  Scene scene;
  scene.read();
  scene.b.turn();
  EXPECT_TRUE(scene.parts[1].empty());
  EXPECT_EQ(scene.parts[0].size(), 3u) << "its loop has not turned";
  scene.a.turn();
  EXPECT_EQ(scene.parts[0].size(), 1u);
  scene.run();
}

TEST(PartialReaderTest, WhatIsAddedWhileItIsReadIsReadNowOrNextTimeAndNeverTwice) {
  Scene scene;
  scene.read();
  scene.a.turn();
  scene.parts[0]["a"] += 5;
  scene.parts[1]["z"] += 1;
  scene.run();
  scene.read();
  scene.run();
  EXPECT_EQ(scene.done, 2);
  EXPECT_EQ(scene.merged, (Counts{{"a", 6}, {"b", 12}, {"c", 3}, {"d", 20}, {"z", 1}}));
}

TEST(PartialReaderTest, AReaderThatIsGoneHearsNothing) {
  Scene scene;
  scene.read();
  scene.b.turn();
  scene.reader.reset();
  scene.run();
  EXPECT_EQ(scene.done, 0);
  EXPECT_EQ(scene.pieces, 0);
}

}  // namespace
}  // namespace millrace::keyed_state
