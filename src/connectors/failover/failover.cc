#include "connectors/failover/failover.h"

#include <map>
#include <utility>
#include <vector>

namespace millrace::connectors {
namespace {

using pipeline::Batch;
using pipeline::Outcome;

class Failover final : public pipeline::Exporter {
 public:
  Failover(io::Loop& loop, std::string name, Duration retry_interval,
           pipeline::ConnectorOutputs& outputs, Logger* log)
      : loop_(loop),
        name_(std::move(name)),
        retry_interval_(retry_interval),
        outputs_(outputs),
        log_(log),
        self_(std::make_shared<Failover*>(this)) {}
  ~Failover() override { close(); }

  void send_batch(Batch batch, MonotonicTime deadline, Done done) override {
    if (closed_) {
      // In a later turn, as the contract says.
      loop_.post([done = std::move(done)]() mutable { done({.kind = Outcome::Kind::kCancelled}); });
      return;
    }
    levels_.resize(outputs_.groups.size());
    const uint64_t id = next_id_++;
    Attempt& attempt = attempts_[id];
    attempt.batch = std::move(batch);
    attempt.deadline = deadline;
    attempt.done = std::move(done);
    attempt.tries_all = !any_level_is_worth_trying();
    try_from(id, 0, {});
  }

  void close() override {
    if (std::exchange(closed_, true)) return;
    *self_ = nullptr;  // a verdict that arrives later is ignored
    for (auto& [id, attempt] : std::exchange(attempts_, {})) {
      attempt.done({.kind = Outcome::Kind::kCancelled});
    }
  }

  std::string describe() const override {
    for (size_t i = 0; i < levels_.size(); ++i) {
      if (!levels_[i].is_failing) return "level " + std::to_string(i + 1);
    }
    return levels_.empty() ? "level 1" : "no level delivers";
  }

 private:
  struct Level {
    bool is_failing = false;
    bool is_probing = false;  // one batch is finding out
    MonotonicTime retry_at{};
  };
  struct Attempt {
    Batch batch;
    MonotonicTime deadline = kNever;
    Done done;
    bool tries_all = false;  // nothing is known to work: every level in its order
    bool may_fit = false;    // a level's queue could hold it, or was not asked
  };

  bool is_worth_trying(const Level& level) const {
    return !level.is_failing || (!level.is_probing && loop_.now() >= level.retry_at);
  }
  bool any_level_is_worth_trying() const {
    for (const Level& level : levels_) {
      if (is_worth_trying(level)) return true;
    }
    return false;
  }

  // The first level from `first` on; without one the attempt ends with `last`.
  void try_from(uint64_t id, size_t first, Outcome last) {
    Attempt& attempt = attempts_.at(id);
    for (size_t i = first; i < levels_.size(); ++i) {
      if (!attempt.tries_all && !is_worth_trying(levels_[i])) {
        attempt.may_fit = true;
        continue;
      }
      levels_[i].is_probing = levels_[i].is_failing;
      // A copy, which shares the bytes: the next level may need them.
      pipeline::submit_batch(*outputs_.groups[i], attempt.batch, attempt.deadline,
                             [self = self_, id, i](const pipeline::Verdict& verdict) {
                               if (*self != nullptr) (*self)->on_verdict(id, i, verdict);
                             });
      return;
    }
    if (attempt.may_fit) last.kind = Outcome::Kind::kRetry;
    finish(id, std::move(last));
  }

  void on_verdict(uint64_t id, size_t index, const pipeline::Verdict& verdict) {
    Level& level = levels_[index];
    level.is_probing = false;
    if (verdict.exceeds_queue) return try_from(id, index + 1, pipeline::outcome_of(verdict));
    if (verdict.ok() || verdict.code == Code::kInvalidArgument) {
      if (std::exchange(level.is_failing, false)) say("Failing over no longer", index, verdict);
      return finish(id, pipeline::outcome_of(verdict));
    }
    level.retry_at = loop_.now() + retry_interval_;
    if (!std::exchange(level.is_failing, true)) say("Failing over", index, verdict);
    attempts_.at(id).may_fit = true;
    try_from(id, index + 1, pipeline::outcome_of(verdict));
  }

  void finish(uint64_t id, Outcome outcome) {
    auto attempt = attempts_.extract(id);
    if (!attempt.empty()) attempt.mapped().done(std::move(outcome));
  }

  void say(std::string_view what, size_t level, const pipeline::Verdict& verdict) {
    if (log_ == nullptr) return;
    log_->warn(what, {{"connector", name_}, {"level", level + 1}, {"error", verdict.message}});
  }

  io::Loop& loop_;
  const std::string name_;
  const Duration retry_interval_;
  pipeline::ConnectorOutputs& outputs_;
  Logger* log_;
  std::shared_ptr<Failover*> self_;  // null once closed
  std::vector<Level> levels_;
  std::map<uint64_t, Attempt> attempts_;
  uint64_t next_id_ = 0;
  bool closed_ = false;
};

}  // namespace

std::unique_ptr<pipeline::Exporter> make_failover(io::Loop& loop, std::string name,
                                                  Duration retry_interval,
                                                  pipeline::ConnectorOutputs& outputs,
                                                  Logger* log) {
  return std::make_unique<Failover>(loop, std::move(name), retry_interval, outputs, log);
}

}  // namespace millrace::connectors
