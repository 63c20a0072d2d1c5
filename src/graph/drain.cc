#include "graph/drain.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "destination/destination_worker.h"

namespace millrace::pipeline {

// Lives as long as a task that was posted for it; touched on the drain's loop only.
struct Drain::State : std::enable_shared_from_this<Drain::State> {
  State(io::Loop& on, std::vector<PipelineWorker*> all_pipelines, std::vector<Destination*> all,
        std::function<void()> when_done)
      : loop(on),
        pipelines(std::move(all_pipelines)),
        destinations(std::move(all)),
        to_flush(destinations),
        done(std::move(when_done)) {}

  io::Loop& loop;
  const std::vector<PipelineWorker*> pipelines;
  const std::vector<Destination*> destinations;
  // Those whose exporters may hold something: all at first, and each that was empty once more.
  std::vector<Destination*> to_flush;
  size_t steps_pending = 0;    // posted to some loop and not yet reported back
  size_t flushes_pending = 0;  // the same, of flush()
  std::function<void()> done;
  bool is_hastened = false;
  // Since the last flush of the pipelines none has held anything.
  bool are_pipelines_empty = false;

  void check() {
    if (!done || steps_pending != 0) return;
    std::erase_if(to_flush, [this](Destination* destination) {
      if (!destination->is_empty()) return false;
      flush(*destination);
      return true;
    });
    if (flushes_pending != 0) return;
    bool is_best_effort_left = false;
    for (const Destination* destination : destinations) {
      if (destination->is_empty()) continue;
      if (destination->options().required) return;
      is_best_effort_left = true;
    }
    if (is_best_effort_left) {
      hasten();
    } else if (are_pipelines_empty) {
      std::exchange(done, nullptr)();
    } else {
      flush_pipelines();
    }
  }

  // Processors that hold may have got something from connectors meanwhile.
  void flush_pipelines() {
    are_pipelines_empty = true;
    for (PipelineWorker* const pipeline : pipelines) {
      ++steps_pending;
      pipeline->loop().post([state = shared_from_this(), pipeline] {
        const bool holds = pipeline->held_count() != 0;
        if (holds) pipeline->flush();
        state->loop.post([state, holds] {
          if (holds) state->are_pipelines_empty = false;
          --state->steps_pending;
          state->check();
        });
      });
    }
    if (pipelines.empty()) check();
  }

  // The exporters of an empty destination hand on what they hold, into destinations behind it.
  void flush(const Destination& destination) {
    for (DestinationWorker* worker : destination.workers()) {
      ++flushes_pending;
      worker->loop().post([state = shared_from_this(), token = worker->token()] {
        const auto report = [state] {
          state->loop.post([state] {
            --state->flushes_pending;
            state->check();
          });
        };
        if (*token == nullptr || !(*token)->flush_exporter(report)) report();
      });
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
  state_ = std::make_shared<State>(loop_, pipelines_, destinations_, std::move(done));
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
    destination->queue().begin_drain([state = state_, destination] {
      state->loop.post([state, destination] {
        if (std::ranges::count(state->to_flush, destination) == 0) {
          state->to_flush.push_back(destination);
        }
        state->check();
      });
    });
    for (DestinationWorker* worker : destination->workers()) {
      step(worker->loop(), [worker, deadline] { worker->begin_drain(deadline); });
    }
  }
  if (state_->steps_pending == 0) {
    loop_.post([state = state_] { state->check(); });
  }
}

}  // namespace millrace::pipeline
