// One page on its way: where it stands in the store, and what has been written and not taken. A
// series is written whole with the values of one moment; a page shows the values of the moments in
// which its pieces were made.
//
// One thread, the owner's loop. What is written and waits is reserved, and so is what the writer
// holds: a piece, a message, and what one series is longer.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "exporters/prometheus/series_store.h"
#include "memory/budget.h"
#include "prometheus/page_writer.h"

namespace millrace::exporters {

struct PageLook {
  prometheus::PageOptions writer;
  bool timestamps = false;  // of the points
};

class PageReader final : private prometheus::Sink {
 public:
  // Of a piece; a page is longer than all of its pieces by nothing.
  static constexpr size_t kPieceBytes = size_t{48} << 10;

  // Nothing: no memory. `store` and `budget` outlive it.
  static std::unique_ptr<PageReader> open(SeriesStore& store, Budget& budget, const PageLook& look);
  ~PageReader();
  PageReader(const PageReader&) = delete;
  PageReader& operator=(const PageReader&) = delete;

  struct Piece {
    std::string bytes;
    bool is_last = false;
    bool is_broken = false;  // no memory for the rest
  };
  // At most kPieceBytes, perhaps nothing; looks at a bounded number of series.
  Piece next(MonotonicTime now);

 private:
  PageReader(SeriesStore& store, Budget& budget, const PageLook& look);
  std::span<uint8_t> next_chunk(size_t used) override;
  void finish(size_t used) override;

  // For the written bytes, the next chunk and the memory of the writer. False: the budget refuses.
  bool reserve();
  // Until enough waits, or the page is complete.
  void write(MonotonicTime now);
  // False: the turn is over.
  bool write_family(const SeriesFamily& family, size_t from, MonotonicTime now);
  void write_series(const Series& series);
  void write_detail(const prometheus::SeriesHead& head, const Series& series);
  void keep_exemplars(const Detail& detail);

  SeriesStore& store_;
  Budget& budget_;
  const bool timestamps_;
  Reservation memory_;
  std::unique_ptr<prometheus::PageWriter> writer_;
  std::string ready_;                            // taken from the writer
  std::vector<uint8_t> chunk_;                   // the writer's
  std::string labels_;                           // of the series that is being written
  std::vector<prometheus::Exemplar> exemplars_;  // the same
  // Where the page stands: in this family at this series.
  std::string family_;
  uint64_t family_serial_ = 0;
  size_t next_series_ = 0;
  size_t visits_left_ = 0;         // of this turn
  bool has_begun_family_ = false;  // its head is written
  bool is_complete_ = false;
  bool is_broken_ = false;  // the budget had no room
};

}  // namespace millrace::exporters
