// The parts that connectors share: submitting a batch of one pipeline to others, and the outcome. A
// connector is an exporter of the pipelines that name it among their exporters, with a queue of its
// own like any other, and feeds the pipelines that name it among their receivers.
//
// A batch is handed on with Policy::kDelivered: the connector's queue holds its place until the
// pipelines behind it have delivered, so that what a sender hears means the same with a connector
// between.
//
// A connector may make another signal (spans in, metrics out): it hands on a batch of its own in
// place of the one that it took. The accounts before the connector then end as delivered when the
// pipelines behind it have what was made of the batch, or at once when nothing was; the accounts
// behind it begin as admitted with the items of the new signal.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "pipeline/exporter.h"
#include "pipeline/intake.h"

namespace millrace::pipeline {

// Where a connector of one signal hands on to; filled in by assembly before the loops run, when the
// pipelines have been made.
struct ConnectorOutputs {
  // For a connector that hands on what it takes: one entry for each group of pipelines that it
  // asked for.
  std::vector<std::unique_ptr<Intake>> groups;
  // For a connector that makes other signals: the pipelines that take each of them; null: none do.
  std::array<std::unique_ptr<Intake>, kSignalCount> of_signal;
};

// The verdict of the pipelines as the outcome of the attempt.
inline Outcome outcome_of(const Verdict& verdict) {
  Outcome outcome;
  outcome.error = {verdict.code, verdict.message};
  if (verdict.ok()) {
    if (verdict.rejected_count != 0 || !verdict.partial_message.empty()) {
      outcome.kind = Outcome::Kind::kPartial;
      outcome.rejected_count = verdict.rejected_count;
      outcome.error.message = verdict.partial_message;
    }
    return outcome;
  }
  outcome.kind = verdict.retry_after ? Outcome::Kind::kRetry : Outcome::Kind::kRefused;
  outcome.retry_after = verdict.retry_after;
  return outcome;
}

// `done` is called once, in a later turn, unless the connector has been closed by then: then never.
inline void submit_batch(Intake& intake, const Batch& batch, MonotonicTime deadline,
                         VerdictCallback done) {
  std::optional<Verdict> verdict = intake.submit({.signal = batch.signal,
                                                  .item_count = batch.item_count,
                                                  .bytes = batch.bytes,
                                                  .metadata = batch.metadata,
                                                  .completion = nullptr,
                                                  .admitted_at = intake.loop().now()},
                                                 Policy::kDelivered, deadline, std::move(done));
  if (!verdict) return;
  // submit() leaves the callback untouched when it returns a verdict.
  intake.loop().post([done = std::move(done),  // NOLINT(bugprone-use-after-move)
                      verdict = std::move(*verdict)]() mutable { done(verdict); });
}

}  // namespace millrace::pipeline
