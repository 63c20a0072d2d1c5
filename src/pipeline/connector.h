// What connectors share: a batch of one pipeline handed in at others, and what came of it. A
// connector is an exporter of the pipelines that name it among their exporters, with a queue of its
// own like any other, and feeds the pipelines that name it among their receivers.
//
// A batch is handed on with Policy::kDelivered: the connector's queue holds its place until the
// pipelines behind it have delivered, so that what a sender hears means the same with a connector
// between.
#pragma once

#include <memory>
#include <utility>

#include "pipeline/exporter.h"
#include "pipeline/intake.h"

namespace millrace::pipeline {

// Where a connector hands on to; filled in by assembly before the loops run, when the pipelines
// have been made. One entry for each group of pipelines that the connector asked for.
struct ConnectorOutputs {
  std::vector<std::unique_ptr<Intake>> groups;
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
// A queue that is full refuses at once; that waits for a turn of its own.
inline void hand_on(Intake& intake, const Batch& batch, MonotonicTime deadline,
                    VerdictCallback done) {
  auto is_handing_on = std::make_shared<bool>(true);
  intake.submit({.signal = batch.signal,
                 .item_count = batch.item_count,
                 .bytes = batch.bytes,
                 .metadata = batch.metadata,
                 .completion = nullptr,
                 .admitted_at = intake.loop().now()},
                Policy::kDelivered, deadline,
                [&loop = intake.loop(), is_handing_on,
                 done = std::move(done)](const Verdict& verdict) mutable {
                  if (!*is_handing_on) return done(verdict);
                  loop.post([done = std::move(done), verdict]() mutable { done(verdict); });
                });
  *is_handing_on = false;
}

}  // namespace millrace::pipeline
