#include "segment_log/recovery.h"

#include <algorithm>
#include <optional>
#include <set>

#include "base/allocation_name.h"
#include "segment_log/quarantine.h"
#include "segment_log/segment_reader.h"
#include "segment_log/segment_scan.h"

namespace millrace::segment_log {
namespace {

// A file without a valid block and with no more than this was not begun; with more it was damaged.
constexpr uint64_t kNeverBegunBytesMax = uint64_t{1} << 20;
// Each segment has fewer records (2^31 bytes / 128 bytes a block), so ids that begin at the number
// of a new segment shifted by this were never given out, also not to records that were lost.
constexpr int kIdsPerSegmentBits = 24;

struct Found {
  std::shared_ptr<Segment> segment;
  std::optional<Sealed> sealed;    // nothing: was scanned
  Scan scan;                       // of one that was
  std::vector<DoneRange> done;     // of one that was scanned
  bool snapshot_is_whole = false;  // of one that was scanned
  std::vector<NamedTarget> targets;
};

void take_sealed(Found& found) {
  Segment& segment = *found.segment;
  const Sealed& sealed = *found.sealed;
  segment.take_summary(sealed.summary_header, sealed.summary);
  segment.set_extent(sealed.bytes, sealed.bytes);
  for (const SummaryEntry& entry : sealed.summary) found.targets.push_back(entry.target);
}

class Recovery {
 public:
  Recovery(const SegmentPlace& place, Logger* log) : place_(place), log_(log) {}

  Result<Recovered> run() {
    const Result<std::vector<std::string>> names = place_.disk.list(place_.directory);
    if (!names) return fail(names.error());
    std::vector<SegmentName> segments;
    for (const std::string& name : *names) {
      if (const auto parsed = parse_segment_file_name(name)) segments.push_back(*parsed);
    }
    std::sort(segments.begin(), segments.end(), [](const SegmentName& a, const SegmentName& b) {
      return a.number != b.number ? a.number < b.number : a.epoch < b.epoch;
    });
    if (!segments.empty()) highest_ = segments.back();
    for (const SegmentName& name : segments) {
      result_.number_next = std::max(result_.number_next, name.number + 1);
      if (!found_.empty() && found_.back().segment->name().number == name.number) {
        refuse(name, "another segment has its number");
        continue;
      }
      examine(name);
    }
    place_.point("recovery_examined");
    set_aside_overlapping();
    if (!found_.empty()) last_ = found_.back().segment->name();
    apply_done(collect_done());
    name_targets();
    seal_scanned();
    remove_finished();
    hand_over();
    return std::move(result_);
  }

 private:
  void refuse(const SegmentName& name, std::string_view why) {
    ++result_.numbers.segments_refused;
    if (log_ == nullptr) return;
    log_->error("storage: a segment is left alone", {{"segment", place_.path(name)}, {"why", why}});
  }

  void examine(const SegmentName& name) {
    const auto file = place_.disk.open(place_.path(name), io::DiskOpen::kRead);
    if (!file) return refuse(name, file.error().message);
    const Result<Head> head = read_head(**file);
    if (!head) return refuse(name, head.error().message);
    if (head->state == HeadState::kNewerVersion) {
      result_.id_next = std::max(result_.id_next, head->header.id + 1);
      return refuse(name, "version " + std::to_string(head->header.version) +
                              " was written by a newer Millrace; this one knows version " +
                              std::to_string(kVersion));
    }
    Found found;
    found.segment = std::make_shared<Segment>(
        name, head->state == HeadState::kValid ? head->header.epoch : name.epoch);
    Result<std::optional<Sealed>> sealed = read_sealed(**file, found.segment->epoch());
    if (!sealed) return refuse(name, sealed.error().message);
    if (*sealed) {
      found.sealed = std::move(*sealed);
      take_sealed(found);
      if (head->state == HeadState::kDamaged) {
        set_aside(**file, name, {0, block_bytes(0)});
      }
    } else if (Status scanned = scan(**file, found); !scanned) {
      return refuse(name, scanned.error().message);
    } else if (found.scan.valid_blocks == 0) {
      return drop_empty(found);
    }
    found.segment->close();
    found_.push_back(std::move(found));
  }

  // Everything that a scan can tell; replaces what a summary told.
  Status scan(io::DiskFile& file, Found& found) {
    const Segment& known = *found.segment;
    Result<ScannedSegment> scanned = read_blocks(file, known.name(), known.epoch());
    if (!scanned) return fail(scanned.error());
    found = {.segment = std::move(scanned->segment),
             .sealed = {},
             .scan = std::move(scanned->scan),
             .done = std::move(scanned->done),
             .snapshot_is_whole = scanned->snapshot_is_whole,
             .targets = std::move(scanned->targets)};
    found.segment->set_extent(found.scan.end, scanned->file_bytes);
    found.segment->close();
    if (found.scan.valid_blocks == 0) return {};
    for (const Damage& damage : found.scan.damages) {
      if (found.scan.is_torn(damage)) {
        result_.numbers.torn_bytes_cut += damage.bytes;
      } else {
        set_aside(file, found.segment->name(), damage);
      }
    }
    place_.point("recovery_scanned");
    return {};
  }

  void set_aside(io::DiskFile& file, const SegmentName& name, const Damage& damage) {
    ++result_.numbers.records_quarantined;
    quarantine_stretch(place_, log_, file, name, damage);
  }

  void drop_empty(const Found& found) {
    uint64_t bytes = 0;
    for (const Damage& damage : found.scan.damages) bytes += damage.bytes;
    if (bytes > kNeverBegunBytesMax || (bytes > 0 && found.segment->name() != *highest_)) {
      ++result_.numbers.records_quarantined;
      quarantine_segment(place_, log_, found.segment->name(), "no block in it is valid");
      return;
    }
    result_.numbers.torn_bytes_cut += bytes;
    removed_ = true;
    static_cast<void>(place_.disk.remove(place_.path(found.segment->name())));
  }

  void set_aside_overlapping() {
    RecordId next = 0;
    std::erase_if(found_, [&](const Found& found) {
      const Segment& segment = *found.segment;
      if (segment.count() == 0) return false;
      const bool overlaps = segment.first_id() < next || segment.count() > RecordId{1} << 32 ||
                            segment.first_id() >= RecordId{1} << 63;
      if (overlaps) {
        ++result_.numbers.records_quarantined;
        quarantine_segment(place_, log_, segment.name(), "its records belong to another segment");
        return true;
      }
      next = segment.end_id();
      return false;
    });
  }

  // From the newest segment back to one that knows all that was done before it.
  std::vector<DoneRange> collect_done() {
    const AllocationName name("constant start of the log");
    std::vector<DoneRange> done;
    bool is_whole = false;
    for (auto found = found_.rbegin(); found != found_.rend(); ++found) {
      if (is_whole && found->sealed) continue;
      if (found->sealed) read_footer_done(*found);
      done.insert(done.end(), found->done.begin(), found->done.end());
      is_whole = is_whole || found->snapshot_is_whole;
    }
    std::sort(done.begin(), done.end(), [](const DoneRange& a, const DoneRange& b) {
      return a.target != b.target ? a.target < b.target : a.first < b.first;
    });
    std::vector<DoneRange> joined;
    for (const DoneRange& range : done) {
      if (joined.empty() || joined.back().target != range.target ||
          range.first > joined.back().first + joined.back().count) {
        joined.push_back(range);
        continue;
      }
      DoneRange& last = joined.back();
      const RecordId end = std::max(last.first + last.count, range.first + range.count);
      last.count = static_cast<uint32_t>(std::min<RecordId>(end - last.first, UINT32_MAX));
    }
    return joined;
  }

  void read_footer_done(Found& found) {
    const auto file = place_.disk.open(place_.path(found.segment->name()), io::DiskOpen::kRead);
    if (!file) return;
    Result<std::optional<Footer>> footer =
        read_footer(**file, found.segment->epoch(), *found.sealed);
    if (!footer) return;
    if (*footer && (*footer)->done_is_whole) {
      found.done = std::move((*footer)->done);
      found.snapshot_is_whole = true;
      return;
    }
    Found scanned;
    scanned.segment = found.segment;
    if (scan(**file, scanned)) {
      // Its snapshot says less than the footer did, but with the blocks behind it it says all.
      found = std::move(scanned);
    }
  }

  void apply_done(const std::vector<DoneRange>& done) {
    for (Found& found : found_) {
      Segment& segment = *found.segment;
      std::vector<DoneRange> parts;
      for (const DoneRange& range : done) {
        if (range.first >= segment.end_id() || range.first + range.count <= segment.first_id()) {
          continue;
        }
        if (segment.covers_all(range)) {
          segment.mark_done(range);
        } else {
          parts.push_back(range);
        }
      }
      if (parts.empty() || segment.is_finished() || !give_index(segment)) continue;
      for (const DoneRange& range : parts) segment.mark_done(range);
    }
  }

  bool give_index(Segment& segment) {
    if (segment.has_index()) return true;
    Result<LoadedIndex> index = load_index(place_, log_, segment);
    if (!index) return false;
    result_.numbers.records_quarantined += index->quarantined;
    segment.install_index(index->first_id, std::move(index->entries),
                          [](TargetId, RecordId) { return std::optional<Amount>(); });
    return true;
  }

  void name_targets() {
    std::map<TargetId, TargetName> known;
    for (const Found& found : found_) {
      for (const NamedTarget& target : found.targets) known[target.id] = target.name;
    }
    for (const Found& found : found_) {
      for (const TargetId target : found.segment->targets()) {
        const auto name = known.find(target);
        result_.targets[target] =
            name != known.end() ? name->second
                                : TargetName{Signal::kTraces, "?", "?" + std::to_string(target)};
      }
    }
  }

  void seal_scanned() {
    FooterContent content;
    for (const auto& [id, name] : result_.targets) content.targets.push_back({id, name});
    for (const Found& found : found_) content.done_in.push_back(found.segment.get());
    for (Found& found : found_) {
      Segment& segment = *found.segment;
      if (found.sealed || is_removable(segment)) continue;
      content.segment = &segment;
      Result<uint64_t> size = fail(Code::kUnknown, "");
      if (const auto file =
              place_.disk.open(place_.path(segment.name()), io::DiskOpen::kReadWrite)) {
        size = seal_segment(place_, **file, found.scan.end, found.scan.synced, content);
      } else {
        size = fail(file.error());
      }
      if (size) {
        segment.set_extent(*size, *size);
        place_.point("recovery_sealed");
      } else if (log_ != nullptr) {
        log_->warn("storage: a segment could not be sealed and is scanned again at the next start",
                   {{"segment", place_.path(segment.name())}, {"error", size.error().message}});
      }
    }
  }

  // The last one stays, so that numbers and ids are never used again.
  bool is_removable(const Segment& segment) const {
    return segment.is_finished() && segment.name() != last_;
  }

  void remove_finished() {
    std::erase_if(found_, [&](const Found& found) {
      const Segment& segment = *found.segment;
      if (!is_removable(segment)) return false;
      removed_ = true;
      return place_.disk.remove(place_.path(segment.name())).has_value();
    });
    // A file that was not begun must not come back when it is no longer the last.
    if (removed_) static_cast<void>(place_.disk.sync_directory(place_.directory));
  }

  void hand_over() {
    for (Found& found : found_) {
      Segment& segment = *found.segment;
      result_.id_next = std::max(result_.id_next, segment.end_id());
      result_.numbers.records_recovered += segment.open_records();
      segment.drop_index();
      result_.segments.push_back(std::move(found.segment));
    }
    result_.id_next =
        std::max(result_.id_next, RecordId{result_.number_next} << kIdsPerSegmentBits);
  }

  const SegmentPlace& place_;
  Logger* const log_;
  std::optional<SegmentName> highest_;  // of all files
  SegmentName last_;                    // of those in use
  bool removed_ = false;
  std::vector<Found> found_;  // by number
  Recovered result_;
};

}  // namespace

Result<LoadedIndex> load_index(const SegmentPlace& place, Logger* log, const Segment& segment) {
  const auto file = place.disk.open(place.path(segment.name()), io::DiskOpen::kRead);
  if (!file) return fail(file.error());
  const Result<std::optional<Sealed>> sealed = read_sealed(**file, segment.epoch());
  if (!sealed) return fail(sealed.error());
  if (*sealed) {
    Result<std::optional<Footer>> footer = read_footer(**file, segment.epoch(), **sealed);
    if (!footer) return fail(footer.error());
    if (*footer) return LoadedIndex{(*footer)->first_id, std::move((*footer)->index), 0};
  }
  Result<ScannedSegment> scanned = read_blocks(**file, segment.name(), segment.epoch());
  if (!scanned) return fail(scanned.error());
  LoadedIndex loaded{scanned->segment->first_id(), scanned->segment->take_index(), 0};
  for (const Damage& damage : scanned->scan.damages) {
    if (scanned->scan.is_torn(damage)) continue;
    ++loaded.quarantined;
    quarantine_stretch(place, log, **file, segment.name(), damage);
  }
  return loaded;
}

Result<Recovered> recover(const SegmentPlace& place, Logger* log) {
  return Recovery(place, log).run();
}

}  // namespace millrace::segment_log
