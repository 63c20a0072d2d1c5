// An intake that keeps what it gets, or refuses it for now.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "pipeline/intake.h"

namespace millrace::pipeline::testing {

class RecordingIntake final : public Intake {
 public:
  explicit RecordingIntake(io::Loop& loop) : loop_(loop) {}
  std::optional<Verdict> submit(Payload payload, Policy, MonotonicTime,
                                VerdictCallback&&) override {
    if (refuses) {
      return Verdict{.code = Code::kUnavailable, .message = "full", .retry_after = Duration{1s}};
    }
    payloads.push_back(std::move(payload));
    return Verdict{};
  }
  void stop() override {}
  void abandon_waiting() override {}
  io::Loop& loop() override { return loop_; }

  std::vector<Payload> payloads;
  bool refuses = false;

 private:
  io::Loop& loop_;
};

}  // namespace millrace::pipeline::testing
