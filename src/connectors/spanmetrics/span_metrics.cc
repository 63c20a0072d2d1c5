#include "connectors/spanmetrics/span_metrics.h"

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

#include "connectors/spanmetrics/metrics_writer.h"
#include "connectors/spanmetrics/span_aggregation.h"
#include "keyed_state/partials.h"
#include "otlp/rope_writer.h"
#include "pipeline/answers.h"

namespace millrace::connectors::spanmetrics {
namespace {

using pipeline::Batch;
using pipeline::Outcome;
using pipeline::Payload;

// Series take at most this part of the budget.
constexpr size_t kShareOfBudget = 4;
// The limits of a request that is emitted, one in each turn.
constexpr uint32_t kPointsAtOnce = 5000;
constexpr size_t kRequestBytesMax = size_t{256} << 20;
constexpr size_t kRefusedMax = 64;  // requests that wait to be offered again
constexpr Duration kAgain = 1s;

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
class Emitter {
 public:
  Emitter(Shared& shared, const Parts& parts)
      : shared_(shared),
        options_(*shared.options),
        loop_(parts.loop),
        long_work_(parts.long_work),
        log_(parts.log),
        wall_clock_(parts.wall_clock),
        outputs_(parts.outputs),
        self_(std::make_shared<Emitter*>(this)),
        flush_timer_(loop_.make_timer([this] { begin_flush(); })),
        refused_timer_(loop_.make_timer([this] { offer_again(); })) {
    flush_timer_->arm_at(loop_.now() + options_.flush_interval);
  }
  ~Emitter() { *self_ = nullptr; }

 private:
  void begin_flush() {
    flush_timer_->arm_at(loop_.now() + options_.flush_interval);
    if (!left_.empty() || (reader_ != nullptr && reader_->is_reading())) return;  // still at it
    if (reader_ == nullptr) reader_ = std::make_unique<Reader>(loop_, shared_.sources);
    if (!options_.is_delta) refused_.clear();  // the new counts include them
    reader_->read(take_piece, [this](size_t, Piece piece) { add(*piece); }, [this] { emit(); });
  }

  void add(HandedResource& handed) {
    auto& [identity, series] = handed;
    const auto [found, is_new] = totals_.try_emplace(identity, shared_.memory);
    if (is_new) found->second.attributes = series.attributes;
    merge(std::move(series), options_, found->second);
  }

  void emit() {
    limit_resources();
    now_unix_nano_ = static_cast<uint64_t>(wall_clock_().time_since_epoch().count());
    for (const auto& [identity, series] : totals_) left_.push_back(identity);
    emit_some();
  }

  void emit_some() {
    Work work = long_work_.work();
    otlp::RopeWriter out(work, kRequestBytesMax, "writing span metrics");
    out.let_pass_the_limit();
    uint32_t count = 0;
    while (!left_.empty() && count < kPointsAtOnce && !out.failed()) {
      ResourceSeries& resource = totals_.find(left_.back())->second;
      count += write_metrics(options_, now_unix_nano_, resource, out);
      left_.pop_back();
    }
    Result<Rope> bytes = out.finish();
    if (!bytes) {
      log_.warn("span metrics were not emitted",
                {{"connector", shared_.name}, {"reason", bytes.error().message}});
    } else if (count != 0) {
      offer({.signal = Signal::kMetrics,
             .item_count = count,
             .bytes = std::move(*bytes),
             .metadata = nullptr,
             .completion = nullptr,
             .admitted_at = loop_.now()});
    }
    if (left_.empty()) return expire();
    loop_.post([self = self_] {
      if (*self != nullptr) (*self)->emit_some();
    });
  }

  void offer(Payload payload) {
    const auto& intake = outputs_.of_signal[index_of(Signal::kMetrics)];
    if (intake == nullptr) return;
    const auto verdict =
        intake->submit(payload, pipeline::Policy::kAccepted, kNever,
                       [self = self_, payload](const pipeline::Verdict& later) mutable {
                         if (*self != nullptr) (*self)->on_verdict(std::move(payload), later);
                       });
    if (verdict) on_verdict(std::move(payload), *verdict);
  }

  void on_verdict(Payload payload, const pipeline::Verdict& verdict) {
    if (verdict.ok()) return;
    if (!verdict.retry_after || refused_.size() == kRefusedMax) {
      return log_.warn("span metrics were refused and are dropped", {{"connector", shared_.name},
                                                                     {"points", payload.item_count},
                                                                     {"reason", verdict.message}});
    }
    refused_.push_back(std::move(payload));
    refused_timer_->arm_at(loop_.now() + kAgain);
  }

  void offer_again() {
    for (Payload& payload : std::exchange(refused_, {})) offer(std::move(payload));
  }

  // After an emission, as in otelcol.
  void expire() {
    const WallTime now = wall_clock_();
    for (auto at = totals_.begin(); at != totals_.end();) {
      ResourceSeries& resource = at->second;
      if (options_.metrics_expiration != Duration{0} &&
          now - resource.last_seen >= options_.metrics_expiration) {
        at = totals_.erase(at);
      } else {
        expire_series(now, resource);
        ++at;
      }
    }
  }

  void expire_series(WallTime now, ResourceSeries& resource) {
    // A delta series that was silent for an interval begins anew.
    const Duration expiration =
        options_.is_delta ? 2 * options_.flush_interval : options_.series_expiration;
    if (expiration == Duration{0}) return;
    size_t freed = 0;
    for (size_t m = 0; m < kMetricCount; ++m) {
      std::erase_if(resource.metrics[m], [&](const auto& pair) {
        if (now - pair.second.last_seen < expiration) return false;
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
  io::LongWork& long_work_;
  Logger& log_;
  const std::function<WallTime()>& wall_clock_;
  pipeline::ConnectorOutputs& outputs_;
  const std::shared_ptr<Emitter*> self_;  // points to null once this is gone: for posted tasks
  std::unique_ptr<Reader> reader_;        // made when all parts are known
  ResourceMap totals_;
  std::vector<item_identity::Identity> left_;  // resources of this emission that are not written
  uint64_t now_unix_nano_ = 0;
  std::vector<Payload> refused_;
  const std::unique_ptr<io::Timer> flush_timer_;
  const std::unique_ptr<io::Timer> refused_timer_;
};

class SpanMetrics final : public pipeline::Exporter {
 public:
  SpanMetrics(std::shared_ptr<Shared> shared, const Parts& parts)
      : shared_(std::move(shared)),
        long_work_(parts.long_work),
        wall_clock_(parts.wall_clock),
        answers_(parts.loop),
        aggregation_(*shared_->options, shared_->dimensions, shared_->seed, shared_->memory,
                     parts.loop.random()) {
    if (shared_->sources.empty()) emitter_ = std::make_unique<Emitter>(*shared_, parts);
    shared_->sources.push_back({.loop = &parts.loop, .part = &part_});
  }
  ~SpanMetrics() override { close(); }

  void send_batch(Batch batch, MonotonicTime, Done done) override {
    if (closed_) return answers_.add(std::move(done), {.kind = Outcome::Kind::kCancelled});
    const uint64_t id = next_id_++;
    counting_.emplace(id, std::move(done));
    const size_t size = batch.bytes.size();
    long_work_.run(size, [this, id, batch = std::move(batch)] {
      Work work = long_work_.work();
      aggregation_.count(batch.bytes, wall_clock_(), work, part_);
      auto counted = counting_.extract(id);
      if (!counted.empty()) answers_.add(std::move(counted.mapped()), {});
    });
  }

  void close() override {
    answers_.flush();
    if (std::exchange(closed_, true)) return;
    emitter_ = nullptr;
    for (auto& [id, done] : std::exchange(counting_, {})) {
      done({.kind = Outcome::Kind::kCancelled});
    }
  }

  std::string describe() const override { return closed_ ? "closed" : "counts spans"; }

 private:
  const std::shared_ptr<Shared> shared_;
  io::LongWork& long_work_;
  const std::function<WallTime()>& wall_clock_;
  pipeline::Answers answers_;
  Part part_;
  SpanAggregation aggregation_;
  std::map<uint64_t, Done> counting_;
  uint64_t next_id_ = 0;
  std::unique_ptr<Emitter> emitter_;  // null: another worker emits
  bool closed_ = false;
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
