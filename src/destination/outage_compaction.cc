#include "destination/outage_compaction.h"

namespace millrace::pipeline {
namespace {

// Of compacting what is pending, in bytes copied, in one turn: some half a millisecond.
constexpr size_t kCompactedWorkMax = size_t{1} << 20;
// What looking at one request costs beside its bytes.
constexpr size_t kCompactedRequestWork = 1024;
// The same for a request that is compact already.
constexpr size_t kVisitWork = 16;

}  // namespace

OutageCompaction::OutageCompaction(ChunkPool* pool, Batcher& batcher, const HealthRecord& health,
                                   io::Loop& loop)
    : batcher_(batcher),
      health_(health),
      loop_(loop),
      compactor_(pool),
      timer_(loop.make_timer([this] { compact_pending(); })) {}

void OutageCompaction::on_enqueue(PendingRequest& request) {
  if (health_.is_failing()) {
    request.is_compact = compactor_.compact(request.bytes);
  } else {
    compactor_.close();
  }
}

void OutageCompaction::on_failed_attempt(Flight& flight, bool begins_outage) {
  if (!flight.is_compact) flight.is_compact = compactor_.compact(flight.bytes);
  if (!begins_outage) return;
  batcher_.begin_sweep();
  compact_pending();
}

void OutageCompaction::on_settled() {
  if (!health_.is_failing() || compactor_.is_unused()) compactor_.close();
}

void OutageCompaction::compact_pending() {
  if (!compactor_.is_enabled() || !health_.is_failing()) return;
  const auto visit = [this](PendingRequest& request) { return compact(request); };
  if (batcher_.sweep_part(loop_.now(), kCompactedWorkMax, visit)) timer_->arm_at(loop_.now());
}

// The work it took; nullopt: the budget has no memory for it.
std::optional<size_t> OutageCompaction::compact(PendingRequest& request) {
  if (request.is_compact) return kVisitWork;
  const bool is_copied = Compactor::is_wasteful(request.bytes);
  request.is_compact = compactor_.compact(request.bytes);
  if (!request.is_compact) return std::nullopt;
  return kCompactedRequestWork + (is_copied ? request.bytes.size() : 0);
}

}  // namespace millrace::pipeline
