// What a public Collector or BatchProcessor holds: the engine, and the knowledge of whose process
// this is. In a forked child the engine is another process's: its thread is not here, its locks may
// be held for ever, its connections are the parent's. So the child never touches it again, and
// starts one of its own when it first collects.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "library/engine.h"
#include "library/fork_page.h"

namespace millrace::v1::detail {

class Handle {
 public:
  // Makes a plan anew for each process.
  using MakePlan = std::function<v1::Result<library::EnginePlan>()>;
  static v1::Result<std::unique_ptr<Handle>> create(const MakePlan& first, MakePlan for_child);
  ~Handle();
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  // The engine of this process. Null: another thread of this child is starting it, or it could not
  // be started. One load when nothing has been forked.
  library::Engine* engine() {
    if (page_.is_own()) [[likely]] {
      return engine_.load(std::memory_order_relaxed);
    }
    return start_anew();
  }
  // The same without starting one.
  library::Engine* existing_engine() const {
    return page_.is_own() ? engine_.load(std::memory_order_relaxed) : nullptr;
  }

 private:
  Handle(MakePlan for_child, std::unique_ptr<library::Engine> engine)
      : for_child_(std::move(for_child)), engine_(engine.release()) {}
  library::Engine* start_anew();

  library::ForkPage page_;
  const MakePlan for_child_;
  // Owned, in the process that made it. Written before the page says that it is this process's own.
  std::atomic<library::Engine*> engine_;
};

}  // namespace millrace::v1::detail
