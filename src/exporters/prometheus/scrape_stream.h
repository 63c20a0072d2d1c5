// A page on the worker whose connection asked for it: fetches the pieces from the owner of the
// series, and compresses them here. Belongs to that worker's loop.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "compress/gzip_pieces.h"
#include "exporters/prometheus/page_reader.h"
#include "exporters/prometheus/prometheus_hub.h"
#include "io/loop.h"
#include "memory/budget.h"
#include "prometheus/exposition.h"
#include "transport/server/page.h"

namespace millrace::exporters {

// How pages end; each counter is shared by all pages of the exporter.
struct ScrapeCounters {
  metrics::Counter* complete = nullptr;
  metrics::Counter* broken = nullptr;     // no memory in the middle
  metrics::Counter* abandoned = nullptr;  // the peer left
  metrics::Counter* refused = nullptr;    // too many at once
};

class ScrapeStream final : public transport::PageStream {
 public:
  // `gzip`: null: the page is sent as it is; `gzip_memory` is its reservation.
  ScrapeStream(std::shared_ptr<PrometheusHub> hub, io::Loop& loop,
               prometheus::Exposition exposition, std::unique_ptr<compress::GzipPieces> gzip,
               Reservation gzip_memory, const ScrapeCounters& counters);
  ~ScrapeStream() override;

  void next(Give give) override;

 private:
  void ask();
  void on_piece(PageReader::Piece piece);
  // Gives what is ready, at most a piece.
  void give_ready();

  const std::shared_ptr<PrometheusHub> hub_;
  io::Loop& loop_;
  const prometheus::Exposition exposition_;
  const std::unique_ptr<compress::GzipPieces> gzip_;
  const Reservation gzip_memory_;
  const ScrapeCounters counters_;
  const uint64_t page_;
  Give give_;
  std::string ready_;
  bool is_last_ = false;  // nothing comes behind ready_
  bool has_ended_ = false;
  // Pieces may come after this is gone: they look here first, on this loop.
  std::shared_ptr<ScrapeStream*> self_;
};

}  // namespace millrace::exporters
