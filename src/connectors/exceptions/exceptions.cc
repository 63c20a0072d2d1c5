#include "connectors/exceptions/exceptions.h"

#include <utility>

#include "connectors/exceptions/exception_event.h"
#include "connectors/exceptions/exception_logs.h"
#include "connectors/exceptions/exception_series.h"
#include "metric_emission/metric_emission.h"
#include "pipeline/batch_converter.h"
#include "pipeline/taken_batches.h"

namespace millrace::connectors::exceptions {
namespace {

using item_identity::Identity;
using item_identity::IdentityMaker;
using pipeline::Batch;
using pipeline::Outcome;

// Series take at most this part of the budget.
constexpr size_t kShareOfBudget = 4;
constexpr Duration kSweepInterval = 1s;

}  // namespace

class Shared {
 public:
  Shared(std::shared_ptr<const Options> given, const Parts& parts)
      : options(std::move(given)),
        seed{parts.loop.random().next(), parts.loop.random().next()},
        series(*options, parts.budget, parts.budget.limit() / kShareOfBudget) {}

  const std::shared_ptr<const Options> options;
  const Identity seed;
  ExceptionSeries series;
  bool has_emitter = false;  // before the loops run
};

namespace {

// Counts the exceptions of a batch.
class Counting final : public ExceptionVisitor {
 public:
  Counting(Shared& shared, MonotonicTime now, uint64_t now_unix_nano, Work& work)
      : shared_(shared), now_(now), now_unix_nano_(now_unix_nano), maker_(shared.seed, work.pace) {}
  void visit(const ExceptionEvent& exception) override {
    if (!shared_.series.count(exception, maker_, now_, now_unix_nano_)) has_reached_limit_ = true;
  }
  bool has_reached_limit() const { return has_reached_limit_; }

 private:
  Shared& shared_;
  const MonotonicTime now_;
  const uint64_t now_unix_nano_;
  const IdentityMaker maker_;
  bool has_reached_limit_ = false;
};

// The first worker's side.
class Emitter final : public metric_emission::MetricSource {
 public:
  Emitter(Shared& shared, const Parts& parts)
      : shared_(shared),
        loop_(parts.loop),
        sweep_timer_(loop_.make_timer([this] { sweep(); })),
        emission_({.name = parts.name, .interval = kEmissionInterval}, *this,
                  {.loop = parts.loop,
                   .long_work = parts.long_work,
                   .log = parts.log,
                   .wall_clock = parts.wall_clock,
                   .outputs = parts.outputs}) {
    sweep_timer_->arm_at(loop_.now() + kSweepInterval);
  }
  metric_emission::MetricEmission& emission() { return emission_; }

  void collect(std::function<void(bool)> ready) override {
    next_shard_ = 0;
    ready(shared_.series.take_news());
  }
  Written write_some(metric_emission::Occasion, uint64_t now_unix_nano,
                     otlp::RopeWriter& out) override {
    const uint32_t count = shared_.series.write_some(now_unix_nano, next_shard_, out);
    return {.point_count = count, .is_last = next_shard_ == ExceptionSeries::kShards};
  }

 private:
  void sweep() {
    shared_.series.forget_silent(loop_.now());
    sweep_timer_->arm_at(loop_.now() + kSweepInterval);
  }

  Shared& shared_;
  io::Loop& loop_;
  size_t next_shard_ = 0;
  const std::unique_ptr<io::Timer> sweep_timer_;
  metric_emission::MetricEmission emission_;
};

class Exceptions final : public pipeline::Exporter {
 public:
  Exceptions(std::shared_ptr<Shared> shared, const Parts& parts)
      : shared_(std::move(shared)),
        name_(parts.name),
        loop_(parts.loop),
        log_(parts.log),
        wall_clock_(parts.wall_clock),
        outputs_(parts.outputs),
        logs_(pipeline::make_batch_converter(
            Signal::kLogs,
            [options = shared_->options](const Batch& batch, Work& work) {
              return logs_of(*options, batch.bytes, work);
            },
            "", {.loop = parts.loop, .long_work = parts.long_work, .outputs = parts.outputs})),
        counted_(parts.loop, parts.long_work,
                 [this](const Batch& batch, Work& work) { count(batch, work); }) {
    if (std::exchange(shared_->has_emitter, true)) return;
    emitter_ = std::make_unique<Emitter>(*shared_, parts);
  }
  ~Exceptions() override { close(); }

  void send_batch(Batch batch, MonotonicTime deadline, Done done) override {
    if (outputs_.of_signal[index_of(Signal::kLogs)] == nullptr) {
      return counted_.take(std::move(batch), std::move(done));
    }
    if (outputs_.of_signal[index_of(Signal::kMetrics)] == nullptr) {
      return logs_->send_batch(std::move(batch), deadline, std::move(done));
    }
    // Counted once, when the logs have arrived: until then the batch may come again.
    logs_->send_batch(batch, deadline,
                      [this, batch, done = std::move(done)](Outcome outcome) mutable {
                        count_after(std::move(batch), std::move(outcome), std::move(done));
                      });
  }
  bool flush(Flushed done) override {
    return emitter_ != nullptr && emitter_->emission().flush(std::move(done));
  }
  void close() override {
    logs_->close();
    counted_.close();
    emitter_ = nullptr;
  }
  std::string describe() const override {
    return counted_.is_closed() ? "closed" : "takes exceptions from spans";
  }

 private:
  void count_after(Batch batch, Outcome outcome, Done done) {
    using Kind = Outcome::Kind;
    if (outcome.kind != Kind::kDelivered && outcome.kind != Kind::kPartial) {
      return done(std::move(outcome));
    }
    counted_.take(std::move(batch), [outcome = std::move(outcome), done = std::move(done)](
                                        const Outcome&) mutable { done(std::move(outcome)); });
  }

  void count(const Batch& batch, Work& work) {
    const auto now = static_cast<uint64_t>(wall_clock_().time_since_epoch().count());
    Counting counting(*shared_, loop_.now(), now, work);
    each_exception(batch.bytes, work, counting);
    if (counting.has_reached_limit()) {
      log_.warn("no room for more series of exceptions; new ones are not counted",
                {{"connector", name_}});
    }
  }

  const std::shared_ptr<Shared> shared_;
  const std::string name_;
  io::Loop& loop_;
  Logger& log_;
  const std::function<WallTime()>& wall_clock_;
  pipeline::ConnectorOutputs& outputs_;
  const std::unique_ptr<pipeline::Exporter> logs_;
  pipeline::TakenBatches counted_;
  std::unique_ptr<Emitter> emitter_;  // null: another worker emits
};

}  // namespace

std::shared_ptr<Shared> make_shared(std::shared_ptr<const Options> options, const Parts& parts) {
  return std::make_shared<Shared>(std::move(options), parts);
}

std::unique_ptr<pipeline::Exporter> make_exceptions(std::shared_ptr<Shared> shared,
                                                    const Parts& parts) {
  return std::make_unique<Exceptions>(std::move(shared), parts);
}

}  // namespace millrace::connectors::exceptions
