// A processor that holds requests.
#pragma once

#include <utility>
#include <vector>

#include "pipeline/payload.h"
#include "pipeline/processor.h"

namespace millrace::pipeline::testing {

// Holds everything until flushed.
class Holder final : public Processor {
 public:
  explicit Holder(Outlet& outlet) : outlet_(outlet) {}
  Result<ProcessorResult> process(Payload& payload, Work&) override {
    held_.push_back(payload);
    const uint32_t count = payload.item_count;
    payload.item_count = 0;
    return ProcessorResult{.held_count = count};
  }
  uint64_t held_count() const override {
    uint64_t count = 0;
    for (const Payload& payload : held_) count += payload.item_count;
    return count;
  }
  void flush() override {
    for (Payload& payload : held_) (void)outlet_.emit(std::move(payload));
    held_.clear();
  }

 private:
  Outlet& outlet_;
  std::vector<Payload> held_;
};

}  // namespace millrace::pipeline::testing
