#include "ledger/audit.h"

#include <algorithm>

#include "base/check.h"

namespace millrace::ledger {
namespace {

// Nearer to `low` or `high` only as far as it must be.
int64_t moved(int64_t known, uint64_t low, uint64_t high) {
  return std::min(std::max(known, static_cast<int64_t>(low)), static_cast<int64_t>(high));
}

}  // namespace

std::string_view place_name(Place place) {
  constexpr std::array<std::string_view, 3> kNames = {"workers", "queue", "disk"};
  return kNames[static_cast<size_t>(place)];
}

std::string Finding::to_text() const {
  const Imbalance imbalance{account, items, bytes};
  return imbalance.to_text() + " (" + std::string(place_name(place)) + ")";
}

// A call out of order would compare numbers of different moments and report what is not so.
void Audit::advance_to(Step step) {
  MILLRACE_CHECK(step_ != Step::kNone && step_ <= step);
  step_ = step;
}

Generations Audit::begin() {
  MILLRACE_CHECK(step_ == Step::kNone);
  step_ = Step::kOpen;
  Generations generations;
  for (Row& row : rows_) {
    generations.emplace_back(row.account, row.generation);
    row.before = row.after = {};
    row.owed = row.held = {};
    row.seen = {};
    row.has_stock = false;
  }
  return generations;
}

Audit::Row& Audit::row_of(const Account& account) {
  const auto found = std::ranges::find(rows_, &account, &Row::account);
  if (found != rows_.end()) return *found;
  rows_.push_back({.account = &account});
  return rows_.back();
}

void Audit::open(std::span<const BookLine> book) {
  advance_to(Step::kOpen);
  for (const BookLine& line : book) {
    Row& row = row_of(*line.account);
    row.owed += line.balance;
    for (size_t g = 0; g < kGenerationCount; ++g) {
      row.before.queued[g] += line.queued[g];
      row.before.taken[g] += line.taken[g];
    }
    row.before.stored += line.stored;
    row.before.fetched += line.fetched;
  }
}

void Audit::count(const Held& held, std::span<const Account* const> accounts) {
  advance_to(Step::kOpen);
  for (const Account* account : accounts) {
    if (const Amount amount = held.of(*account); amount != Amount{}) {
      row_of(*account).held += amount;
    }
  }
}

void Audit::see(const Account& account, Generation generation, Amount amount) {
  advance_to(Step::kWalk);
  MILLRACE_CHECK(generation < kGenerationCount);
  row_of(account).seen[generation] += amount;
}

void Audit::stand(const Account& account, const Stock& stock) {
  advance_to(Step::kWalk);
  Row& row = row_of(account);
  row.stock = stock;
  row.has_stock = true;
}

void Audit::close(std::span<const BookLine> book) {
  advance_to(Step::kClose);
  for (const BookLine& line : book) {
    Row& row = row_of(*line.account);
    for (size_t g = 0; g < kGenerationCount; ++g) {
      row.after.queued[g] += line.queued[g];
      row.after.taken[g] += line.taken[g];
    }
    row.after.stored += line.stored;
    row.after.fetched += line.fetched;
  }
}

void Audit::move(Known& known, Amount low, Amount high) {
  known.items = moved(known.items, low.items, high.items);
  known.bytes = moved(known.bytes, low.bytes, high.bytes);
}

void Audit::conclude(Row& row) {
  const Amount missing = row.owed - row.held;
  move(row.workers, missing, missing);
  for (size_t g = 0; g < kGenerationCount; ++g) {
    // The sums of the queue only grow, and each book that was opened was also closed.
    MILLRACE_CHECK(row.after.queued[g].items >= row.before.queued[g].items);
    MILLRACE_CHECK(row.after.taken[g].items >= row.before.taken[g].items);
    move(row.queue[g], row.before.queued[g] - row.after.taken[g] - row.seen[g],
         row.after.queued[g] - row.before.taken[g] - row.seen[g]);
  }
  const auto other = static_cast<Generation>(1 - row.generation);
  const bool has_left = row.seen[other] == Amount{} &&
                        row.before.taken[other] == row.after.taken[other] &&
                        row.before.queued[other] == row.after.queued[other];
  if (has_left) row.generation = other;
  const bool is_at_rest = row.has_stock && row.stock.is_settled &&
                          row.before.stored == row.after.stored &&
                          row.before.fetched == row.after.fetched;
  if (!is_at_rest) return;
  const Amount gone = row.stock.recovered + row.after.stored - row.after.fetched - row.stock.lost -
                      row.stock.untaken;
  move(row.disk, gone, gone);
}

std::vector<Finding> Audit::conclude() {
  advance_to(Step::kClose);
  step_ = Step::kNone;
  std::vector<Finding> changed;
  for (Row& row : rows_) {
    const std::array before = findings_of(row);
    conclude(row);
    const std::array after = findings_of(row);
    for (size_t i = 0; i < after.size(); ++i) {
      if (after[i].items != before[i].items || after[i].bytes != before[i].bytes) {
        changed.push_back(after[i]);
      }
    }
  }
  ++round_count_;
  return changed;
}

std::array<Finding, 3> Audit::findings_of(const Row& row) {
  return {{{row.account, Place::kWorkers, row.workers.items, row.workers.bytes},
           {row.account, Place::kQueue, row.queue[0].items + row.queue[1].items,
            row.queue[0].bytes + row.queue[1].bytes},
           {row.account, Place::kDisk, row.disk.items, row.disk.bytes}}};
}

std::vector<Finding> Audit::findings() const {
  std::vector<Finding> broken;
  for (const Row& row : rows_) {
    for (const Finding& finding : findings_of(row)) {
      if (finding.items != 0 || finding.bytes != 0) broken.push_back(finding);
    }
  }
  return broken;
}

}  // namespace millrace::ledger
