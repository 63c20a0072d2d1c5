// Answers of exporters that know the outcome at once: Exporter::send_batch may not call `done` from
// inside, so it is called at the end of the loop's turn, or by close(), whichever comes first.
// One thread, the loop's.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "io/loop.h"
#include "pipeline/exporter.h"

namespace millrace::pipeline {

class Answers {
 public:
  explicit Answers(io::Loop& loop) : loop_(loop), waiting_(std::make_shared<Waiting>()) {}
  ~Answers() { flush(*waiting_); }
  Answers(const Answers&) = delete;
  Answers& operator=(const Answers&) = delete;

  void add(Exporter::Done done, Outcome outcome) {
    waiting_->emplace_back(std::move(done), std::move(outcome));
    if (waiting_->size() > 1) return;  // a task is on its way
    // Shared with the task, which may run when the exporter is gone.
    loop_.defer([waiting = waiting_] { flush(*waiting); });
  }
  // Calls every `done` that still waits, now, with the outcome it would have got.
  void flush() { flush(*waiting_); }

 private:
  using Waiting = std::vector<std::pair<Exporter::Done, Outcome>>;
  static void flush(Waiting& waiting) {
    for (auto& [done, outcome] : std::exchange(waiting, {})) done(std::move(outcome));
  }
  io::Loop& loop_;
  std::shared_ptr<Waiting> waiting_;
};

}  // namespace millrace::pipeline
