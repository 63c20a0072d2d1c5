#include "segment_log/pending_records.h"

#include <bit>
#include <utility>

#include "base/allocation_name.h"
#include "base/check.h"

namespace millrace::segment_log {
namespace {

uint64_t bit_of(TargetId target) { return uint64_t{1} << target; }

template <class Visit>
void for_each_target(uint64_t targets, const Visit& visit) {
  for (uint64_t rest = targets; rest != 0; rest &= rest - 1) {
    visit(static_cast<TargetId>(std::countr_zero(rest)));
  }
}

}  // namespace

static_assert(sizeof(PendingRecord) + 128 <= kPendingRecordBytes);

void PendingRecords::push(PendingRecord record) {
  MILLRACE_CHECK(records_.empty() || record.id == records_.back().id + 1);
  MILLRACE_CHECK((record.taken & ~record.wanted) == 0 && record.done == 0);
  bytes_ += record.cost;
  for_each_target(record.untaken(), [this](TargetId target) { ++untaken_[target]; });
  const AllocationName name("term queues");  // the caller of Log::append reserves
  records_.push_back(std::move(record));
}

PendingRecord* PendingRecords::find(RecordId id) {
  if (records_.empty() || id < records_.front().id) return nullptr;
  const size_t at = id - records_.front().id;
  return at < records_.size() ? &records_[at] : nullptr;
}

PendingRecord* PendingRecords::find_untaken(uint64_t targets) {
  for (PendingRecord& record : records_) {
    if ((record.untaken() & targets) != 0) return &record;
  }
  return nullptr;
}

void PendingRecords::finish(PendingRecord& record, TargetId target) {
  MILLRACE_CHECK((record.taken & bit_of(target)) != 0);
  record.taken &= ~bit_of(target);
  record.done |= bit_of(target);
}

void PendingRecords::untake(PendingRecord& record, TargetId target) {
  MILLRACE_CHECK((record.taken & bit_of(target)) != 0);
  record.taken &= ~bit_of(target);
  ++untaken_[target];
}

void PendingRecords::drop(PendingRecord& record, TargetId target) {
  MILLRACE_CHECK((record.untaken() & bit_of(target)) != 0 && untaken_[target] > 0);
  record.done |= bit_of(target);
  --untaken_[target];
}

std::vector<const PendingRecord*> PendingRecords::begin_commit(const CommitLimits& limits) {
  MILLRACE_CHECK(committing_ == 0);
  const AllocationName name("constant lane of the log");
  std::vector<const PendingRecord*> batch;
  uint64_t bytes = 0;
  for (const PendingRecord& record : records_) {
    const bool is_owed = batch.empty() && limits.takes_first;
    const bool fits = bytes + record.cost <= limits.room_bytes && batch.size() < limits.records_max;
    if (!is_owed && (!fits || bytes >= limits.enough_bytes)) break;
    bytes += record.cost;
    batch.push_back(&record);
  }
  committing_ = batch.size();
  return batch;
}

std::vector<PendingRecord> PendingRecords::end_commit() { return remove_first(committing_); }

std::vector<PendingRecord> PendingRecords::remove_all() {
  MILLRACE_CHECK(committing_ == 0);
  return remove_first(records_.size());
}

std::vector<PendingRecord> PendingRecords::remove_first(size_t count) {
  const AllocationName name("constant lane of the log");
  std::vector<PendingRecord> removed;
  removed.reserve(count);
  for (; count > 0; --count) {
    PendingRecord& record = records_.front();
    MILLRACE_CHECK(bytes_ >= record.cost);
    bytes_ -= record.cost;
    for_each_target(record.untaken(), [this](TargetId target) {
      MILLRACE_CHECK(untaken_[target] > 0);
      --untaken_[target];
    });
    removed.push_back(std::move(record));
    records_.pop_front();
  }
  committing_ = 0;
  MILLRACE_CHECK(!records_.empty() || bytes_ == 0);
  return removed;
}

}  // namespace millrace::segment_log
