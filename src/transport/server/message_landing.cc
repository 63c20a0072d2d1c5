#include "transport/server/message_landing.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"

namespace millrace::transport {
namespace {

// Room behind an announced message, so that frames of others between its own fit as well.
constexpr size_t kSlack = 32 * 1024;
// Regions up to this size are cut from a shared chunk; larger ones are chunks.
constexpr size_t kRegionBytesMax = kPooledChunkBytes / 4;
// The first guess for a message of unknown size.
constexpr size_t kUnsizedFirst = 16 * 1024;
// Beyond so many connections that keep a chunk for half a message, messages that fit a region make
// way. (Up to 64 KiB only, 256 connections with bodies of 100 KB reserved 250 MB for 25.)
constexpr size_t kKeptChunksMax = 16;
constexpr size_t kMakeWayBytesMax = kRegionBytesMax;
constexpr size_t kAlignment = 64;
// Read before a message that is expected to be large: its head, of either protocol, and little
// more.
constexpr size_t kHeadReadBytes = 1024;
// Read behind the rest of a large message: the heads of its frames, a thousandth, and these bytes.
constexpr size_t kRestReadBytes = 64;
constexpr size_t kFrameHeadsPart = 1024;
// The part of the budget's messages that those which are only announced leave to reading.
constexpr size_t kReadingPart = 8;

size_t kept_for_reading(const Budget& budget) { return budget.limit_of_messages() / kReadingPart; }

}  // namespace

size_t largest_message_bytes(const Budget& budget) {
  const size_t needed = kept_for_reading(budget) + kSlack;
  return budget.limit_of_messages() - std::min(needed, budget.limit_of_messages());
}

LandingArea::Place LandingArea::borrow(size_t room) {
  if (spare_.chunk) {
    Place place = std::move(spare_);
    spare_ = {};
    // No slice refers to the bytes read before: start again where the cache is warm.
    if (place.chunk.unique()) place.at = place.chunk->data();
    if (static_cast<size_t>(place.chunk->data() + place.chunk->capacity - place.at) >= room) {
      return place;
    }
  }
  return allocate_chunk(room);
}

void LandingArea::give_back(Place place) {
  if (place.chunk->capacity != kPooledChunkBytes || spare_.chunk) return;
  spare_ = std::move(place);
}

LandingArea::Place LandingArea::allocate_chunk(size_t size) {
  Place place{pool_.try_acquire(size), nullptr};
  if (place.chunk) place.at = place.chunk->data();
  return place;
}

LandingArea::Place LandingArea::allocate_announced(size_t size) {
  Budget& budget = pool_.budget();
  // Reserved for this moment only, and before anything is allocated.
  if (!Reservation::try_make(budget, MemoryTerm::kMessages, size + kept_for_reading(budget))) {
    return {};
  }
  return allocate_chunk(size);
}

LandingArea::Place LandingArea::allocate(size_t size) {
  if (size > kRegionBytesMax) return allocate_chunk(size);
  if (regions_.chunk && regions_.chunk.unique()) regions_.at = regions_.chunk->data();
  if (!regions_.chunk ||
      static_cast<size_t>(regions_.chunk->data() + regions_.chunk->capacity - regions_.at) < size) {
    regions_ = {};
    regions_ = allocate_chunk(kPooledChunkBytes);
    if (!regions_.chunk) return {};
  }
  Place place = regions_;
  const size_t left =
      static_cast<size_t>(regions_.chunk->data() + regions_.chunk->capacity - regions_.at);
  regions_.at += std::min(left, (size + kAlignment - 1) / kAlignment * kAlignment);
  return place;
}

std::span<uint8_t> Landing::room(size_t room_min) {
  in_turn_ = true;
  if (live_ != nullptr && live_->state_ == LandingMessage::State::kApart) read_into_live();
  if (live_ != nullptr && live_->state_ == LandingMessage::State::kInPlace) {
    // Everything behind the live message was consumed: read on right behind it, so that the rest
    // of a DATA frame needs no moving.
    end_ = live_->data_ + live_->size_;
    if (left_behind(end_) < room_min && !relocate_live()) return {};
  }
  if (chunk_ && left_behind(end_) < room_min) release_chunk();
  if (!chunk_) {
    // Larger ones get memory of their own.
    const size_t expected = last_size_ <= kRegionBytesMax ? last_size_ : 0;
    LandingArea::Place place = area_.borrow(room_min + expected);
    if (!place.chunk) return {};
    chunk_ = std::move(place.chunk);
    end_ = place.at;
  }
  return {end_, std::min(left_behind(end_), kReadBytesMax)};
}

size_t Landing::read_bytes_max() const {
  if (live_ != nullptr && live_->exact_ && live_->expected_ > kRegionBytesMax) {
    const size_t rest = live_->expected_ - live_->size_;
    return std::min(rest + rest / kFrameHeadsPart + kRestReadBytes, kReadBytesMax);
  }
  return announced_bytes_ == 0 && last_size_ > kRegionBytesMax ? kHeadReadBytes : kReadBytesMax;
}

// The chunk of a large message becomes the one that is read into.
void Landing::read_into_live() {
  LandingMessage& message = *live_;
  uint8_t* const behind = message.data_ + message.size_;
  const size_t left =
      static_cast<size_t>(message.chunk_->data() + message.chunk_->capacity - behind);
  if (!message.whole_chunk_ || left < kReadRoomMin) {
    live_ = nullptr;
    return;
  }
  release_chunk();
  chunk_ = message.chunk_;
  end_ = behind;
  message.state_ = LandingMessage::State::kInPlace;
}

// The live message has no room left where it is: only one of unknown size, whose guess doubles.
bool Landing::relocate_live() {
  LandingMessage& message = *live_;
  LandingArea::Place place =
      area_.allocate_chunk(std::max(2 * message.size_, message.expected_) + kSlack);
  if (!place.chunk) {
    // It stays where it is and fails when more of it comes.
    live_ = nullptr;
    release_chunk();
    return false;
  }
  std::memcpy(place.at, message.data_, message.size_);
  message.data_ = place.at;
  message.chunk_ = place.chunk;
  release_chunk();
  chunk_ = std::move(place.chunk);
  end_ = message.data_ + message.size_;
  return true;
}

LandingOutcome Landing::announce(LandingMessage& message, size_t size) {
  MILLRACE_DCHECK(!message.open());
  if (announced_bytes_ + size > announced_bytes_max_ && announced_bytes_ != 0) {
    return LandingOutcome::kTooMuchAnnounced;
  }
  announced_bytes_ += size;
  message.state_ = LandingMessage::State::kAwaited;
  message.expected_ = size;
  message.size_ = 0;
  return LandingOutcome::kLanded;
}

LandingOutcome Landing::begin(LandingMessage& message, size_t size, const uint8_t* at) {
  const LandingOutcome announced = announce(message, size);
  if (announced != LandingOutcome::kLanded) return announced;
  message.exact_ = true;
  if (size == 0) return LandingOutcome::kLanded;
  if (chunk_) {
    const uint8_t* const from = in_read(at) ? at : end_;
    if (from + size <= end_ || left_behind(from) >= size + kSlack) return LandingOutcome::kLanded;
  }
  // The following reads go into its own chunk, unless another message is being read into already.
  const bool alone = live_ == nullptr || live_->expected_ < size;
  if (alone || size > kRegionBytesMax) {
    LandingArea::Place place = size > kRegionBytesMax ? area_.allocate_announced(size + kSlack)
                                                      : area_.allocate_chunk(size + kSlack);
    message.chunk_ = std::move(place.chunk);
    message.data_ = place.at;
    message.whole_chunk_ = true;
    if (alone && message.chunk_) live_ = &message;
  } else {
    LandingArea::Place place = area_.allocate(size);
    message.chunk_ = std::move(place.chunk);
    message.data_ = place.at;
    message.whole_chunk_ = false;
  }
  if (!message.chunk_) {
    drop(message);
    return LandingOutcome::kNoMemory;
  }
  message.room_ = size;
  message.state_ = LandingMessage::State::kApart;
  return LandingOutcome::kLanded;
}

LandingOutcome Landing::begin_unsized(LandingMessage& message) {
  const LandingOutcome announced = announce(message, 0);
  if (announced != LandingOutcome::kLanded) return announced;
  message.exact_ = false;
  return LandingOutcome::kLanded;
}

// Decides where a message begins to lie, with its first bytes in hand.
bool Landing::place_first(LandingMessage& message, uint8_t* data, size_t size) {
  const size_t wanted = message.exact_ ? message.expected_ : std::max(size, kUnsizedFirst);
  const bool fits =
      in_read(data) && (data + wanted <= end_ || left_behind(data) >= wanted + kSlack ||
                        (!message.exact_ && left_behind(data) >= wanted));
  const bool yields = live_ != nullptr && wanted <= live_->expected_;
  if (fits && !yields) {
    message.state_ = LandingMessage::State::kInPlace;
    message.chunk_ = chunk_;
    message.data_ = data;
    message.size_ = size;
    live_ = &message;
    return true;
  }
  if (!move_apart(message, wanted)) return false;
  std::memcpy(message.data_, data, size);
  message.size_ = size;
  return true;
}

// Copies what there is of the message into memory of its own.
bool Landing::move_apart(LandingMessage& message, size_t room) {
  LandingArea::Place place = area_.allocate(room);
  if (!place.chunk) return false;
  if (message.size_ != 0) std::memcpy(place.at, message.data_, message.size_);
  message.whole_chunk_ = false;
  message.chunk_ = std::move(place.chunk);
  message.data_ = place.at;
  message.room_ = room;
  message.state_ = LandingMessage::State::kApart;
  if (live_ == &message) live_ = nullptr;
  return true;
}

LandingOutcome Landing::append(LandingMessage& message, uint8_t* data, size_t size) {
  MILLRACE_DCHECK(message.open());
  if (size == 0) return LandingOutcome::kLanded;
  if (!message.exact_) {
    // The announcement grows with the message.
    const size_t total = message.size_ + size;
    if (total > message.expected_) {
      announced_bytes_ += total - message.expected_;
      message.expected_ = total;
      if (announced_bytes_ > announced_bytes_max_ && announced_bytes_ != total) {
        drop(message);
        return LandingOutcome::kTooMuchAnnounced;
      }
    }
  }
  MILLRACE_DCHECK(message.size_ + size <= message.expected_);
  bool landed = true;
  if (message.state_ == LandingMessage::State::kAwaited) {
    landed = place_first(message, data, size);
  } else if (message.state_ == LandingMessage::State::kInPlace && live_ == &message &&
             in_read(data)) {
    uint8_t* const behind = message.data_ + message.size_;
    if (behind != data) std::memmove(behind, data, size);
    message.size_ += size;
  } else {
    const size_t total = message.size_ + size;
    if (message.state_ == LandingMessage::State::kInPlace || total > message.room_) {
      landed = move_apart(message, message.exact_ ? message.expected_ : 2 * total);
    }
    if (landed) {
      std::memcpy(message.data_ + message.size_, data, size);
      message.size_ = total;
      // The message before it is whole: the next reads go into this one's chunk.
      if (live_ == nullptr && message.whole_chunk_) live_ = &message;
    }
  }
  if (landed) return LandingOutcome::kLanded;
  drop(message);
  return LandingOutcome::kNoMemory;
}

Bytes Landing::finish(LandingMessage& message) {
  Bytes bytes(std::move(message.chunk_), message.data_, message.size_);
  last_size_ = message.size_;
  forget(message);
  return bytes;
}

void Landing::drop(LandingMessage& message) {
  message.chunk_ = ChunkRef();
  forget(message);
  // A message given up by a timer frees the chunk that was kept for it at once.
  if (!in_turn_ && live_ == nullptr) release_chunk();
}

void Landing::forget(LandingMessage& message) {
  if (!message.open()) return;
  if (live_ == &message) live_ = nullptr;
  announced_bytes_ -= message.expected_;
  message.state_ = LandingMessage::State::kClosed;
  message.expected_ = 0;
  message.size_ = 0;
  message.room_ = 0;
  message.data_ = nullptr;
}

void Landing::end_turn() {
  in_turn_ = false;
  // A message with a chunk of its own is read into directly from the next turn on.
  if (live_ == nullptr || live_->state_ == LandingMessage::State::kApart) {
    release_chunk();
    return;
  }
  if (area_.kept_count >= kKeptChunksMax && live_->expected_ <= kMakeWayBytesMax &&
      move_apart(*live_, live_->exact_ ? live_->expected_ : 2 * live_->size_)) {
    release_chunk();
    return;
  }
  keep_chunk();
}

void Landing::keep_chunk() {
  if (kept_) return;
  kept_ = true;
  ++area_.kept_count;
}

void Landing::release_chunk() {
  if (kept_) {
    kept_ = false;
    --area_.kept_count;
  }
  if (!chunk_) return;
  area_.give_back({std::move(chunk_), end_});
  chunk_ = ChunkRef();
  end_ = nullptr;
}

}  // namespace millrace::transport
