#include "exporters/prometheus/scrape_stream.h"

#include <utility>

namespace millrace::exporters {

ScrapeStream::ScrapeStream(std::shared_ptr<PrometheusHub> hub, io::Loop& loop,
                           prometheus::Exposition exposition,
                           std::unique_ptr<compress::GzipPieces> gzip, Reservation gzip_memory,
                           const ScrapeCounters& counters)
    : hub_(std::move(hub)),
      loop_(loop),
      exposition_(exposition),
      gzip_(std::move(gzip)),
      gzip_memory_(std::move(gzip_memory)),
      counters_(counters),
      page_(hub_->next_page.fetch_add(1, std::memory_order_relaxed)),
      self_(std::make_shared<ScrapeStream*>(this)) {
  hub_->page_count.fetch_add(1, std::memory_order_relaxed);
}

ScrapeStream::~ScrapeStream() {
  *self_ = nullptr;
  hub_->page_count.fetch_sub(1, std::memory_order_relaxed);
  if (has_ended_) return;
  counters_.abandoned->add(1);
  hub_->loop->post([hub = hub_, page = page_] {
    if (hub->owner != nullptr) hub->owner->close_page(page);
  });
}

void ScrapeStream::next(Give give) {
  give_ = std::move(give);
  if (ready_.empty() && !is_last_) return ask();
  loop_.post([self = self_] {
    if (*self != nullptr) (*self)->give_ready();
  });
}

void ScrapeStream::ask() {
  hub_->loop->post(
      [hub = hub_, page = page_, exposition = exposition_, &loop = loop_, self = self_] {
        PageReader::Piece piece{.bytes = {}, .is_last = true, .is_broken = true};
        if (hub->owner != nullptr) piece = hub->owner->next_piece(page, exposition);
        loop.post([self, piece = std::move(piece)]() mutable {
          if (*self != nullptr) (*self)->on_piece(std::move(piece));
        });
      });
}

void ScrapeStream::on_piece(PageReader::Piece piece) {
  is_last_ = piece.is_last;
  bool is_broken = piece.is_broken;
  if (gzip_ == nullptr || is_broken) {
    ready_ = std::move(piece.bytes);
  } else {
    const auto end = is_last_ ? compress::GzipPieces::End::kLast : compress::GzipPieces::End::kMore;
    is_broken = !gzip_->add(piece.bytes, end, ready_);
  }
  if (is_broken) {
    has_ended_ = true;
    counters_.broken->add(1);
    return std::exchange(give_, {})({.bytes = {}, .end = End::kBrokenOff});  // this may be gone
  }
  if (ready_.empty() && !is_last_) return ask();
  give_ready();
}

void ScrapeStream::give_ready() {
  Piece piece;
  if (ready_.size() <= kPieceBytesMax) {
    piece.bytes = std::exchange(ready_, {});
  } else {
    piece.bytes = ready_.substr(0, kPieceBytesMax);
    ready_.erase(0, kPieceBytesMax);
  }
  if (is_last_ && ready_.empty()) {
    piece.end = End::kComplete;
    has_ended_ = true;
    counters_.complete->add(1);
  }
  std::exchange(give_, {})(std::move(piece));  // this may be gone
}

}  // namespace millrace::exporters
