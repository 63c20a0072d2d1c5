#include "connectors/count/count.h"

#include <map>
#include <utility>

#include "connectors/count/counting.h"

namespace millrace::connectors::count {
namespace {

using pipeline::Batch;
using pipeline::Outcome;

Outcome outcome_of_error(const Error& error) {
  Outcome outcome;
  outcome.kind = error.code == Code::kUnavailable ? Outcome::Kind::kRetry : Outcome::Kind::kRefused;
  outcome.error = error;
  return outcome;
}

class Count final : public pipeline::Exporter {
 public:
  Count(std::shared_ptr<const Options> options, const Parts& parts)
      : options_(std::move(options)),
        loop_(parts.loop),
        long_work_(parts.long_work),
        wall_clock_(parts.wall_clock),
        outputs_(parts.outputs),
        counting_{.options = *options_,
                  .seed = {parts.loop.random().next(), parts.loop.random().next()},
                  .random = parts.loop.random(),
                  .log = parts.log},
        self_(std::make_shared<Count*>(this)) {}
  ~Count() override { close(); }

  void send_batch(Batch batch, MonotonicTime deadline, Done done) override {
    if (closed_) {
      loop_.post([done = std::move(done)]() mutable { done({.kind = Outcome::Kind::kCancelled}); });
      return;
    }
    const uint64_t id = next_id_++;
    waiting_.emplace(id, std::move(done));
    const size_t size = batch.bytes.size();
    long_work_.run(size, [this, id, deadline, batch = std::move(batch)] {
      Work work = long_work_.work();
      auto counts = count_items(counting_, batch.signal, batch.bytes, wall_clock_(), work);
      if (!counts) return finish_later(id, outcome_of_error(counts.error()));
      hand_on(id, std::move(*counts), batch, deadline);
    });
  }

  void close() override {
    if (std::exchange(closed_, true)) return;
    *self_ = nullptr;
    for (auto& [id, done] : std::exchange(waiting_, {})) {
      done({.kind = Outcome::Kind::kCancelled});
    }
  }

  std::string describe() const override { return closed_ ? "closed" : "counts"; }

 private:
  void hand_on(uint64_t id, Counts counts, const Batch& batch, MonotonicTime deadline) {
    const auto& intake = outputs_.of_signal[index_of(Signal::kMetrics)];
    if (closed_ || counts.point_count == 0 || intake == nullptr) return finish_later(id, {});
    const Batch made{.signal = Signal::kMetrics,
                     .item_count = counts.point_count,
                     .bytes = std::move(counts.request),
                     .metadata = batch.metadata};
    pipeline::submit_batch(*intake, made, deadline,
                           [self = self_, id](const pipeline::Verdict& verdict) {
                             if (*self != nullptr)
                               (*self)->finish(id, pipeline::outcome_of(verdict));
                           });
  }

  // In a later turn, as the contract says.
  void finish_later(uint64_t id, Outcome outcome) {
    loop_.post([self = self_, id, outcome = std::move(outcome)]() mutable {
      if (*self != nullptr) (*self)->finish(id, std::move(outcome));
    });
  }
  void finish(uint64_t id, Outcome outcome) {
    auto waiting = waiting_.extract(id);
    if (!waiting.empty()) waiting.mapped()(std::move(outcome));
  }

  const std::shared_ptr<const Options> options_;
  io::Loop& loop_;
  io::LongWork& long_work_;
  const std::function<WallTime()>& wall_clock_;
  pipeline::ConnectorOutputs& outputs_;
  const CountingParts counting_;
  const std::shared_ptr<Count*> self_;  // points to null once closed: for tasks and verdicts
  std::map<uint64_t, Done> waiting_;
  uint64_t next_id_ = 0;
  bool closed_ = false;
};

}  // namespace

std::unique_ptr<pipeline::Exporter> make_count(std::shared_ptr<const Options> options,
                                               const Parts& parts) {
  return std::make_unique<Count>(std::move(options), parts);
}

}  // namespace millrace::connectors::count
