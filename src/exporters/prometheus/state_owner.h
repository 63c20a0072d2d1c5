// The state of one exporter, on the worker that owns it: the series, what takes points into them,
// and the pages that are being read. It is the only one that touches the series, so nothing is
// locked, and the points of a series are taken in the order of the queue.
//
// Used on the owner's loop only, unless stated; ends after the loops have stopped.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/log.h"
#include "exporters/prometheus/intake.h"
#include "exporters/prometheus/options.h"
#include "exporters/prometheus/page_reader.h"
#include "exporters/prometheus/series_store.h"
#include "io/long_work.h"
#include "io/loop.h"
#include "memory/chunk_pool.h"
#include "metrics/registry.h"
#include "pipeline/exporter.h"

namespace millrace::exporters {

class StateOwner {
 public:
  struct Parts {
    std::string name;  // of the exporter
    io::Loop& loop;
    ChunkPool& pool;
    io::LongWork& long_work;
    Logger& log;
    metrics::Registry& metrics;
  };
  StateOwner(std::shared_ptr<const PrometheusOptions> options, Parts parts);
  ~StateOwner();
  StateOwner(const StateOwner&) = delete;
  StateOwner& operator=(const StateOwner&) = delete;

  // Takes the points of the batch, one batch after the other; `answer` may be called from inside.
  using Answer = std::move_only_function<void(pipeline::Outcome)>;
  void take(pipeline::Batch batch, Answer answer);

  // The next piece of the page with that number, which is begun if there is none; behind its last
  // piece it is forgotten.
  PageReader::Piece next_piece(uint64_t page, const prometheus::Exposition& exposition);
  void close_page(uint64_t page) { pages_.erase(page); }

 private:
  struct Job {
    pipeline::Batch batch;
    Answer answer;
  };
  void run_next();
  void run(Job job);
  pipeline::Outcome account(const TakenPoints& taken);
  void count(const TakenPoints& taken);
  void report_limit();
  void sweep();
  void note_size();
  void add_gauge(std::string_view name, std::string_view help, const std::atomic<size_t>& value);

  const std::shared_ptr<const PrometheusOptions> options_;
  const Parts parts_;
  const prometheus::Namer namer_;
  SeriesStore store_;
  Intake intake_;
  std::map<uint64_t, std::unique_ptr<PageReader>> pages_;
  std::deque<Job> waiting_;
  bool is_taking_ = false;  // a batch is under way, perhaps suspended: no sweep now
  std::unique_ptr<io::Timer> sweep_timer_;
  bool has_reported_identity_ = false;

  // Written by the owner, read when metrics are rendered; relaxed, each is complete by itself.
  std::atomic<size_t> series_count_{0};
  std::atomic<size_t> family_count_{0};
  std::atomic<size_t> memory_bytes_{0};
  std::atomic<size_t> expired_count_{0};
  RefusalReport refusals_;
  metrics::Counter& stored_;
  metrics::Counter& old_;
  metrics::Counter& ended_;
  metrics::Counter& repaired_;
  metrics::Counter& help_conflicts_;
  std::vector<metrics::Registry::Handle> gauges_;
};

}  // namespace millrace::exporters
