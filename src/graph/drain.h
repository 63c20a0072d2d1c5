// The end, in order: intakes refuse, processors emit what they hold, destinations flush at once and
// retry until the deadline; items held then are dropped as drain_deadline and counted. A connector
// whose queue is empty hands on what it holds itself, and processors behind it are flushed again.
// Once the required destinations have nothing left, those of best effort get kBestEffortMax of it
// at most: a back end that may miss data does not hold the end of the process.
//
// One use. `done` runs on the loop given, once every destination is answered for. All parts must
// outlive the drain.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "destination/destination.h"
#include "graph/pipeline.h"
#include "io/loop.h"
#include "pipeline/intake.h"

namespace millrace::pipeline {

class Drain {
 public:
  static constexpr Duration kBestEffortMax = 2s;

  explicit Drain(io::Loop& loop);
  ~Drain();
  Drain(const Drain&) = delete;
  Drain& operator=(const Drain&) = delete;

  void add(Intake& intake) { intakes_.push_back(&intake); }
  void add(PipelineWorker& pipeline) { pipelines_.push_back(&pipeline); }
  void add(Destination& destination) { destinations_.push_back(&destination); }

  // On the loop given to the constructor. Receivers should have stopped accepting.
  void start(MonotonicTime deadline, std::function<void()> done);

 private:
  struct State;
  io::Loop& loop_;
  std::vector<Intake*> intakes_;
  std::vector<PipelineWorker*> pipelines_;
  std::vector<Destination*> destinations_;
  std::shared_ptr<State> state_;
};

}  // namespace millrace::pipeline
