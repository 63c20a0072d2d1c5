// How bodies land: received bytes become whole, contiguous messages, nearly always without being
// copied.
//
// A connection reads straight into a chunk. A message whose bytes arrive in one piece stays where
// it was read; the nine bytes of a DATA frame header in its middle are closed by moving what
// follows. The chunk is the worker's: every connection reads into the same one, turn by turn,
// behind what the others read, except while a message of one is half received. Where too little is
// left of it for a message as large as the connection's last, a fresh one is read into.
//
// The obvious design fails: growing a buffer in steps made messages of 3 MB quadratic.
// So a message whose announced size does not fit behind what was read gets a chunk of its own of
// just that size, and the following reads go straight into it. Messages of several streams that
// arrive in turns cannot all be contiguous in one chunk: the smaller ones are copied into regions
// of their own ("apart"), once.
//
// A chunk is a reservation in the budget, so a message that cannot have memory is refused before
// it is received. All of this belongs to one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "memory/chunk_pool.h"

namespace millrace::transport {

// Reads are offered at least this much room, and at most kReadBytesMax.
inline constexpr size_t kReadRoomMin = 32 * 1024;
inline constexpr size_t kReadBytesMax = 256 * 1024;

// The largest message that can have memory of its own before it is received, in an empty budget:
// announced messages leave a part of the budget to the chunks that all connections read into. Peers
// that announce much and send little of it could else keep every other sender out.
size_t largest_message_bytes(const Budget& budget);

// The chunks that the connections of one worker share.
class LandingArea {
 public:
  explicit LandingArea(ChunkPool& pool) : pool_(pool) {}

  struct Place {
    ChunkRef chunk;  // empty: the budget refused
    uint8_t* at = nullptr;
  };
  // A chunk with at least `room` bytes free behind `at`, for reading into; the caller alone uses
  // it until it gives it back.
  Place borrow(size_t room);
  void give_back(Place place);
  // `size` bytes of their own inside a chunk that is shared with other such regions.
  Place allocate(size_t size);
  // A chunk for one message, not shared.
  Place allocate_chunk(size_t size);
  // The same for a message that was announced and has not come. Empty also where too little would
  // be left to read into.
  Place allocate_announced(size_t size);

  // Connections that keep a chunk because of a half received message.
  size_t kept_count = 0;

 private:
  ChunkPool& pool_;
  Place spare_;    // for the next reader
  Place regions_;  // where the next region is cut from
};

class Landing;

// One message on its way in. Lives at one address until it is finished or dropped.
class LandingMessage {
 public:
  LandingMessage() = default;
  LandingMessage(const LandingMessage&) = delete;
  LandingMessage& operator=(const LandingMessage&) = delete;

  bool open() const { return state_ != State::kClosed; }
  size_t size() const { return size_; }
  size_t expected() const { return expected_; }

 private:
  friend class Landing;
  enum class State : uint8_t {
    kClosed,
    kAwaited,  // announced, no memory of its own yet: it will fit behind what was read
    kInPlace,  // where it was read
    kApart,    // copied into memory of its own
  };
  State state_ = State::kClosed;
  bool exact_ = false;  // expected_ is the size; otherwise a guess that may be passed
  bool whole_chunk_ = false;
  size_t expected_ = 0;
  size_t size_ = 0;
  size_t room_ = 0;  // kApart: how much fits
  uint8_t* data_ = nullptr;
  ChunkRef chunk_;
};

enum class LandingOutcome : uint8_t { kLanded, kNoMemory, kTooMuchAnnounced };

// The receiving side of one connection.
class Landing {
 public:
  Landing(LandingArea& area, size_t announced_bytes_max)
      : area_(area), announced_bytes_max_(announced_bytes_max) {}
  ~Landing() { release_chunk(); }
  Landing(const Landing&) = delete;
  Landing& operator=(const Landing&) = delete;

  // Where to read next; at least `room_min` bytes. Empty when the budget has no chunk: what is
  // read elsewhere may be handed to append() all the same.
  std::span<uint8_t> room(size_t room_min = kReadRoomMin);
  // The most that the next read should have, so that the bytes can stay where they are read: no
  // more than the rest of a large message, and only the head of the next one, which then has memory
  // of its own.
  size_t read_bytes_max() const;
  // So many bytes were read into the last room(). They are then given to the protocol, which
  // consumes all of them before the next room().
  void received(size_t size) { end_ += size; }

  // Announces a message of exactly `size` bytes, the first of which will be at `at` (null: not
  // known). Nothing is kept after a refusal.
  LandingOutcome begin(LandingMessage& message, size_t size, const uint8_t* at);
  // A message whose size is not known.
  LandingOutcome begin_unsized(LandingMessage& message);
  // The next bytes of the message; they may be moved. kNoMemory only for messages that have to
  // grow or to make way; the message is then dropped. Precondition: an exact message does not
  // get more than was announced.
  LandingOutcome append(LandingMessage& message, uint8_t* data, size_t size);
  Bytes finish(LandingMessage& message);
  void drop(LandingMessage& message);

  // Nothing more will be read now: other connections may use the chunk.
  void end_turn();

  size_t announced_bytes() const { return announced_bytes_; }

 private:
  LandingOutcome announce(LandingMessage& message, size_t size);
  bool in_read(const uint8_t* at) const { return chunk_ && at >= chunk_->data() && at <= end_; }
  size_t left_behind(const uint8_t* at) const {
    return static_cast<size_t>(chunk_->data() + chunk_->capacity - at);
  }
  bool place_first(LandingMessage& message, uint8_t* data, size_t size);
  bool move_apart(LandingMessage& message, size_t room);
  void read_into_live();
  bool relocate_live();
  void keep_chunk();
  void release_chunk();
  void forget(LandingMessage& message);

  LandingArea& area_;
  const size_t announced_bytes_max_;
  size_t announced_bytes_ = 0;
  size_t last_size_ = 0;  // of the last message that was finished: the next one is likely as large
  ChunkRef chunk_;        // being read into
  uint8_t* end_ = nullptr;  // behind what was read into it
  // The message that the next bytes most likely belong to; the only one that may grow in place,
  // since it is the last in the chunk.
  LandingMessage* live_ = nullptr;
  bool kept_ = false;     // counted in area_.kept_count
  bool in_turn_ = false;  // from room() to end_turn(): the bytes in chunk_ are being looked at
};

}  // namespace millrace::transport
