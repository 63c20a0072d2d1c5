#include "exporters/kafka/attempts.h"

#include <array>

#include "base/check.h"

namespace millrace::exporters::kafka {
namespace {

using pipeline::Outcome;

int severity_of(Outcome::Kind kind) {
  switch (kind) {
    case Outcome::Kind::kDelivered:
      return 0;
    case Outcome::Kind::kPartial:
      return 1;
    case Outcome::Kind::kRefused:
    case Outcome::Kind::kBadData:
      return 2;
    case Outcome::Kind::kTooLarge:
      return 3;
    case Outcome::Kind::kRetry:
      return 4;
    case Outcome::Kind::kCancelled:
      return 5;
  }
  return 0;
}

}  // namespace

Outcome worse_of(Outcome a, Outcome b) {
  return severity_of(b.kind) > severity_of(a.kind) ? std::move(b) : std::move(a);
}

Attempts::Id Attempts::begin(pipeline::Exporter::Done done) {
  open_.emplace(next_, Attempt{.done = std::move(done), .outcome = {}});
  return next_++;
}

void Attempts::owe_one_more(Id id) {
  const auto found = open_.find(id);
  MILLRACE_CHECK(found != open_.end());
  ++found->second.owed;
}

void Attempts::settle(Id id, Outcome outcome) {
  const auto found = open_.find(id);
  if (found == open_.end()) return;
  Attempt& attempt = found->second;
  attempt.outcome = worse_of(std::move(attempt.outcome), std::move(outcome));
  MILLRACE_CHECK(attempt.owed > 0);
  if (--attempt.owed > 0) return;
  answers_.add(std::move(attempt.done), std::move(attempt.outcome));
  open_.erase(found);
}

void Attempts::cancel_all() {
  for (auto& [id, attempt] : std::exchange(open_, {})) {
    answers_.add(std::move(attempt.done), {.kind = Outcome::Kind::kCancelled,
                                           .error = {Code::kCancelled, "the exporter is closed"}});
  }
  answers_.flush();
}

}  // namespace millrace::exporters::kafka
