#include "graph/pipeline_intake.h"

#include <utility>

namespace millrace::pipeline {

using Room = DestinationWorker::Room;

PipelineIntake::PipelineIntake(io::Loop& loop, std::vector<PipelineWorker*> pipelines)
    : loop_(loop),
      pipelines_(std::move(pipelines)),
      disk_wait_(std::make_shared<Submission::DiskWait>()) {}
PipelineIntake::~PipelineIntake() { abandon_waiting(); }

void PipelineIntake::abandon_waiting() {
  disk_wait_->is_over = true;
  // What one gives back may let another enter, which is abandoned at once.
  auto submissions = std::exchange(disk_wait_->submissions, {});
  for (const std::shared_ptr<Submission>& submission : submissions) submission->abandon();
  disk_wait_->submissions.clear();
}

// One pipeline, no processor, one required destination that no sender waits for: most of all
// traffic. Empty: this request is not of that kind.
std::optional<Verdict> PipelineIntake::try_fast(Payload& payload, Policy policy) {
  if (pipelines_.size() != 1 || policy == Policy::kDelivered) return std::nullopt;
  PipelineWorker& pipeline = *pipelines_.front();
  if (pipeline.has_processors() || pipeline.outputs().size() != 1) return std::nullopt;
  const PipelineWorker::Output& output = pipeline.outputs().front();
  DestinationWorker& destination = *output.destination;
  const DestinationOptions& options = destination.options();
  if (!options.required || options.wait_for_result || destination.has_line() ||
      destination.destination().backlog() != nullptr) {
    return std::nullopt;
  }
  const Room room = destination.try_reserve(payload);
  if (room == Room::kWait) return std::nullopt;
  if (room != Room::kReserved) {
    destination.count_refused(payload.item_count, room == Room::kNever
                                                      ? LossReport::Refusal::kLargerThanQueue
                                                      : LossReport::Refusal::kQueueFull);
    return destination.full_verdict(room, destination.need_of(payload));
  }
  const ledger::Amount admitted{payload.item_count, payload.bytes.size()};
  destination.book().admit(*output.account, admitted);
  pipeline.show(payload);
  pipeline.tell_tap(payload);
  destination.commit(std::move(payload), *output.account, admitted.bytes);
  return Verdict{};
}

std::optional<Verdict> PipelineIntake::submit(Payload payload, Policy policy,
                                              MonotonicTime deadline,
                                              VerdictCallback&& on_verdict) {
  if (stopped_) {
    return Verdict{.code = Code::kUnavailable, .message = "shutting down", .retry_after = 1s};
  }
  if (payload.bytes.empty()) return Verdict{};  // an empty request is a good one
  payload.admitted_at = loop_.now();
  if (std::optional<Verdict> verdict = try_fast(payload, policy)) return verdict;
  const auto submission =
      std::make_shared<Submission>(loop_, disk_wait_, policy, deadline, std::move(on_verdict));
  std::optional<Verdict> verdict = submission->submit(pipelines_, payload);
  if (verdict) on_verdict = submission->take_callback();
  return verdict;
}

}  // namespace millrace::pipeline
