#include "pipeline/batch_converter.h"

#include <map>
#include <utility>

namespace millrace::pipeline {
namespace {

Outcome outcome_of_error(Error error) {
  Outcome outcome;
  outcome.kind = error.code == Code::kUnavailable ? Outcome::Kind::kRetry : Outcome::Kind::kRefused;
  outcome.error = std::move(error);
  return outcome;
}

class BatchConverter final : public Exporter {
 public:
  BatchConverter(Signal into, ConvertBatch convert, std::string activity,
                 const BatchConverterParts& parts)
      : into_(into),
        convert_(std::move(convert)),
        activity_(std::move(activity)),
        loop_(parts.loop),
        long_work_(parts.long_work),
        outputs_(parts.outputs),
        self_(std::make_shared<BatchConverter*>(this)) {}
  ~BatchConverter() override { close(); }

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
      auto converted = convert_(batch, work);
      if (!converted) return finish_later(id, outcome_of_error(std::move(converted.error())));
      hand_on(id, std::move(*converted), batch, deadline);
    });
  }

  void close() override {
    if (std::exchange(closed_, true)) return;
    *self_ = nullptr;
    for (auto& [id, done] : std::exchange(waiting_, {})) {
      done({.kind = Outcome::Kind::kCancelled});
    }
  }

  std::string describe() const override { return closed_ ? "closed" : activity_; }

 private:
  void hand_on(uint64_t id, Converted converted, const Batch& batch, MonotonicTime deadline) {
    const auto& intake = outputs_.of_signal[index_of(into_)];
    if (closed_ || converted.item_count == 0 || intake == nullptr) return finish_later(id, {});
    const Batch made{.signal = into_,
                     .item_count = converted.item_count,
                     .bytes = std::move(converted.request),
                     .metadata = batch.metadata};
    submit_batch(*intake, made, deadline, [self = self_, id](const Verdict& verdict) {
      if (*self != nullptr) (*self)->finish(id, outcome_of(verdict));
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

  const Signal into_;
  const ConvertBatch convert_;
  const std::string activity_;
  io::Loop& loop_;
  io::LongWork& long_work_;
  ConnectorOutputs& outputs_;
  const std::shared_ptr<BatchConverter*> self_;  // points to null once closed: for tasks, verdicts
  std::map<uint64_t, Done> waiting_;
  uint64_t next_id_ = 0;
  bool closed_ = false;
};

}  // namespace

std::unique_ptr<Exporter> make_batch_converter(Signal into, ConvertBatch convert,
                                               std::string activity,
                                               const BatchConverterParts& parts) {
  return std::make_unique<BatchConverter>(into, std::move(convert), std::move(activity), parts);
}

}  // namespace millrace::pipeline
