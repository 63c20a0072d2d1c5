// The attempts of one exporter that are under way. An attempt may be several messages; it ends when
// the broker has answered for each, with the worst of the answers. One loop.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

#include "pipeline/answers.h"
#include "pipeline/exporter.h"

namespace millrace::exporters::kafka {

class Attempts {
 public:
  // Of one attempt; never used twice.
  using Id = uint64_t;
  explicit Attempts(io::Loop& loop) : answers_(loop) {}
  ~Attempts() { cancel_all(); }

  // It owes one answer: the caller calls settle() when all messages were handed over.
  Id begin(pipeline::Exporter::Done done);
  // One more answer is expected. Precondition: the attempt is under way.
  void owe_one_more(Id id);
  // One answer. `done` is called later in this turn of the loop, after the last one. An attempt
  // that was cancelled is not known any more: nothing happens.
  void settle(Id id, pipeline::Outcome outcome);
  bool is_under_way(Id id) const { return open_.contains(id); }
  // Ends all with kCancelled, now.
  void cancel_all();

 private:
  struct Attempt {
    pipeline::Exporter::Done done;
    size_t owed = 1;
    pipeline::Outcome outcome;
  };
  std::unordered_map<Id, Attempt> open_;
  Id next_ = 1;
  pipeline::Answers answers_;
};

// The worse of two answers: what must be sent again before what is refused for good, because an
// attempt is repeated as a whole.
pipeline::Outcome worse_of(pipeline::Outcome a, pipeline::Outcome b);

}  // namespace millrace::exporters::kafka
