// Submits in tests: the callback gets every verdict, also one that is known at once.
#pragma once

#include <optional>
#include <utility>

#include "pipeline/intake.h"

namespace millrace::pipeline::testing {

inline void submit_to(Intake& intake, Payload payload, Policy policy, MonotonicTime deadline,
                      VerdictCallback on_verdict) {
  const std::optional<Verdict> verdict =
      intake.submit(std::move(payload), policy, deadline, std::move(on_verdict));
  if (verdict) on_verdict(*verdict);
}

}  // namespace millrace::pipeline::testing
