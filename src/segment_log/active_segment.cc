#include "segment_log/active_segment.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/check.h"

namespace millrace::segment_log {
namespace {

constexpr uint64_t kSegmentsOfLimit = 4;
constexpr uint64_t kSegmentBytesMin = 2048;

std::vector<const Segment*> pointers_to(const std::vector<Segment>& segments) {
  std::vector<const Segment*> pointers;
  for (const Segment& segment : segments) pointers.push_back(&segment);
  return pointers;
}

}  // namespace

uint64_t usual_segment_bytes(const Options& options) {
  uint64_t bytes = std::min(options.segment_bytes, kSegmentBytesMax / 2);
  if (options.bytes_max > 0) bytes = std::min(bytes, options.bytes_max / kSegmentsOfLimit);
  return std::max(bytes, kSegmentBytesMin) / kUnit * kUnit;
}

Status ActiveSegment::begin() {
  MILLRACE_CHECK(writer_ == nullptr);
  if (Status held = directory_.hold(); !held) return held;
  while (true) {
    Status begun = begin_once();
    if (begun || begun.error().code != Code::kResourceExhausted || !drop_oldest_for_space()) {
      return begun;
    }
  }
}

bool ActiveSegment::drop_oldest_for_space() {
  if (shared_.options.on_full != OnFull::kDropOldest) return false;
  Notices notices(shared_.untold);
  {
    const MutexLock lock(shared_.mutex);
    const SegmentRef oldest = shared_.state.segments.oldest_removable();
    if (oldest == nullptr) return false;
    shared_.state.drop_segment(oldest, Loss::kDropOldest, notices);
  }
  shared_.tell(notices);
  return directory_.remove_gone_files();
}

Status ActiveSegment::begin_once() {
  SegmentWriter::Beginning beginning;
  std::vector<Segment> copies;
  {
    const MutexLock lock(shared_.mutex);
    LogState& state = shared_.state;
    beginning.name = {state.next_segment_number(), shared_.world.disk.unguessable_number()};
    beginning.first_id = state.next_record_in_segment();
    beginning.now = shared_.now();
    beginning.targets = state.targets.table();
    copies = state.segments.copies_for_done();
    uint64_t allocate = usual_segment_bytes(shared_.options);
    if (const uint64_t limit = shared_.options.bytes_max; limit > 0) {
      const uint64_t left = limit - std::min(limit, state.segments.bytes());
      allocate = std::min(allocate, left / kUnit * kUnit);
    }
    if (state.pending.has_waiting()) {
      allocate = std::max(allocate, state.pending.waiting(0).cost + kBlockBytesMin);
    }
    beginning.allocate_bytes = allocate;
  }
  beginning.done_in = pointers_to(copies);
  Result<std::unique_ptr<SegmentWriter>> writer = SegmentWriter::begin(shared_.place, beginning);
  if (!writer) return fail(writer.error());
  writer_ = std::move(*writer);

  auto segment = std::make_shared<Segment>(beginning.name, beginning.name.epoch);
  segment->begin(writer_->end(), std::max(beginning.allocate_bytes, writer_->end()));
  const MutexLock lock(shared_.mutex);
  shared_.state.segments.begin(std::move(segment));
  // What was kept only because it was the last may go now.
  if (shared_.state.segments.remove_finished()) shared_.state.writes.schedule();
  return {};
}

void ActiveSegment::seal() {
  std::vector<Segment> copies;
  std::optional<Segment> sealed;
  FooterContent content;
  {
    const MutexLock lock(shared_.mutex);
    copies = shared_.state.segments.copies_for_done();
    content.targets = shared_.state.targets.table();
    sealed = *shared_.state.segments.active();
  }
  content.segment = &*sealed;
  content.done_in = pointers_to(copies);
  shared_.place.point("before_seal");
  const Result<uint64_t> size = writer_->seal(content);
  shared_.place.point("sealed");
  writer_.reset();
  if (!size && shared_.world.log != nullptr) {
    shared_.world.log->warn(
        "storage: a segment could not be sealed and is scanned at the next start",
        {{"segment", shared_.place.path(sealed->name())}, {"error", size.error().message}});
  }
  const MutexLock lock(shared_.mutex);
  shared_.state.segments.close_active(size ? std::optional(*size) : std::nullopt);
}

void ActiveSegment::abandon() {
  writer_.reset();
  const MutexLock lock(shared_.mutex);
  shared_.state.segments.close_active(std::nullopt);
}

}  // namespace millrace::segment_log
