#include "transport/server/message_landing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"

namespace millrace::transport {
namespace {

class LandingTest : public ::testing::Test {
 protected:
  // Reads `bytes` as a socket would, and returns where they lie.
  static uint8_t* read(Landing& landing, std::string_view bytes) {
    const std::span<uint8_t> room = landing.room(std::max(kReadRoomMin, bytes.size()));
    EXPECT_GE(room.size(), bytes.size());
    std::memcpy(room.data(), bytes.data(), bytes.size());
    landing.received(bytes.size());
    return room.data();
  }
  Budget budget{64 << 20};
  ChunkPool pool{budget, 0};
  LandingArea area{pool};
};

TEST_F(LandingTest, WholeMessageStaysWhereItWasRead) {
  Landing landing(area, 1 << 20);
  uint8_t* at = read(landing, "..hello..");
  LandingMessage message;
  ASSERT_EQ(landing.begin(message, 5, at + 2), LandingOutcome::kLanded);
  ASSERT_EQ(landing.append(message, at + 2, 5), LandingOutcome::kLanded);
  const Bytes bytes = landing.finish(message);
  EXPECT_EQ(bytes.data(), at + 2);
  EXPECT_EQ(bytes.text(), "hello");
  EXPECT_EQ(landing.announced_bytes(), 0u);
}

// 500 connections announced a megabyte each and sent one byte of it. What they left of the budget
// was less than the chunk that all connections of a loop read into, and no sender got through.
TEST_F(LandingTest, AnnouncedMessagesLeaveRoomForReading) {
  std::vector<std::unique_ptr<Landing>> landings;
  std::vector<std::unique_ptr<LandingMessage>> messages;
  LandingOutcome outcome = LandingOutcome::kLanded;
  while (outcome == LandingOutcome::kLanded) {
    landings.push_back(std::make_unique<Landing>(area, 1 << 20));
    messages.push_back(std::make_unique<LandingMessage>());
    outcome = landings.back()->begin(*messages.back(), 1 << 20, nullptr);
  }
  EXPECT_EQ(outcome, LandingOutcome::kNoMemory);
  EXPECT_FALSE(messages.back()->open());
  EXPECT_LE(budget.used(), largest_message_bytes(budget));
  EXPECT_GT(budget.used(), budget.limit() / 4 * 3);
  Landing honest(area, 1 << 20);
  EXPECT_FALSE(honest.room().empty());
  for (size_t i = 0; i < messages.size(); ++i) landings[i]->drop(*messages[i]);
}

TEST_F(LandingTest, TheLargestMessageFitsAnEmptyBudget) {
  Landing landing(area, 64 << 20);
  LandingMessage message;
  ASSERT_EQ(landing.begin(message, largest_message_bytes(budget), nullptr),
            LandingOutcome::kLanded);
  landing.drop(message);
  EXPECT_EQ(landing.begin(message, largest_message_bytes(budget) + 1, nullptr),
            LandingOutcome::kNoMemory);
}

TEST_F(LandingTest, FrameHeadersInTheMiddleAreClosed) {
  Landing landing(area, 1 << 20);
  uint8_t* at = read(landing, "hel#########lo");
  LandingMessage message;
  ASSERT_EQ(landing.begin(message, 5, at), LandingOutcome::kLanded);
  ASSERT_EQ(landing.append(message, at, 3), LandingOutcome::kLanded);
  ASSERT_EQ(landing.append(message, at + 12, 2), LandingOutcome::kLanded);
  const Bytes bytes = landing.finish(message);
  EXPECT_EQ(bytes.data(), at);
  EXPECT_EQ(bytes.text(), "hello");
}

TEST_F(LandingTest, ReadingGoesOnRightBehindHalfAMessage) {
  Landing landing(area, 1 << 20);
  uint8_t* at = read(landing, "hel#########");
  LandingMessage message;
  ASSERT_EQ(landing.begin(message, 5, at), LandingOutcome::kLanded);
  ASSERT_EQ(landing.append(message, at, 3), LandingOutcome::kLanded);
  landing.end_turn();
  EXPECT_EQ(landing.room().data(), at + 3);
}

TEST_F(LandingTest, ConnectionsShareOneChunkTurnByTurn) {
  Landing one(area, 1 << 20);
  Landing other(area, 1 << 20);
  std::vector<Bytes> kept;
  for (Landing* landing : {&one, &other, &one}) {
    uint8_t* at = read(*landing, "hello");
    LandingMessage message;
    ASSERT_EQ(landing->begin(message, 5, at), LandingOutcome::kLanded);
    ASSERT_EQ(landing->append(message, at, 5), LandingOutcome::kLanded);
    kept.push_back(landing->finish(message));
    landing->end_turn();
  }
  EXPECT_EQ(budget.used(), kPooledChunkBytes);
  EXPECT_EQ(kept[1].data(), kept[0].data() + 5);
  EXPECT_EQ(kept[2].data(), kept[1].data() + 5);
}

TEST_F(LandingTest, AnIdleChunkIsReadFromItsStartAgain) {
  Landing landing(area, 1 << 20);
  uint8_t* first = read(landing, "ping");
  landing.end_turn();
  EXPECT_EQ(read(landing, "ping"), first);
}

TEST_F(LandingTest, ALargeMessageGetsOneChunkOfItsSizeAndIsReadStraightIntoIt) {
  Landing landing(area, 64 << 20);
  constexpr size_t kSize = 3 << 20;
  uint8_t* at = read(landing, std::string(1000, 'a'));
  LandingMessage message;
  ASSERT_EQ(landing.begin(message, kSize, at), LandingOutcome::kLanded);
  EXPECT_LE(budget.used(), kPooledChunkBytes + kSize + 64 * 1024);
  ASSERT_EQ(landing.append(message, at, 1000), LandingOutcome::kLanded);
  size_t size = 1000;
  const uint8_t* second = nullptr;
  while (size < kSize) {
    landing.end_turn();
    const size_t piece = std::min<size_t>(200'000, kSize - size);
    uint8_t* data = read(landing, std::string(piece, 'b'));
    if (second == nullptr) second = data;
    ASSERT_EQ(data, second + (size - 1000));  // no copying: the reads lie one behind the other
    ASSERT_EQ(landing.append(message, data, piece), LandingOutcome::kLanded);
    size += piece;
  }
  const Bytes bytes = landing.finish(message);
  EXPECT_EQ(bytes.size(), kSize);
  EXPECT_EQ(bytes.data() + 1000, second);
}

// A quarter of a megabyte of a large message was read before its place was known, and copied there.
TEST_F(LandingTest, BeforeTheNextLargeMessageOnlyItsHeadIsRead) {
  Landing landing(area, 64 << 20);
  constexpr size_t kSize = 400'000;
  EXPECT_EQ(landing.read_bytes_max(), kReadBytesMax);
  uint8_t* at = read(landing, "head");
  LandingMessage message;
  ASSERT_EQ(landing.begin(message, kSize, at + 4), LandingOutcome::kLanded);
  EXPECT_EQ(landing.read_bytes_max(), kReadBytesMax);
  for (size_t size = 0; size < kSize;) {
    const size_t piece = std::min(size_t{150'000}, kSize - size);
    uint8_t* data = read(landing, std::string(piece, 'b'));
    ASSERT_EQ(landing.append(message, data, piece), LandingOutcome::kLanded);
    size += piece;
    const size_t rest = kSize - size;
    EXPECT_GE(landing.read_bytes_max(), rest);
    EXPECT_LE(landing.read_bytes_max(), rest + rest / 1000 + 100) << "and the next message stays";
  }
  (void)landing.finish(message);
  EXPECT_LE(landing.read_bytes_max(), 1024u);
}

// Two streams in turns: the second message was copied to its end, although the first was whole.
TEST_F(LandingTest, ALargeMessageThatWaitedIsReadIntoDirectly) {
  Landing landing(area, 64 << 20);
  const std::string part(100'000, 'x');
  LandingMessage first, second;
  uint8_t* at = read(landing, "");
  ASSERT_EQ(landing.begin(first, 2 * part.size(), at), LandingOutcome::kLanded);
  ASSERT_EQ(landing.begin(second, 3 * part.size(), at), LandingOutcome::kLanded);
  for (LandingMessage* message : {&first, &second, &first, &second, &second}) {
    at = read(landing, part);
    ASSERT_EQ(landing.append(*message, at, part.size()), LandingOutcome::kLanded);
    if (first.open() && first.size() == first.expected()) (void)landing.finish(first);
    landing.end_turn();
  }
  EXPECT_EQ(landing.finish(second).data() + 2 * part.size(), at);
}

TEST_F(LandingTest, AMessageAsLargeAsTheLastIsReadWhereItFits) {
  Landing landing(area, 1 << 20);
  const std::string body(100'000, 'x');
  std::vector<Bytes> kept;
  for (int i = 0; i < 20; ++i) {
    uint8_t* const at = read(landing, body);
    LandingMessage message;
    ASSERT_EQ(landing.begin(message, body.size(), at), LandingOutcome::kLanded);
    ASSERT_EQ(landing.append(message, at, body.size()), LandingOutcome::kLanded);
    kept.push_back(landing.finish(message));
    EXPECT_EQ(kept.back().data(), at);
    landing.end_turn();
    // The room behind it is not filled by a part of the next one.
    EXPECT_GE(landing.room().size(), body.size());
    landing.end_turn();
  }
}

TEST_F(LandingTest, WhatTheBudgetRefusesIsRefusedWhenItIsAnnounced) {
  Landing landing(area, 256 << 20);
  uint8_t* at = read(landing, "x");
  LandingMessage message;
  EXPECT_EQ(landing.begin(message, 65 << 20, at), LandingOutcome::kNoMemory);
  EXPECT_FALSE(message.open());
  EXPECT_EQ(landing.announced_bytes(), 0u);
}

TEST_F(LandingTest, AnnouncedBytesAreCapped) {
  Landing landing(area, 1000);
  LandingMessage one, two;
  read(landing, "x");
  EXPECT_EQ(landing.begin(one, 600, nullptr), LandingOutcome::kLanded);
  EXPECT_EQ(landing.begin(two, 600, nullptr), LandingOutcome::kTooMuchAnnounced);
  landing.drop(one);
  EXPECT_EQ(landing.begin(two, 600, nullptr), LandingOutcome::kLanded);
  landing.drop(two);
}

TEST_F(LandingTest, WithoutAnyMemoryThereIsNoRoomAndNoMessage) {
  Budget none(1000);
  ChunkPool empty(none, 0);
  LandingArea poor(empty);
  Landing landing(poor, 1 << 20);
  EXPECT_TRUE(landing.room().empty());
  LandingMessage message;
  EXPECT_EQ(landing.begin(message, 10, nullptr), LandingOutcome::kNoMemory);
  std::string scratch = "x";
  ASSERT_EQ(landing.begin_unsized(message), LandingOutcome::kLanded);
  EXPECT_EQ(landing.append(message, reinterpret_cast<uint8_t*>(scratch.data()), 1),
            LandingOutcome::kNoMemory);
  EXPECT_FALSE(message.open());
}

TEST_F(LandingTest, ManyHalfMessagesDoNotKeepAChunkEach) {
  std::vector<std::unique_ptr<Landing>> landings;
  std::vector<std::unique_ptr<LandingMessage>> messages;
  for (int i = 0; i < 200; ++i) {
    landings.push_back(std::make_unique<Landing>(area, 1 << 20));
    messages.push_back(std::make_unique<LandingMessage>());
    uint8_t* at = read(*landings.back(), "half");
    ASSERT_EQ(landings.back()->begin(*messages.back(), 1000, at), LandingOutcome::kLanded);
    ASSERT_EQ(landings.back()->append(*messages.back(), at, 4), LandingOutcome::kLanded);
    landings.back()->end_turn();
  }
  EXPECT_LE(budget.used(), 20 * kPooledChunkBytes);
  for (size_t i = 0; i < landings.size(); ++i) landings[i]->drop(*messages[i]);
}

// Streams of every size, interleaved at random, against what was sent; frames of others and frame
// headers between.
TEST_F(LandingTest, InterleavedMessagesEqualTheirNaiveTwins) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    Random random(seed);
    Landing landing(area, 64 << 20);
    struct Stream {
      LandingMessage message;
      std::string twin;
      size_t size = 0;
      bool exact = true;
    };
    std::vector<std::unique_ptr<Stream>> open;
    std::vector<std::pair<Bytes, std::string>> done;
    char letter = 'a';
    for (int turn = 0; turn < 60; ++turn) {
      // One read: frames of several streams with nine bytes of header each.
      struct Frame {
        Stream* stream;
        size_t offset, size;
        bool begins;
      };
      std::string wire;
      std::vector<Frame> frames;
      std::vector<Stream*> full;
      for (uint64_t count = 1 + random.below(8); count > 0; --count) {
        bool begins = false;
        if (open.empty() || (open.size() < 5 && random.chance(0.4))) {
          open.push_back(std::make_unique<Stream>());
          Stream& made = *open.back();
          made.size = 1 + random.below(random.chance(0.1) ? 900'000 : 60'000);
          made.exact = random.chance(0.7);
          begins = true;
        }
        Stream* stream = begins ? open.back().get() : open[random.below(open.size())].get();
        const size_t left = stream->size - stream->twin.size();
        const size_t size = std::min<size_t>(left, random.below(16'384));
        if (!begins && size == 0) continue;
        wire += "#########";
        frames.push_back({stream, wire.size(), size, begins});
        letter = letter == 'z' ? 'a' : static_cast<char>(letter + 1);
        wire.append(size, letter);
        stream->twin.append(size, letter);
      }
      uint8_t* at = read(landing, wire.substr(0, std::min<size_t>(wire.size(), kReadRoomMin * 8)));
      for (const Frame& frame : frames) {
        LandingMessage& message = frame.stream->message;
        if (frame.begins) {
          ASSERT_EQ(frame.stream->exact
                        ? landing.begin(message, frame.stream->size, at + frame.offset)
                        : landing.begin_unsized(message),
                    LandingOutcome::kLanded);
        }
        ASSERT_EQ(landing.append(message, at + frame.offset, frame.size), LandingOutcome::kLanded);
        if (message.size() == frame.stream->size) {
          done.emplace_back(landing.finish(message), frame.stream->twin);
          std::erase_if(open, [&](const auto& stream) { return stream.get() == frame.stream; });
        }
      }
      if (random.chance(0.5)) landing.end_turn();
      if (done.size() > 10) done.erase(done.begin(), done.begin() + 5);
      for (const auto& [bytes, twin] : done) ASSERT_TRUE(bytes.text() == twin) << seed;
    }
    for (auto& stream : open) landing.drop(stream->message);
    EXPECT_EQ(landing.announced_bytes(), 0u);
  }
}

// Each of 40 connections kept a chunk of 512 KiB for what was read of 100 KB.
TEST_F(LandingTest, ManyHalfMessagesReserveLittleMoreThanTheirSizes) {
  constexpr size_t kSize = 100'000;
  constexpr size_t kCount = 40;
  const std::string half(kSize / 2, 'x');
  std::vector<std::unique_ptr<Landing>> landings;
  std::vector<std::unique_ptr<LandingMessage>> messages;
  for (size_t i = 0; i < kCount; ++i) {
    Landing& landing = *landings.emplace_back(std::make_unique<Landing>(area, 1 << 20));
    LandingMessage& message = *messages.emplace_back(std::make_unique<LandingMessage>());
    uint8_t* const at = read(landing, half);
    ASSERT_EQ(landing.begin(message, kSize, at), LandingOutcome::kLanded);
    ASSERT_EQ(landing.append(message, at, half.size()), LandingOutcome::kLanded);
    landing.end_turn();
  }
  // Sixteen keep the chunk that they were read into.
  EXPECT_LE(budget.used(), 16 * kPooledChunkBytes + (kCount - 16) * kSize * 3 / 2);
  for (size_t i = 0; i < kCount; ++i) {
    uint8_t* const at = read(*landings[i], half);
    ASSERT_EQ(landings[i]->append(*messages[i], at, half.size()), LandingOutcome::kLanded);
    EXPECT_EQ(landings[i]->finish(*messages[i]).size(), kSize);
    landings[i]->end_turn();
  }
}

}  // namespace
}  // namespace millrace::transport
