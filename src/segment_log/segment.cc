#include "segment_log/segment.h"

#include <algorithm>

#include "base/allocation_name.h"
#include "base/check.h"

namespace millrace::segment_log {

Amount& Amount::operator+=(const Amount& other) {
  records += other.records;
  items += other.items;
  admitted_bytes += other.admitted_bytes;
  payload_bytes += other.payload_bytes;
  return *this;
}

Amount& Amount::operator-=(const Amount& other) {
  records -= other.records;
  items -= other.items;
  admitted_bytes -= other.admitted_bytes;
  payload_bytes -= other.payload_bytes;
  return *this;
}

std::vector<TargetId> Segment::targets() const {
  std::vector<TargetId> targets;
  for (const auto& [target, part] : parts_) targets.push_back(target);
  return targets;
}

Amount Segment::wanted(TargetId target) const {
  const Part* const its = part(target);
  return its == nullptr ? Amount{} : its->wanted;
}

const Amount& Segment::untaken(TargetId target) const {
  static constexpr Amount kNone{};
  const Part* const its = part(target);
  return its == nullptr ? kNone : its->untaken;
}

bool Segment::is_taken(TargetId target, RecordId id) const {
  const Part* const its = part(target);
  return its != nullptr && holds(id) && its->taken.get(ordinal_of(id));
}

bool Segment::is_finished() const {
  return std::all_of(parts_.begin(), parts_.end(),
                     [](const auto& entry) { return entry.second.open_count == 0; });
}

bool Segment::has_taken() const {
  return std::any_of(parts_.begin(), parts_.end(),
                     [](const auto& entry) { return entry.second.taken_count > 0; });
}

uint64_t Segment::open_records() const {
  if (is_finished()) return 0;
  if (!is_detailed_) return count_;
  uint64_t sum = 0;
  for (size_t i = 0; i < count_; ++i) {
    sum += std::any_of(parts_.begin(), parts_.end(),
                       [i](const auto& entry) { return entry.second.open.get(i); });
  }
  return sum;
}

Segment::Part* Segment::part(TargetId target) {
  const auto found = parts_.find(target);
  return found == parts_.end() ? nullptr : &found->second;
}

const Segment::Part* Segment::part(TargetId target) const {
  const auto found = parts_.find(target);
  return found == parts_.end() ? nullptr : &found->second;
}

Segment::Part& Segment::known_part(TargetId target) {
  Part* const its = part(target);
  MILLRACE_CHECK(its != nullptr);
  return *its;
}

void Segment::begin(uint64_t data_bytes, uint64_t file_bytes) {
  MILLRACE_CHECK(!is_closed_ && count_ == 0);
  has_index_ = is_detailed_ = true;
  set_extent(data_bytes, file_bytes);
}

void Segment::add(RecordId id, const IndexEntry& entry, WallTime admitted_at, uint64_t taken,
                  uint64_t done) {
  if (count_ == 0) first_id_ = id;
  MILLRACE_CHECK(id >= end_id());
  const size_t ordinal = ordinal_of(id);
  const AllocationName allocation("constant index of a segment", kIndexBytesMax);
  index_.resize(ordinal);
  index_.push_back(entry);
  count_ = ordinal + 1;
  newest_ = std::max(newest_, admitted_at);
  for (uint64_t rest = entry.targets; rest != 0; rest &= rest - 1) {
    const uint64_t bit = rest & (~rest + 1);
    Part& part = parts_[static_cast<TargetId>(std::countr_zero(bit))];
    part.wanted += amount_of(entry);
    if ((done & bit) != 0) continue;
    part.open.resize(ordinal + 1);
    part.taken.resize(ordinal + 1);
    part.open.set(ordinal);
    ++part.open_count;
    if ((taken & bit) != 0) {
      part.taken.set(ordinal);
      ++part.taken_count;
    } else {
      part.untaken += amount_of(entry);
      part.low = std::min(part.low, ordinal);
    }
  }
}

void Segment::set_extent(uint64_t data_bytes, uint64_t file_bytes) {
  MILLRACE_CHECK(data_bytes <= file_bytes);
  data_bytes_ = data_bytes;
  file_bytes_ = file_bytes;
}

void Segment::take_summary(const BlockHeader& header, const std::vector<SummaryEntry>& entries) {
  MILLRACE_CHECK(count_ == 0 && parts_.empty());
  first_id_ = header.id;
  count_ = header.admitted_bytes;
  newest_ = WallTime(Duration(header.time));
  for (const SummaryEntry& entry : entries) {
    Part& part = parts_[entry.target.id];
    part.wanted = part.untaken = entry.wanted;
    part.open_count = entry.wanted.records;
  }
}

void Segment::take(TargetId target, size_t ordinal, const Amount& amount) {
  Part& its = known_part(target);
  MILLRACE_CHECK(its.is_untaken(ordinal));
  its.taken.set(ordinal);
  ++its.taken_count;
  its.untaken -= amount;
  while (its.low < its.open.size() && !its.is_untaken(its.low)) ++its.low;
}

void Segment::untake(TargetId target, size_t ordinal, const Amount& rest) {
  Part& its = known_part(target);
  MILLRACE_CHECK(its.open.get(ordinal) && its.taken.get(ordinal) && its.taken_count > 0);
  its.taken.clear(ordinal);
  --its.taken_count;
  its.untaken += rest;
  its.low = std::min(its.low, ordinal);
}

void Segment::set_rest(TargetId target, const IndexEntry& entry, const Amount& rest) {
  Part& its = known_part(target);
  its.untaken -= amount_of(entry);
  its.untaken += rest;
}

bool Segment::finish(Part& part, size_t ordinal) {
  if (!part.open.get(ordinal)) return false;
  MILLRACE_CHECK(part.open_count > 0);
  part.open.clear(ordinal);
  --part.open_count;
  if (part.taken.get(ordinal)) {
    MILLRACE_CHECK(part.taken_count > 0);
    part.taken.clear(ordinal);
    --part.taken_count;
  }
  return true;
}

bool Segment::finish(TargetId target, RecordId id) {
  Part* const its = part(target);
  return its != nullptr && holds(id) && finish(*its, ordinal_of(id));
}

void Segment::drop_first(TargetId target, size_t ordinal, const Amount& amount) {
  Part& its = known_part(target);
  MILLRACE_CHECK(its.is_untaken(ordinal));
  its.untaken -= amount;
  its.low = ordinal + 1;
  finish(its, ordinal);
}

std::vector<DoneRange> Segment::finish_untaken(TargetId target) {
  Part& its = known_part(target);
  const DoneRange all{first_id_, static_cast<uint32_t>(count_), target};
  if (its.taken_count == 0) {
    mark_done(all);
    return {all};
  }
  std::vector<DoneRange> ranges;
  while (const std::optional<size_t> ordinal = next_untaken(target, 0)) {
    const RecordId id = id_at(*ordinal);
    finish(its, *ordinal);
    its.low = *ordinal + 1;
    if (!ranges.empty() && ranges.back().first + ranges.back().count == id) {
      ++ranges.back().count;
    } else {
      ranges.push_back({id, 1, target});
    }
  }
  its.untaken = {};
  return ranges;
}

bool Segment::covers_all(const DoneRange& range) const {
  return range.first <= first_id_ && range.first + range.count >= end_id();
}

void Segment::mark_done(const DoneRange& range) {
  Part* const its = part(range.target);
  if (its == nullptr) return;
  if (covers_all(range)) {
    its->open = Bits();
    its->taken = Bits();
    its->open_count = its->taken_count = 0;
    its->untaken = {};
    return;
  }
  MILLRACE_CHECK(is_detailed_ && has_index_);
  const RecordId end = std::min(range.first + range.count, end_id());
  for (RecordId id = std::max(range.first, first_id_); id < end; ++id) {
    if (finish(*its, ordinal_of(id))) its->untaken -= amount_of(index_[ordinal_of(id)]);
  }
}

void Segment::give_details() {
  for (auto& [target, part] : parts_) {
    if (part.open_count == 0) continue;  // done with everything
    part.open.resize(count_);
    part.taken.resize(count_);
    for (size_t i = 0; i < count_; ++i) {
      if ((index_[i].targets >> target & 1) != 0) part.open.set(i);
    }
  }
  is_detailed_ = true;
}

std::vector<Segment::Correction> Segment::install_index(RecordId index_first_id,
                                                        std::vector<IndexEntry> entries,
                                                        const RestOf& rest_of) {
  // Ids may be missing at both ends when the index was made by a scan.
  const AllocationName allocation("constant index of a segment", kIndexBytesMax);
  index_.assign(count_, IndexEntry{});
  for (size_t i = 0; i < entries.size(); ++i) {
    const RecordId id = index_first_id + i;
    if (holds(id)) index_[ordinal_of(id)] = entries[i];
  }
  has_index_ = true;
  if (!is_detailed_) give_details();
  std::vector<Correction> corrections;
  for (auto& [target, part] : parts_) {
    if (part.open_count == 0) continue;
    Amount found;
    for (size_t i = 0; i < part.open.size(); ++i) {
      if (!part.is_untaken(i)) continue;
      if (index_[i].position == 0) {
        part.open.clear(i);
        continue;
      }
      found += rest_of(target, id_at(i)).value_or(amount_of(index_[i]));
    }
    part.open_count = part.open.count();
    part.low = 0;
    if (found == part.untaken) continue;
    corrections.push_back({target, part.untaken, found});
    part.untaken = found;
  }
  return corrections;
}

void Segment::drop_index() {
  index_ = {};
  has_index_ = false;
}

std::vector<IndexEntry> Segment::take_index() {
  has_index_ = false;
  return std::exchange(index_, {});
}

Segment Segment::copy_for_done() const {
  Segment copy(name_, epoch_);
  copy.first_id_ = first_id_;
  copy.count_ = count_;
  copy.is_detailed_ = is_detailed_;
  copy.parts_ = parts_;
  return copy;
}

std::optional<size_t> Segment::next_untaken(TargetId target, size_t from) const {
  const Part* const its = part(target);
  if (its == nullptr) return {};
  for (size_t i = std::max(from, its->low); i < its->open.size(); ++i) {
    if (its->is_untaken(i)) return i;
  }
  return {};
}

std::optional<size_t> Segment::previous_untaken(TargetId target, size_t before) const {
  const Part* const its = part(target);
  if (its == nullptr) return {};
  for (size_t i = std::min(before, its->open.size()); i > its->low; --i) {
    if (its->is_untaken(i - 1)) return i - 1;
  }
  return {};
}

std::vector<DoneRange> Segment::done_ranges(TargetId target) const {
  const Part* const its = part(target);
  if (its == nullptr || count_ == 0) return {};
  if (its->open_count == 0) return {{first_id_, static_cast<uint32_t>(count_), target}};
  if (!is_detailed_) return {};
  std::vector<DoneRange> ranges;
  for (size_t i = 0; i < count_; ++i) {
    if (its->open.get(i)) continue;
    if (!ranges.empty() && ranges.back().first + ranges.back().count == id_at(i)) {
      ++ranges.back().count;
    } else {
      ranges.push_back({id_at(i), 1, target});
    }
  }
  return ranges;
}

uint32_t add_done_blocks(const std::vector<const Segment*>& segments, const AddBlock& add) {
  constexpr size_t kRangeBytes = 16;
  std::vector<DoneRange> short_ones;
  uint32_t blocks = 0;
  for (const Segment* segment : segments) {
    for (const TargetId target : segment->targets()) {
      const std::vector<DoneRange> ranges = segment->done_ranges(target);
      if (ranges.size() * kRangeBytes <= segment->count() / 8 + kHeaderBytes) {
        short_ones.insert(short_ones.end(), ranges.begin(), ranges.end());
        continue;
      }
      std::string bits((segment->count() + 7) / 8, '\0');
      for (const DoneRange& range : ranges) {
        for (uint32_t i = 0; i < range.count; ++i) {
          const size_t ordinal = range.first - segment->first_id() + i;
          bits[ordinal / 8] = static_cast<char>(bits[ordinal / 8] | 1 << (ordinal % 8));
        }
      }
      BlockHeader header;
      header.kind = BlockKind::kDoneBitmap;
      header.id = segment->first_id();
      header.count = static_cast<uint32_t>(segment->count());
      header.targets = uint64_t{1} << target;
      add(header, bits);
      ++blocks;
    }
  }
  if (!short_ones.empty()) {
    BlockHeader header;
    header.kind = BlockKind::kDoneRanges;
    header.count = static_cast<uint32_t>(short_ones.size());
    add(header, encode_done_ranges(short_ones));
    ++blocks;
  }
  return blocks;
}

}  // namespace millrace::segment_log
