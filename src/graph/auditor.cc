#include "graph/auditor.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace millrace::pipeline {
namespace {

// Slots of a queue that are walked in one turn of the loop: some 10 µs.
constexpr size_t kSlotsPerTurn = 4096;

}  // namespace

Auditor::Auditor(Parts parts)
    : parts_(std::move(parts)),
      loop_(*parts_.loops.front().loop),
      self_(std::make_shared<Auditor*>(this)) {}

Auditor::~Auditor() { stop(); }

void Auditor::ask_all(const std::function<Report(const OnLoop&)>& ask,
                      std::function<void(const Report&)> on_report, std::function<void()> then) {
  struct Answers {
    size_t missing;
    std::function<void(const Report&)> on_report;
    std::function<void()> then;
  };
  auto answers =
      std::make_shared<Answers>(parts_.loops.size(), std::move(on_report), std::move(then));
  for (const OnLoop& on_loop : parts_.loops) {
    on_loop.loop->post([self = self_, &loop = loop_, &on_loop, ask = ask, answers] {
      if (*self == nullptr) return;
      loop.post([self, answers, report = ask(on_loop)] {
        if (*self == nullptr) return;
        answers->on_report(report);
        if (--answers->missing == 0) answers->then();
      });
    });
  }
}

Auditor::Report Auditor::books_of(const OnLoop& on_loop) {
  Report report;
  for (const DestinationWorker* destination : on_loop.destinations) {
    const std::vector<ledger::BookLine>& lines = destination->book().lines();
    report.books.insert(report.books.end(), lines.begin(), lines.end());
  }
  return report;
}

void Auditor::start_round() {
  if (is_under_way_ || *self_ == nullptr) return;
  is_under_way_ = true;
  round_held_ = {};
  const auto generations = std::make_shared<const ledger::Generations>(audit_.begin());
  ask_all(
      [generations](const OnLoop& on_loop) {
        Report report = books_of(on_loop);
        for (DestinationWorker* destination : on_loop.destinations) {
          destination->count_held(report.held);
          destination->note_oldest();
          destination->book().turn_to(*generations);
        }
        for (const PipelineWorker* pipeline : on_loop.pipelines) {
          pipeline->count_held(report.held);
        }
        return report;
      },
      [this, accounts = parts_.ledger->accounts()](const Report& report) {
        audit_.open(report.books);
        audit_.count(report.held, accounts);
        for (const ledger::Account* account : accounts) {
          if (const ledger::Amount amount = report.held.of(*account); amount != ledger::Amount{}) {
            round_held_.add(*account, amount);
          }
        }
      },
      [this] {
        destination_ = 0;
        walk_ = {};
        if (!parts_.destinations.empty()) walk_ = parts_.destinations.front()->queue().begin_walk();
        walk_on();
      });
}

// A turn's worth of the queues, and the rest in a later turn.
void Auditor::walk_on() {
  size_t slots = kSlotsPerTurn;
  while (destination_ < parts_.destinations.size()) {
    const Destination& destination = *parts_.destinations[destination_];
    const uint64_t from = walk_.next;
    destination.queue().walk_on(
        walk_, slots,
        [this](const ledger::Account& account, ledger::Generation generation,
               ledger::Amount amount) { audit_.see(account, generation, amount); });
    if (!walk_.is_done()) {
      loop_.post([self = self_] {
        if (*self != nullptr) (*self)->walk_on();
      });
      return;
    }
    slots -= std::min<size_t>(slots, walk_.next - from);
    if (++destination_ < parts_.destinations.size()) {
      walk_ = parts_.destinations[destination_]->queue().begin_walk();
    }
  }
  ask_disks();
}

void Auditor::ask_disks() {
  for (const Destination* destination : parts_.destinations) {
    if (destination->backlog() == nullptr) continue;
    destination->backlog()->take_stock(
        [this](const ledger::Account& account, const ledger::Stock& stock) {
          audit_.stand(account, stock);
        });
  }
  ask_all(
      books_of, [this](const Report& report) { audit_.close(report.books); },
      [this] { conclude(); });
}

void Auditor::conclude() {
  const std::vector<ledger::Finding> changed = audit_.conclude();
  {
    const MutexLock lock(mutex_);
    round_count_ = audit_.round_count();
    findings_ = audit_.findings();
    recent_held_ = std::move(round_held_);
  }
  is_under_way_ = false;
  for (const ledger::Finding& finding : changed) tell(finding);
}

void Auditor::tell(const ledger::Finding& finding) const {
  const ledger::Account& account = *finding.account;
  if (parts_.log != nullptr) {
    parts_.log->error("bug: the ledger does not balance",
                      {{"signal", signal_name(account.signal())},
                       {"pipeline", account.pipeline()},
                       {"destination", account.destination()},
                       {"place", ledger::place_name(finding.place)},
                       {"items", finding.items},
                       {"bytes", finding.bytes}});
  }
  if (parts_.on_finding) {
    parts_.on_finding(finding);
  } else {
    MILLRACE_DCHECK(false && "the ledger does not balance");
  }
}

uint64_t Auditor::round_count() const {
  const MutexLock lock(mutex_);
  return round_count_;
}

std::vector<ledger::Finding> Auditor::findings() const {
  const MutexLock lock(mutex_);
  return findings_;
}

ledger::Held Auditor::recent_held() const {
  const MutexLock lock(mutex_);
  return recent_held_;
}

}  // namespace millrace::pipeline
