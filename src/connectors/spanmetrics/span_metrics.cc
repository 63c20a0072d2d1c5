#include "connectors/spanmetrics/span_metrics.h"

#include <algorithm>
#include <utility>

#include "connectors/spanmetrics/metrics_writer.h"
#include "connectors/spanmetrics/span_aggregation.h"
#include "keyed_state/partials.h"
#include "metric_emission/metric_emission.h"
#include "pipeline/taken_batches.h"

namespace millrace::connectors::spanmetrics {
namespace {

using metric_emission::Occasion;

// Series take at most this part of the budget.
constexpr size_t kShareOfBudget = 4;

// A resource that a worker hands to the first one: it stays in the worker's part, untouched there
// until the first worker asks for the next one. So no reservation travels in a task, which may
// outlive the budget.
using Piece = HandedResource*;
using Reader = keyed_state::PartialReader<Part, Piece>;

std::optional<Piece> take_piece(Part& part, Reader::Cursor&) {
  part.handed.reset();
  const auto first = part.resources.begin();
  if (first == part.resources.end()) return std::nullopt;
  part.handed.emplace(first->first, std::move(first->second));
  part.resources.erase(first);
  return &*part.handed;
}

}  // namespace

class Shared {
 public:
  Shared(std::shared_ptr<const Options> given, std::string connector, std::string instance_id,
         const Parts& parts)
      : options(std::move(given)),
        name(std::move(connector)),
        dimensions(*options, std::move(instance_id)),
        seed{parts.loop.random().next(), parts.loop.random().next()},
        memory{.budget = parts.pool.budget(),
               .bytes_max = parts.pool.budget().limit() / kShareOfBudget} {}

  const std::shared_ptr<const Options> options;
  const std::string name;
  const Dimensions dimensions;
  const item_identity::Identity seed;
  SeriesMemory memory;
  std::vector<Reader::Source> sources;  // complete before the loops run
};

namespace {

// The first worker's side: adds up what the workers have, and emits it.
class Emitter final : public metric_emission::MetricSource {
 public:
  Emitter(Shared& shared, const Parts& parts)
      : shared_(shared),
        options_(*shared.options),
        loop_(parts.loop),
        wall_clock_(parts.wall_clock),
        emission_({.name = shared.name,
                   .interval = options_.flush_interval,
                   .is_cumulative = !options_.is_delta},
                  *this,
                  {.loop = parts.loop,
                   .long_work = parts.long_work,
                   .log = parts.log,
                   .wall_clock = parts.wall_clock,
                   .outputs = parts.outputs}) {}

  metric_emission::MetricEmission& emission() { return emission_; }

  void collect(std::function<void(bool)> ready) override {
    if (reader_ == nullptr) reader_ = std::make_unique<Reader>(loop_, shared_.sources);
    has_news_ = false;
    reader_->read(
        take_piece, [this](size_t, Piece piece) { add(*piece); },
        [this, ready = std::move(ready)] {
          limit_resources();
          for (const auto& [identity, series] : totals_) left_.push_back(identity);
          ready(has_news_ || owes_counts_);
        });
  }

  // Series that are new begin with 0: their counts are in the next emission.
  Written write_some(Occasion occasion, uint64_t now_unix_nano, otlp::RopeWriter& out) override {
    owes_counts_ = occasion == Occasion::kInterval && has_news_ && !options_.is_delta;
    Written written;
    while (!left_.empty() && written.point_count < metric_emission::kPointsAtOnce &&
           !out.failed()) {
      ResourceSeries& resource = totals_.find(left_.back())->second;
      written.point_count += write_metrics(options_, occasion, now_unix_nano, resource, out);
      left_.pop_back();
    }
    written.is_last = left_.empty();
    return written;
  }

  // Expires after an emission, as in otelcol.
  void end_emission() override {
    left_.clear();
    const WallTime now = wall_clock_();
    for (auto at = totals_.begin(); at != totals_.end();) {
      ResourceSeries& resource = at->second;
      if (options_.metrics_expiration != Duration{0} &&
          now - resource.last_seen >= options_.metrics_expiration && !owes_count(resource)) {
        at = totals_.erase(at);
      } else {
        expire_series(now, resource);
        ++at;
      }
    }
  }

 private:
  void add(HandedResource& handed) {
    has_news_ = true;
    auto& [identity, series] = handed;
    const auto [found, is_new] = totals_.try_emplace(identity, shared_.memory);
    if (is_new) found->second.attributes = series.attributes;
    merge(std::move(series), options_, found->second);
  }

  static bool owes_count(const ResourceSeries& resource) {
    return std::ranges::any_of(resource.metrics, [](const SeriesMap& map) {
      return std::ranges::any_of(map, [](const auto& pair) { return pair.second.owes_count; });
    });
  }

  void expire_series(WallTime now, ResourceSeries& resource) {
    // A delta series that was silent for an interval begins anew.
    const Duration expiration =
        options_.is_delta ? 2 * options_.flush_interval : options_.series_expiration;
    if (expiration == Duration{0}) return;
    size_t freed = 0;
    for (size_t m = 0; m < kMetricCount; ++m) {
      std::erase_if(resource.metrics[m], [&](const auto& pair) {
        if (now - pair.second.last_seen < expiration || pair.second.owes_count) return false;
        if (pair.first == kOverflow) {
          resource.overflow_count[m] = 0;
        } else {
          freed += series_bytes(pair.second, options_);
        }
        return true;
      });
    }
    resource.memory.give_back(freed);
  }

  // Those that were silent longest go.
  void limit_resources() {
    if (options_.resources_max == 0) return;
    while (totals_.size() > options_.resources_max) {
      const auto oldest = std::ranges::min_element(
          totals_, {}, [](const auto& pair) { return pair.second.last_seen; });
      totals_.erase(oldest);
    }
  }

  Shared& shared_;
  const Options& options_;
  io::Loop& loop_;
  const std::function<WallTime()>& wall_clock_;
  std::unique_ptr<Reader> reader_;  // made when all parts are known
  ResourceMap totals_;
  std::vector<item_identity::Identity> left_;  // resources of this emission that are not written
  bool owes_counts_ = false;                   // some series of the last emission began with 0
  bool has_news_ = false;                      // of the last collect()
  metric_emission::MetricEmission emission_;
};

class SpanMetrics final : public pipeline::Exporter {
 public:
  SpanMetrics(std::shared_ptr<Shared> shared, const Parts& parts)
      : shared_(std::move(shared)),
        wall_clock_(parts.wall_clock),
        aggregation_(*shared_->options, shared_->dimensions, shared_->seed, shared_->memory,
                     parts.loop.random()),
        batches_(parts.loop, parts.long_work, [this](const pipeline::Batch& batch, Work& work) {
          aggregation_.count(batch.bytes, wall_clock_(), work, part_);
        }) {
    if (shared_->sources.empty()) emitter_ = std::make_unique<Emitter>(*shared_, parts);
    shared_->sources.push_back({.loop = &parts.loop, .part = &part_});
  }
  ~SpanMetrics() override { close(); }

  void send_batch(pipeline::Batch batch, MonotonicTime, Done done) override {
    batches_.take(std::move(batch), std::move(done));
  }
  bool flush(Flushed done) override {
    return emitter_ != nullptr && emitter_->emission().flush(std::move(done));
  }
  void close() override {
    batches_.close();
    emitter_ = nullptr;
  }
  std::string describe() const override { return batches_.is_closed() ? "closed" : "counts spans"; }

 private:
  const std::shared_ptr<Shared> shared_;
  const std::function<WallTime()>& wall_clock_;
  Part part_;
  SpanAggregation aggregation_;
  pipeline::TakenBatches batches_;
  std::unique_ptr<Emitter> emitter_;  // null: another worker emits
};

}  // namespace

std::shared_ptr<Shared> make_shared(std::shared_ptr<const Options> options, std::string name,
                                    std::string instance_id, const Parts& parts) {
  return std::make_shared<Shared>(std::move(options), std::move(name), std::move(instance_id),
                                  parts);
}

std::unique_ptr<pipeline::Exporter> make_span_metrics(std::shared_ptr<Shared> shared,
                                                      const Parts& parts) {
  return std::make_unique<SpanMetrics>(std::move(shared), parts);
}

}  // namespace millrace::connectors::spanmetrics
