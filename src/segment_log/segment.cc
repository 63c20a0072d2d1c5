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

bool Segment::is_finished() const {
  return std::all_of(parts.begin(), parts.end(),
                     [](const auto& entry) { return entry.second.open_count == 0; });
}

bool Segment::has_taken() const {
  return std::any_of(parts.begin(), parts.end(),
                     [](const auto& entry) { return entry.second.taken_count > 0; });
}

TargetPart* Segment::part(TargetId target) {
  const auto found = parts.find(target);
  return found == parts.end() ? nullptr : &found->second;
}

void Segment::add(RecordId id, const IndexEntry& entry, uint64_t taken, uint64_t done) {
  if (count == 0) first_id = id;
  MILLRACE_CHECK(id == first_id + count || id > first_id + count);
  const size_t ordinal = id - first_id;
  const AllocationName allocation("constant index of a segment");
  index.resize(ordinal);
  index.push_back(entry);
  count = ordinal + 1;
  for (uint64_t rest = entry.targets; rest != 0; rest &= rest - 1) {
    const uint64_t bit = rest & (~rest + 1);
    TargetPart& part = parts[static_cast<TargetId>(std::countr_zero(bit))];
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

bool Segment::finish(TargetId target, RecordId id) {
  TargetPart* const its = part(target);
  const size_t ordinal = id - first_id;
  if (its == nullptr || !its->open.get(ordinal)) return false;
  its->open.clear(ordinal);
  --its->open_count;
  if (its->taken.get(ordinal)) {
    its->taken.clear(ordinal);
    --its->taken_count;
  }
  return true;
}

std::vector<DoneRange> Segment::finish_untaken(TargetId target) {
  TargetPart& its = parts[target];
  const DoneRange all{first_id, static_cast<uint32_t>(count), target};
  if (its.taken_count == 0) {
    mark_done(all);
    return {all};
  }
  std::vector<DoneRange> ranges;
  while (const std::optional<size_t> ordinal = next_untaken(its, 0)) {
    const RecordId id = id_at(*ordinal);
    finish(target, id);
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
  return range.first <= first_id && range.first + range.count >= first_id + count;
}

void Segment::mark_done(const DoneRange& range) {
  TargetPart* const its = part(range.target);
  if (its == nullptr) return;
  if (covers_all(range)) {
    its->open = Bits();
    its->taken = Bits();
    its->open_count = its->taken_count = 0;
    its->untaken = {};
    return;
  }
  MILLRACE_CHECK(is_detailed && has_index);
  const RecordId end = std::min(range.first + range.count, first_id + count);
  for (RecordId id = std::max(range.first, first_id); id < end; ++id) {
    if (finish(range.target, id)) its->untaken -= amount_of(index[id - first_id]);
  }
}

void Segment::give_details() {
  for (auto& [target, part] : parts) {
    if (part.open_count == 0) continue;  // done with everything
    part.open.resize(count);
    part.taken.resize(count);
    for (size_t i = 0; i < count; ++i) {
      if ((index[i].targets >> target & 1) != 0) part.open.set(i);
    }
  }
  is_detailed = true;
}

std::vector<std::pair<TargetId, Amount>> Segment::install_index(RecordId index_first_id,
                                                                std::vector<IndexEntry> entries,
                                                                const RestOf& rest_of) {
  // Ids may be missing at both ends when the index was made by a scan.
  index.assign(count, IndexEntry{});
  for (size_t i = 0; i < entries.size(); ++i) {
    const RecordId id = index_first_id + i;
    if (holds(id)) index[id - first_id] = entries[i];
  }
  has_index = true;
  if (!is_detailed) give_details();
  std::vector<std::pair<TargetId, Amount>> lost;
  for (auto& [target, part] : parts) {
    if (part.open_count == 0) continue;
    Amount found;
    for (size_t i = 0; i < part.open.size(); ++i) {
      if (!part.open.get(i) || part.taken.get(i)) continue;
      if (index[i].position == 0) {
        part.open.clear(i);
        continue;
      }
      found += rest_of(target, id_at(i)).value_or(amount_of(index[i]));
    }
    part.open_count = part.open.count();
    part.low = 0;
    if (found == part.untaken) continue;
    Amount missing = part.untaken;
    missing -= found;
    part.untaken = found;
    lost.emplace_back(target, missing);
  }
  return lost;
}

void Segment::drop_index() {
  index = {};
  has_index = false;
}

std::optional<size_t> Segment::next_untaken(const TargetPart& part, size_t from) const {
  for (size_t i = std::max(from, part.low); i < part.open.size(); ++i) {
    if (part.open.get(i) && !part.taken.get(i)) return i;
  }
  return {};
}

std::optional<size_t> Segment::previous_untaken(const TargetPart& part, size_t before) const {
  for (size_t i = std::min(before, part.open.size()); i > part.low; --i) {
    if (part.open.get(i - 1) && !part.taken.get(i - 1)) return i - 1;
  }
  return {};
}

std::vector<DoneRange> Segment::done_ranges(TargetId target, const TargetPart& part) const {
  if (count == 0) return {};
  if (part.open_count == 0) return {{first_id, static_cast<uint32_t>(count), target}};
  if (!is_detailed) return {};
  std::vector<DoneRange> ranges;
  for (size_t i = 0; i < count; ++i) {
    if (part.open.get(i)) continue;
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
    for (const auto& [target, part] : segment->parts) {
      const std::vector<DoneRange> ranges = segment->done_ranges(target, part);
      if (ranges.size() * kRangeBytes <= segment->count / 8 + kHeaderBytes) {
        short_ones.insert(short_ones.end(), ranges.begin(), ranges.end());
        continue;
      }
      std::string bits((segment->count + 7) / 8, '\0');
      for (const DoneRange& range : ranges) {
        for (uint32_t i = 0; i < range.count; ++i) {
          const size_t ordinal = range.first - segment->first_id + i;
          bits[ordinal / 8] = static_cast<char>(bits[ordinal / 8] | 1 << (ordinal % 8));
        }
      }
      BlockHeader header;
      header.kind = BlockKind::kDoneBitmap;
      header.id = segment->first_id;
      header.count = static_cast<uint32_t>(segment->count);
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
