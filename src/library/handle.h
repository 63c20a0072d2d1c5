// The state of a public Collector or BatchProcessor: the engine, and the process that owns it. In a
// forked child the engine belongs to the parent: its thread does not exist here, its locks may be
// held forever, its connections are the parent's. The child therefore never uses it, and starts one
// of its own at its first collect().
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "library/engine.h"
#include "library/fork_page.h"

namespace millrace::v1::detail {

class Handle {
 public:
  // Makes a new plan for each process.
  using MakePlan = std::function<v1::Result<library::EnginePlan>()>;
  static v1::Result<std::unique_ptr<Handle>> create(const MakePlan& first, MakePlan for_child);
  ~Handle();
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  // Returns the engine of this process. Null: another thread of this child is starting it, or that
  // failed. One load when the process has not forked.
  library::Engine* engine() {
    if (page_.is_own()) [[likely]] {
      return engine_.load(std::memory_order_relaxed);
    }
    return start_anew();
  }
  // The same without starting an engine.
  library::Engine* existing_engine() const {
    return page_.is_own() ? engine_.load(std::memory_order_relaxed) : nullptr;
  }

 private:
  Handle(MakePlan for_child, std::unique_ptr<library::Engine> engine)
      : for_child_(std::move(for_child)), engine_(engine.release()) {}
  library::Engine* start_anew();

  library::ForkPage page_;
  const MakePlan for_child_;
  // Owned in the process that made it. Written before the page is marked as this process's own.
  std::atomic<library::Engine*> engine_;
};

}  // namespace millrace::v1::detail
