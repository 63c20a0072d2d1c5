#include "connectors/forward/forward.h"

#include <map>
#include <utility>

namespace millrace::connectors {
namespace {

using pipeline::Batch;
using pipeline::Outcome;

class Forward final : public pipeline::Exporter {
 public:
  Forward(io::Loop& loop, pipeline::ConnectorOutputs& outputs)
      : loop_(loop), outputs_(outputs), self_(std::make_shared<Forward*>(this)) {}
  ~Forward() override { close(); }

  void send_batch(Batch batch, MonotonicTime deadline, Done done) override {
    if (closed_) {
      // In a later turn, as the contract says.
      loop_.post([done = std::move(done)]() mutable { done({.kind = Outcome::Kind::kCancelled}); });
      return;
    }
    const uint64_t id = next_id_++;
    waiting_.emplace(id, std::move(done));
    pipeline::submit_batch(*outputs_.groups.front(), batch, deadline,
                           [self = self_, id](const pipeline::Verdict& verdict) {
                             if (*self != nullptr)
                               (*self)->finish(id, pipeline::outcome_of(verdict));
                           });
  }
  void close() override {
    if (std::exchange(closed_, true)) return;
    *self_ = nullptr;  // a verdict that arrives later is ignored
    for (auto& [id, done] : std::exchange(waiting_, {})) {
      done({.kind = Outcome::Kind::kCancelled});
    }
  }
  std::string describe() const override { return closed_ ? "closed" : "forwards"; }

 private:
  void finish(uint64_t id, Outcome outcome) {
    auto waiting = waiting_.extract(id);
    if (!waiting.empty()) waiting.mapped()(std::move(outcome));
  }

  io::Loop& loop_;
  pipeline::ConnectorOutputs& outputs_;
  std::shared_ptr<Forward*> self_;  // null once closed
  std::map<uint64_t, Done> waiting_;
  uint64_t next_id_ = 0;
  bool closed_ = false;
};

}  // namespace

std::unique_ptr<pipeline::Exporter> make_forward(io::Loop& loop,
                                                 pipeline::ConnectorOutputs& outputs) {
  return std::make_unique<Forward>(loop, outputs);
}

}  // namespace millrace::connectors
