#include "segment_log/format.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>

#include "segment_log/crc32c.h"
#include "segment_log/fields.h"

namespace millrace::segment_log {
namespace {

constexpr size_t kHeaderCrcAt = 76;
constexpr std::string_view kSegmentSuffix = ".segment";

std::string hex16(uint64_t number) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text(16, '0');
  for (size_t i = 16; i > 0; --i, number >>= 4) text[i - 1] = kDigits[number & 15];
  return text;
}

std::optional<uint64_t> parse_hex16(std::string_view text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
  if (error != std::errc() || end != text.data() + text.size() || hex16(number) != text) return {};
  return number;
}

void put_amount(FieldWriter& out, const Amount& amount) {
  out.put(amount.records);
  out.put(amount.items);
  out.put(amount.admitted_bytes);
  out.put(amount.payload_bytes);
}

Amount get_amount(FieldReader& in) {
  Amount amount;
  amount.records = in.get<uint64_t>();
  amount.items = in.get<uint64_t>();
  amount.admitted_bytes = in.get<uint64_t>();
  amount.payload_bytes = in.get<uint64_t>();
  return amount;
}

void put_target_head(FieldWriter& out, const NamedTarget& target) {
  out.put(target.id);
  out.put(static_cast<uint8_t>(target.name.signal));
  out.put(uint8_t{0});
  out.put(static_cast<uint16_t>(target.name.pipeline.size()));
  out.put(static_cast<uint16_t>(target.name.destination.size()));
}

struct TargetHead {
  NamedTarget target;
  size_t pipeline_bytes = 0;
  size_t destination_bytes = 0;
  bool known = false;  // a signal and a target that exist
};

TargetHead get_target_head(FieldReader& in) {
  TargetHead head;
  head.target.id = in.get<uint16_t>();
  const auto signal = in.get<uint8_t>();
  in.get<uint8_t>();
  head.pipeline_bytes = in.get<uint16_t>();
  head.destination_bytes = in.get<uint16_t>();
  head.known = in.ok() && signal < kSignalCount && head.target.id < kTargetsMax;
  if (head.known) head.target.name.signal = static_cast<Signal>(signal);
  return head;
}

void get_target_names(FieldReader& in, TargetHead& head) {
  head.target.name.pipeline = in.get_text(head.pipeline_bytes);
  head.target.name.destination = in.get_text(head.destination_bytes);
}

}  // namespace

void encode_header(const BlockHeader& header, uint8_t* into) {
  std::memset(into, 0, kHeaderBytes);
  std::copy(kMagic.begin(), kMagic.end(), into);
  into[4] = static_cast<uint8_t>(header.kind);
  into[5] = header.signal;
  put_at(into + 6, header.version);
  put_at(into + 8, header.epoch);
  put_at(into + 16, header.position);
  put_at(into + 20, header.synced);
  put_at(into + 24, header.body_bytes);
  put_at(into + 28, header.metadata_bytes);
  put_at(into + 32, header.body_crc);
  put_at(into + 36, header.count);
  put_at(into + 40, header.admitted_bytes);
  put_at(into + 48, static_cast<uint64_t>(header.time));
  put_at(into + 56, header.id);
  put_at(into + 64, header.targets);
  put_at(into + kHeaderCrcAt, crc32c({into, kHeaderCrcAt}));
}

std::optional<BlockHeader> decode_header(std::span<const uint8_t> bytes) {
  const uint8_t* from = bytes.data();
  if (!std::equal(kMagic.begin(), kMagic.end(), from)) return {};
  if (get_at<uint32_t>(from + kHeaderCrcAt) != crc32c(bytes.first(kHeaderCrcAt))) return {};
  BlockHeader header;
  header.kind = static_cast<BlockKind>(from[4]);
  header.signal = from[5];
  header.version = get_at<uint16_t>(from + 6);
  header.epoch = get_at<uint64_t>(from + 8);
  header.position = get_at<uint32_t>(from + 16);
  header.synced = get_at<uint32_t>(from + 20);
  header.body_bytes = get_at<uint32_t>(from + 24);
  header.metadata_bytes = get_at<uint32_t>(from + 28);
  header.body_crc = get_at<uint32_t>(from + 32);
  header.count = get_at<uint32_t>(from + 36);
  header.admitted_bytes = get_at<uint32_t>(from + 40);
  header.time = static_cast<int64_t>(get_at<uint64_t>(from + 48));
  header.id = get_at<uint64_t>(from + 56);
  header.targets = get_at<uint64_t>(from + 64);
  return header;
}

std::string segment_file_name(SegmentName name) {
  return hex16(name.number) + "-" + hex16(name.epoch) + std::string(kSegmentSuffix);
}

std::optional<SegmentName> parse_segment_file_name(std::string_view file_name) {
  if (file_name.size() != 33 + kSegmentSuffix.size() || file_name[16] != '-' ||
      !file_name.ends_with(kSegmentSuffix)) {
    return {};
  }
  const auto number = parse_hex16(file_name.substr(0, 16));
  const auto epoch = parse_hex16(file_name.substr(17, 16));
  if (!number || !epoch || *number >= kSegmentNumberMax) return {};
  return SegmentName{*number, *epoch};
}

size_t encoded_metadata_bytes(const Metadata& metadata) {
  size_t bytes = 8 + metadata.client_address.size();
  for (const MetadataEntry& entry : metadata.entries) {
    bytes += 8 + entry.name.size() + entry.value.size();
  }
  return bytes;
}

std::string encode_metadata(const Metadata& metadata) {
  FieldWriter out(encoded_metadata_bytes(metadata));
  const auto put_string = [&out](const std::string& text) {
    out.put(static_cast<uint32_t>(text.size()));
    out.put_text(text);
  };
  put_string(metadata.client_address);
  out.put(static_cast<uint32_t>(metadata.entries.size()));
  for (const MetadataEntry& entry : metadata.entries) {
    put_string(entry.name);
    put_string(entry.value);
  }
  return out.take();
}

std::optional<Metadata> decode_metadata(std::span<const uint8_t> bytes) {
  FieldReader in(bytes);
  const auto get_string = [&in] { return std::string(in.get_text(in.get<uint32_t>())); };
  Metadata metadata;
  metadata.client_address = get_string();
  const auto count = in.get<uint32_t>();
  for (uint32_t i = 0; i < count && in.ok(); ++i) {
    MetadataEntry entry;
    entry.name = get_string();
    entry.value = get_string();
    metadata.entries.push_back(std::move(entry));
  }
  if (!in.at_end()) return {};
  return metadata;
}

std::string encode_target_table(std::span<const NamedTarget> targets) {
  FieldWriter out;
  for (const NamedTarget& target : targets) {
    put_target_head(out, target);
    out.put_text(target.name.pipeline);
    out.put_text(target.name.destination);
  }
  return out.take();
}

std::optional<std::vector<NamedTarget>> decode_target_table(std::span<const uint8_t> body,
                                                            uint32_t count) {
  FieldReader in(body);
  std::vector<NamedTarget> targets;
  for (uint32_t i = 0; i < count && in.ok(); ++i) {
    TargetHead head = get_target_head(in);
    get_target_names(in, head);
    if (head.known && in.ok()) targets.push_back(std::move(head.target));
  }
  if (!in.at_end()) return {};
  return targets;
}

std::string encode_done_ranges(std::span<const DoneRange> ranges) {
  constexpr size_t kRangeBytes = 16;
  FieldWriter out(kRangeBytes * ranges.size());
  for (const DoneRange& range : ranges) {
    out.put(range.first);
    out.put(range.count);
    out.put(range.target);
    out.put(uint16_t{0});
  }
  return out.take();
}

std::optional<std::vector<DoneRange>> decode_done_ranges(std::span<const uint8_t> body,
                                                         uint32_t count) {
  FieldReader in(body);
  std::vector<DoneRange> ranges;
  for (uint32_t i = 0; i < count && in.ok(); ++i) {
    DoneRange range;
    range.first = in.get<uint64_t>();
    range.count = in.get<uint32_t>();
    range.target = in.get<uint16_t>();
    in.get<uint16_t>();
    if (in.ok() && range.target < kTargetsMax) ranges.push_back(range);
  }
  if (!in.at_end()) return {};
  return ranges;
}

std::optional<std::vector<DoneRange>> decode_done_bitmap(const BlockHeader& header,
                                                         std::span<const uint8_t> body) {
  const auto bits = uint64_t{body.size()} * 8;
  if (header.targets == 0 || (header.targets & (header.targets - 1)) != 0 || header.count > bits) {
    return {};
  }
  const auto target = static_cast<TargetId>(std::countr_zero(header.targets));
  std::vector<DoneRange> ranges;
  for (uint32_t i = 0; i < header.count; ++i) {
    if ((body[i / 8] >> (i % 8) & 1) == 0) continue;
    if (!ranges.empty() && ranges.back().first + ranges.back().count == header.id + i) {
      ++ranges.back().count;
    } else {
      ranges.push_back({header.id + i, 1, target});
    }
  }
  return ranges;
}

std::string encode_index(std::span<const IndexEntry> entries) {
  std::string bytes(entries.size() * kIndexEntryBytes, '\0');
  auto* at = reinterpret_cast<uint8_t*>(bytes.data());
  for (const IndexEntry& entry : entries) {
    put_at(at, entry.position);
    put_at(at + 4, entry.body_bytes);
    put_at(at + 8, entry.payload_bytes);
    put_at(at + 12, entry.items);
    put_at(at + 16, entry.admitted_bytes);
    put_at(at + 24, entry.targets);
    at += kIndexEntryBytes;
  }
  return bytes;
}

std::optional<std::vector<IndexEntry>> decode_index(std::span<const uint8_t> body, uint32_t count) {
  if (body.size() != uint64_t{count} * kIndexEntryBytes) return {};
  std::vector<IndexEntry> entries(count);
  const uint8_t* at = body.data();
  for (IndexEntry& entry : entries) {
    entry.position = get_at<uint32_t>(at);
    entry.body_bytes = get_at<uint32_t>(at + 4);
    entry.payload_bytes = get_at<uint32_t>(at + 8);
    entry.items = get_at<uint32_t>(at + 12);
    entry.admitted_bytes = get_at<uint32_t>(at + 16);
    entry.targets = get_at<uint64_t>(at + 24);
    at += kIndexEntryBytes;
  }
  return entries;
}

std::string encode_summary(std::span<const SummaryEntry> entries) {
  FieldWriter out;
  for (const SummaryEntry& entry : entries) {
    put_target_head(out, entry.target);
    put_amount(out, entry.wanted);
    out.put_text(entry.target.name.pipeline);
    out.put_text(entry.target.name.destination);
  }
  return out.take();
}

std::optional<std::vector<SummaryEntry>> decode_summary(std::span<const uint8_t> body,
                                                        uint32_t count) {
  FieldReader in(body);
  std::vector<SummaryEntry> entries;
  for (uint32_t i = 0; i < count && in.ok(); ++i) {
    TargetHead head = get_target_head(in);
    const Amount wanted = get_amount(in);
    get_target_names(in, head);
    if (head.known && in.ok()) entries.push_back({std::move(head.target), wanted});
  }
  if (!in.at_end()) return {};
  return entries;
}

std::string encode_trailer(const Trailer& trailer) {
  FieldWriter out;
  out.put(trailer.footer);
  out.put(trailer.index);
  out.put(trailer.summary);
  return out.take();
}

std::optional<Trailer> decode_trailer(std::span<const uint8_t> body) {
  FieldReader in(body);
  Trailer trailer;
  trailer.footer = in.get<uint32_t>();
  trailer.index = in.get<uint32_t>();
  trailer.summary = in.get<uint32_t>();
  if (!in.at_end()) return {};
  return trailer;
}

}  // namespace millrace::segment_log
