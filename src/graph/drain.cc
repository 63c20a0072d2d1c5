#include "graph/drain.h"

#include <utility>

#include "destination/destination_worker.h"

namespace millrace::pipeline {

// Lives as long as a task that was posted for it; touched on the drain's loop only.
struct Drain::State {
  io::Loop& loop;
  std::vector<Destination*> destinations;
  size_t steps_pending = 0;  // posted to some loop and not yet reported back
  std::function<void()> done;
  bool is_hastened = false;

  void check() {
    if (!done || steps_pending != 0) return;
    bool is_best_effort_left = false;
    for (const Destination* destination : destinations) {
      if (destination->is_empty()) continue;
      if (destination->options().required) return;
      is_best_effort_left = true;
    }
    if (is_best_effort_left) {
      hasten();
    } else {
      std::exchange(done, nullptr)();
    }
  }

  void hasten() {
    if (std::exchange(is_hastened, true)) return;
    const MonotonicTime deadline = loop.now() + kBestEffortMax;
    for (Destination* destination : destinations) {
      if (destination->options().required) continue;
      for (DestinationWorker* worker : destination->workers()) {
        worker->loop().post([token = worker->token(), deadline] {
          if (*token != nullptr) (*token)->hasten_drain(deadline);
        });
      }
    }
  }
};

Drain::Drain(io::Loop& loop) : loop_(loop) {}

Drain::~Drain() {
  if (state_ != nullptr) state_->done = nullptr;
}

void Drain::start(MonotonicTime deadline, std::function<void()> done) {
  state_ = std::make_shared<State>(State{loop_, destinations_, 0, std::move(done), false});
  // Steps on one loop run in the order they are posted: stop, flush, drain.
  const auto step = [&](io::Loop& loop, io::Task task) {
    ++state_->steps_pending;
    loop.post([state = state_, task = std::move(task)]() mutable {
      task();
      state->loop.post([state] {
        --state->steps_pending;
        state->check();
      });
    });
  };
  for (Intake* intake : intakes_) step(intake->loop(), [intake] { intake->stop(); });
  for (PipelineWorker* pipeline : pipelines_) {
    step(pipeline->loop(), [pipeline] { pipeline->flush(); });
  }
  for (Destination* destination : destinations_) {
    destination->queue().begin_drain(
        [state = state_] { state->loop.post([state] { state->check(); }); });
    for (DestinationWorker* worker : destination->workers()) {
      step(worker->loop(), [worker, deadline] { worker->begin_drain(deadline); });
    }
  }
  if (state_->steps_pending == 0) {
    loop_.post([state = state_] { state->check(); });
  }
}

}  // namespace millrace::pipeline
