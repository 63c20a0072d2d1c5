// State that merges (counts, sums, histograms, the latest by time) and so may lie in parts, one on
// each worker. A reader asks each worker for its part, a piece at a time, in turns
// of the worker's own loop, and merges the pieces on the loop that it asks from. No part is locked,
// and no loop stands still for a large one.
//
//   PartialReader<Series, std::vector<Point>> reader(loop, parts);
//   reader.read(take_piece, merge, done);
//
// The content of a part changes while it is being read; a piece shows the content in the turn in
// which it was taken. A taker that removes what it returns (delta counts) reads each thing exactly
// once.
//
// Threads: a reader belongs to one loop; it is made before the loops run or on its loop, and
// destroyed on its loop or when none runs. The parts outlive the tasks that are under way: they
// belong to workers, which end after the loops have stopped.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/check.h"
#include "io/loop.h"

namespace millrace::keyed_state {

template <class Part, class Piece>
class PartialReader {
 public:
  // The part of one worker, and that worker's loop.
  struct Source {
    io::Loop* loop = nullptr;
    Part* part = nullptr;
  };
  // Where the reading of one part stands; begins at 0, its meaning is the taker's.
  using Cursor = uint64_t;
  // On the part's loop: the next piece, small enough for one turn, and the cursor moved on behind
  // it. Nothing: the part has been read.
  using TakePiece = std::function<std::optional<Piece>(Part&, Cursor&)>;
  // On the reader's loop, for each piece; pieces of one part come in their order.
  using Merge = std::function<void(size_t source, Piece)>;

  PartialReader(io::Loop& loop, std::vector<Source> sources)
      : loop_(loop), sources_(std::move(sources)), self_(std::make_shared<PartialReader*>(this)) {}
  ~PartialReader() { *self_ = nullptr; }
  PartialReader(const PartialReader&) = delete;
  PartialReader& operator=(const PartialReader&) = delete;

  bool is_reading() const { return left_ != 0; }
  // `done` runs on the reader's loop, in a later turn, when all parts have been read. Precondition:
  // no reading is under way. A reader that is destroyed meanwhile calls neither again.
  void read(TakePiece take, Merge merge, std::function<void()> done) {
    MILLRACE_CHECK(left_ == 0 && !sources_.empty());
    left_ = sources_.size();
    take_ = std::make_shared<const TakePiece>(std::move(take));
    merge_ = std::move(merge);
    done_ = std::move(done);
    for (size_t source = 0; source < sources_.size(); ++source) ask(source, 0);
  }

 private:
  void ask(size_t source, Cursor cursor) {
    const Source& asked = sources_[source];
    asked.loop->post(
        [self = self_, take = take_, &loop = loop_, part = asked.part, source, cursor]() mutable {
          std::optional<Piece> piece = (*take)(*part, cursor);
          loop.post([self, source, cursor, piece = std::move(piece)]() mutable {
            if (*self != nullptr) (*self)->on_piece(source, cursor, std::move(piece));
          });
        });
  }
  void on_piece(size_t source, Cursor cursor, std::optional<Piece> piece) {
    if (piece) {
      merge_(source, *std::move(piece));
      ask(source, cursor);
      return;
    }
    if (--left_ == 0) std::exchange(done_, nullptr)();
  }

  io::Loop& loop_;
  const std::vector<Source> sources_;
  std::shared_ptr<const TakePiece> take_;  // shared with the tasks on other loops
  Merge merge_;
  std::function<void()> done_;
  size_t left_ = 0;  // parts that have not been read to their end
  // Answers may come after this is gone: they look here first, on the reader's loop.
  std::shared_ptr<PartialReader*> self_;
};

}  // namespace millrace::keyed_state
