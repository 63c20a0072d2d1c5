#include "exporters/prometheus/page_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/allocation_name.h"

namespace millrace::exporters {
namespace {

constexpr size_t kChunkBytes = size_t{16} << 10;
// A piece, the series or message that goes beyond it, and the chunk behind it.
constexpr size_t kMemoryStep = size_t{128} << 10;
// Series that are looked at in a turn, also those that have gone.
constexpr size_t kVisitsMax = 4096;
constexpr uint64_t kNanosecondsInMillisecond = 1'000'000;

}  // namespace

std::unique_ptr<PageReader> PageReader::open(SeriesStore& store, Budget& budget,
                                             const PageLook& look) {
  std::unique_ptr<PageReader> page(new PageReader(store, budget, look));
  page->memory_ = Reservation::try_make(budget, MemoryTerm::kAnswers, kMemoryStep);
  if (!page->memory_) return nullptr;
  page->writer_ = prometheus::make_page_writer(look.writer, *page);
  if (!page->reserve()) return nullptr;
  return page;
}

PageReader::PageReader(SeriesStore& store, Budget& budget, const PageLook& look)
    : store_(store), budget_(budget), timestamps_(look.timestamps) {
  store_.add_reader();
}
PageReader::~PageReader() { store_.remove_reader(); }

bool PageReader::reserve() {
  const size_t needed = ready_.size() + 2 * kChunkBytes + writer_->held_bytes();
  if (needed <= memory_.bytes()) return true;
  // A reservation cannot grow, so the larger one comes first.
  Reservation larger =
      Reservation::try_make(budget_, MemoryTerm::kAnswers, std::max(needed, 2 * memory_.bytes()));
  if (!larger) return false;
  memory_ = std::move(larger);
  return true;
}

std::span<uint8_t> PageReader::next_chunk(size_t used) {
  finish(used);
  if (!reserve()) return {};
  const AllocationName name("term answers");
  chunk_.resize(kChunkBytes);
  return chunk_;
}

void PageReader::finish(size_t used) {
  const AllocationName name("term answers");
  ready_.append(reinterpret_cast<const char*>(chunk_.data()), used);
}

PageReader::Piece PageReader::next(MonotonicTime now) {
  if (!is_complete_ && ready_.size() < kPieceBytes) write(now);
  if (writer_->failed() || is_broken_) return {.bytes = {}, .is_last = true, .is_broken = true};
  const AllocationName name("term answers");
  const size_t size = std::min(kPieceBytes, ready_.size());
  Piece piece;
  piece.bytes.assign(ready_, 0, size);
  ready_.erase(0, size);
  piece.is_last = is_complete_ && ready_.empty();
  return piece;
}

void PageReader::write(MonotonicTime now) {
  visits_left_ = kVisitsMax;
  const SeriesStore::Families& families = store_.families();
  for (auto at = families.lower_bound(family_); at != families.end(); ++at) {
    const SeriesFamily& family = *at->second;
    size_t from = 0;
    if (family.name == family_) {
      // One that has come anew under the name would be shown twice.
      if (family.serial != family_serial_ && family_serial_ != 0) continue;
      from = next_series_;
    } else {
      family_ = family.name;
      has_begun_family_ = false;
    }
    family_serial_ = family.serial;
    if (!write_family(family, from, now)) return;
  }
  is_complete_ = true;
  writer_->finish();
}

bool PageReader::write_family(const SeriesFamily& family, size_t from, MonotonicTime now) {
  for (size_t index = from; index < family.series.size(); ++index) {
    next_series_ = index;
    if (visits_left_ == 0 || ready_.size() >= kPieceBytes || writer_->failed()) {
      return false;
    }
    --visits_left_;
    const Series* const series = family.series[index];
    if (series == nullptr || store_.is_expired(*series, now)) continue;
    if (!std::exchange(has_begun_family_, true)) {
      writer_->begin_family({.name = family.name, .help = family.help, .type = family.type});
    }
    write_series(*series);
    is_broken_ = !reserve();
    if (is_broken_) return false;
  }
  next_series_ = family.series.size();
  // A family counts as a series, so that many empty ones are not passed in one turn.
  if (visits_left_ == 0) return false;
  --visits_left_;
  return true;
}

void PageReader::write_series(const Series& series) {
  labels_.clear();
  SeriesStore::append_labels(series, labels_);
  prometheus::SeriesHead head{.labels = labels_, .created_unix_nano = series.interval.start};
  if (timestamps_ && series.interval.time != 0) {
    head.timestamp_ms = static_cast<int64_t>(series.interval.time / kNanosecondsInMillisecond);
  }
  exemplars_.clear();
  if (series.detail != nullptr) keep_exemplars(*series.detail);
  if (series.detail != nullptr && series.detail->value.index() != 0) {
    return write_detail(head, series);
  }
  writer_->write(
      head, prometheus::NumberValue{.value = series.number,
                                    .exemplar = exemplars_.empty() ? nullptr : &exemplars_.back()});
}

void PageReader::write_detail(const prometheus::SeriesHead& head, const Series& series) {
  const auto& value = series.detail->value;
  if (const auto* histogram = std::get_if<HistogramState>(&value)) {
    writer_->write(head, prometheus::HistogramValue{.upper_bounds = histogram->upper_bounds,
                                                    .bucket_counts = histogram->counts,
                                                    .sum = histogram->sum,
                                                    .count = histogram->count,
                                                    .exemplars = exemplars_});
  } else if (const auto* exponential = std::get_if<ExponentialState>(&value)) {
    writer_->write(head,
                   prometheus::ExponentialValue{
                       .scale = exponential->scale,
                       .zero_threshold = exponential->zero_threshold,
                       .zero_count = exponential->zero_count,
                       .count = exponential->count,
                       .sum = exponential->sum,
                       .positive = {exponential->positive.offset, exponential->positive.counts},
                       .negative = {exponential->negative.offset, exponential->negative.counts}});
  } else if (const auto* summary = std::get_if<SummaryState>(&value)) {
    writer_->write(
        head, prometheus::SummaryValue{
                  .quantiles = summary->quantiles, .sum = summary->sum, .count = summary->count});
  }
}

void PageReader::keep_exemplars(const Detail& detail) {
  for (const StoredExemplar& exemplar : detail.exemplars) {
    exemplars_.push_back({.labels = exemplar.labels,
                          .value = exemplar.value,
                          .time_unix_nano = exemplar.time_unix_nano});
  }
}

}  // namespace millrace::exporters
