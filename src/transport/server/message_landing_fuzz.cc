// Messages of several connections that land in turns, in pieces with other bytes between them,
// exact or without a size: each is whole and as it was sent, or refused; no memory stays behind.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "transport/server/message_landing.h"

namespace {

using namespace millrace;
using namespace millrace::transport;

constexpr size_t kConnections = 3;
constexpr size_t kStreams = 3;
constexpr size_t kAnnouncedMax = 4 << 20;

struct Stream {
  LandingMessage message;
  std::string sent;  // the twin: what has landed so far
  size_t expected = 0;
  bool is_exact = false;
};

struct Connection {
  explicit Connection(LandingArea& area) : landing(area, kAnnouncedMax) {}
  Landing landing;
  std::array<Stream, kStreams> streams;
};

class Run {
 public:
  explicit Run(ChunkPool& pool) : area_(pool) {
    for (auto& connection : connections_) connection = std::make_unique<Connection>(area_);
  }

  // One read of one connection: pieces of its streams' messages, with frame heads between them.
  void turn(testing::FuzzInput& input) {
    if (!in_turn_) current_ = input.choice(kConnections);
    in_turn_ = true;
    Connection& connection = *connections_[current_];
    const size_t piece_count = 1 + input.choice(4);
    std::array<size_t, 4> which{};
    std::array<size_t, 4> sizes{};
    size_t total = 0;
    for (size_t i = 0; i < piece_count; ++i) {
      which[i] = input.choice(kStreams);
      const size_t shift = input.choice(13);
      sizes[i] = 1 + (input.byte() << shift >> 4);
      total += sizes[i] + kHeadBytes;
    }
    total = std::min(total, kReadBytesMax);
    const std::span<uint8_t> room = connection.landing.room(std::max(kReadRoomMin, total));
    if (room.empty()) return;
    MILLRACE_CHECK(room.size() >= total);
    uint8_t* at = room.data();
    for (size_t i = 0; i < total; ++i) at[i] = static_cast<uint8_t>(next_byte_++ * 7);
    connection.landing.received(total);
    size_t left = total;
    for (size_t i = 0; i < piece_count && left > kHeadBytes; ++i) {
      at += kHeadBytes;
      left -= kHeadBytes;
      const size_t size = std::min(sizes[i], left);
      // Landing may move the bytes that were read before it, never the bytes behind it.
      const size_t used = land(input, connection, connection.streams[which[i]], at, size);
      at += used;
      left -= used;
    }
    if (input.flag()) {
      connection.landing.end_turn();
      in_turn_ = false;
    }
    check_kept();
  }

  void drop_all() {
    for (auto& connection : connections_) {
      for (Stream& stream : connection->streams) {
        if (stream.message.open()) connection->landing.drop(stream.message);
      }
      MILLRACE_CHECK(connection->landing.announced_bytes() == 0);
    }
    kept_.clear();
  }

 private:
  static constexpr size_t kHeadBytes = 9;

  size_t land(testing::FuzzInput& input, Connection& connection, Stream& stream, uint8_t* at,
              size_t size) {
    Landing& landing = connection.landing;
    if (!stream.message.open() && !begin(input, landing, stream, at)) return size;
    if (stream.is_exact) size = std::min(size, stream.expected - stream.sent.size());
    stream.sent.append(reinterpret_cast<const char*>(at), size);
    if (landing.append(stream.message, at, size) != LandingOutcome::kLanded) {
      MILLRACE_CHECK(!stream.message.open());
      return size;
    }
    MILLRACE_CHECK(stream.message.size() == stream.sent.size());
    const bool is_whole = stream.is_exact ? stream.sent.size() == stream.expected : input.flag();
    if (input.choice(32) == 31) {
      landing.drop(stream.message);
    } else if (is_whole) {
      const Bytes bytes = landing.finish(stream.message);
      MILLRACE_CHECK(bytes.text() == stream.sent);
      if (kept_.size() < 8) kept_.push_back({bytes, stream.sent});
    }
    return size;
  }

  static bool begin(testing::FuzzInput& input, Landing& landing, Stream& stream, uint8_t* at) {
    stream.sent.clear();
    stream.is_exact = input.choice(4) != 0;
    const size_t shift = input.choice(16);
    stream.expected = 1 + (input.byte() << shift >> 2);
    const LandingOutcome outcome = stream.is_exact ? landing.begin(stream.message, stream.expected,
                                                                   input.flag() ? at : nullptr)
                                                   : landing.begin_unsized(stream.message);
    MILLRACE_CHECK(stream.message.open() == (outcome == LandingOutcome::kLanded));
    return stream.message.open();
  }

  // Messages that were handed on keep their bytes, whatever lands beside them.
  void check_kept() const {
    for (const auto& [bytes, text] : kept_) MILLRACE_CHECK(bytes.text() == text);
  }

  LandingArea area_;
  std::array<std::unique_ptr<Connection>, kConnections> connections_;
  struct Kept {
    Bytes bytes;
    std::string text;
  };
  std::vector<Kept> kept_;
  uint32_t next_byte_ = 0;
  size_t current_ = 0;  // whose turn it is
  bool in_turn_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  testing::FuzzInput input(data, size);
  Budget budget(size_t{1} << (20 + input.choice(4)));
  {
    ChunkPool pool(budget, 0);
    Run run(pool);
    for (size_t turns = 0; !input.empty() && turns < 64; ++turns) run.turn(input);
    run.drop_all();
  }
  MILLRACE_CHECK(budget.used() == 0);
  return 0;
}
