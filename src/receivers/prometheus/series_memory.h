// The series of a target's last scrape: to find the series that are new, and to write
// a marker (NO_RECORDED_VALUE) for each that is gone. Series with times of their own are not
// tracked, as in Prometheus.
//
// Memory: reserved in the budget (MemoryTerm::kKeyedState), 24 bytes and its attributes for a
// series, 8 bytes for a sample, and the tables of its scrape. Where the budget refuses, nothing is
// remembered: no markers are written for that scrape's series. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "receivers/prometheus/scrape_batch.h"

namespace millrace::receivers::prometheus {

class SeriesMemory {
 public:
  bool empty() const { return series_.empty(); }
  using Tracked = std::vector<ScrapeBatch::Series>;  // of a batch: ScrapeBatch::tracked()
  // Remembers the tracked points of `batch` and the samples, by their hashes in order, instead
  // of what was there. False: no memory.
  bool remember(ScrapeBatch& batch, const Tracked& tracked, std::vector<uint64_t> samples,
                Budget& budget);
  void forget();
  // How many of the samples, by their hashes in order, were not there.
  size_t count_new(const std::vector<uint64_t>& samples) const;
  // The form of the last scrape, where one was recorded.
  const std::optional<ScrapeReplay>& replay() const { return replay_; }
  void keep(std::optional<ScrapeReplay> replay) { replay_ = std::move(replay); }
  // Whether the last scrape had the series of the one before: a form of them is worth its making.
  bool is_steady() const { return is_steady_; }
  void set_steady(bool is_steady) { is_steady_ = is_steady; }
  // Adds a marker to `batch` for each series that is not among its tracked points.
  Status add_markers(ScrapeBatch& batch, const Tracked& tracked, uint64_t time, Work& work) const;

 private:
  struct Entry {
    uint64_t hash = 0;
    size_t offset = 0;  // of its attributes
    uint32_t size = 0;
    uint32_t metric = 0;
  };
  std::shared_ptr<const ScrapeTables> tables_;  // shared with the batch, which made them
  std::vector<Entry> series_;                   // by hash
  std::string attributes_;
  std::vector<uint64_t> samples_;  // in order
  std::optional<ScrapeReplay> replay_;
  bool is_steady_ = false;
  Reservation memory_;
};

}  // namespace millrace::receivers::prometheus
