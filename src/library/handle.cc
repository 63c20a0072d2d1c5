#include "library/handle.h"

#include <utility>

namespace millrace::v1::detail {

v1::Result<std::unique_ptr<Handle>> Handle::create(const MakePlan& first, MakePlan for_child) {
  try {
    auto plan = first();
    if (!plan) return plan.error();
    auto engine = library::Engine::create(std::move(*plan));
    if (!engine) return engine.error();
    return std::unique_ptr<Handle>(new Handle(std::move(for_child), std::move(*engine)));
  } catch (const std::exception& error) {
    return v1::Error{v1::ErrorCode::kUnavailable, error.what()};
  }
}

Handle::~Handle() { delete existing_engine(); }

library::Engine* Handle::start_anew() {
  if (!page_.try_claim()) return existing_engine();
  // The parent's engine is abandoned without destroying it.
  engine_.store(nullptr, std::memory_order_relaxed);
  try {
    auto plan = for_child_();
    if (plan) {
      auto engine = library::Engine::create(std::move(*plan));
      if (engine) engine_.store(engine->release(), std::memory_order_relaxed);
    }
  } catch (...) {  // no memory: every collect() is refused
  }
  page_.own();
  return existing_engine();
}

}  // namespace millrace::v1::detail
