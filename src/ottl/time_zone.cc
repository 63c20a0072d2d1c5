#include "ottl/time_zone.h"

#include <algorithm>
#include <cctype>

#include "io/file.h"
#include "ottl/zone_rule.h"

namespace millrace::ottl {
namespace {

constexpr size_t kFileBytesMax = 64 * 1024;
constexpr size_t kHeaderBytes = 44;

int64_t read_big_endian(std::string_view bytes, size_t at, size_t size) {
  uint64_t number = 0;
  for (size_t i = 0; i < size; i++) number = number << 8 | static_cast<uint8_t>(bytes[at + i]);
  const unsigned unused_bits = 64 - 8 * static_cast<unsigned>(size);
  return static_cast<int64_t>(number << unused_bits) >> unused_bits;
}

struct Header {
  size_t utc_flags;
  size_t standard_flags;
  size_t leap_seconds;
  size_t changes;
  size_t types;
  size_t name_bytes;

  size_t body_bytes(size_t time_bytes) const {
    return changes * (time_bytes + 1) + types * 6 + name_bytes + leap_seconds * (time_bytes + 4) +
           standard_flags + utc_flags;
  }
};

bool read_header(std::string_view file, size_t at, Header* header) {
  if (file.size() < at + kHeaderBytes || file.substr(at, 4) != "TZif") return false;
  const auto count = [&](size_t i) {
    return static_cast<size_t>(read_big_endian(file, at + 20 + 4 * i, 4) & 0xffffffff);
  };
  *header = {count(0), count(1), count(2), count(3), count(4), count(5)};
  return std::ranges::all_of(
      std::initializer_list<size_t>{count(0), count(1), count(2), count(3), count(4), count(5)},
      [](size_t number) { return number <= kFileBytesMax; });
}

}  // namespace

std::shared_ptr<const TimeZone> TimeZone::parse(std::string_view file) {
  Header header{};
  if (!read_header(file, 0, &header)) return nullptr;
  size_t at = kHeaderBytes;
  size_t time_bytes = 4;
  if (file[4] >= '2') {
    // The same data follow with times of 64 bits.
    const size_t second = kHeaderBytes + header.body_bytes(4);
    if (!read_header(file, second, &header)) return nullptr;
    at = second + kHeaderBytes;
    time_bytes = 8;
  }
  if (file.size() < at + header.body_bytes(time_bytes) || header.types == 0) return nullptr;
  const size_t types_at = at + header.changes * (time_bytes + 1);
  const auto offset_of_type = [&](size_t type) {
    return read_big_endian(file, types_at + 6 * type, 4);
  };
  auto zone = std::make_shared<TimeZone>();
  zone->first_offset_ = offset_of_type(0);
  for (size_t i = 0; i < header.changes; i++) {
    const auto type = static_cast<uint8_t>(file[at + header.changes * time_bytes + i]);
    if (type >= header.types) return nullptr;
    const int64_t when = read_big_endian(file, at + time_bytes * i, time_bytes);
    if (!zone->changes_.empty() && when <= zone->changes_.back().unix_seconds) return nullptr;
    zone->changes_.push_back({when, offset_of_type(type)});
  }
  constexpr int64_t kDay = 86'400;
  const bool is_plausible = std::abs(zone->first_offset_) <= kDay &&
                            std::ranges::all_of(zone->changes_, [](const Change& change) {
                              return std::abs(change.offset) <= kDay;
                            });
  if (!is_plausible) return nullptr;
  std::string_view footer = file.substr(at + header.body_bytes(time_bytes));
  if (time_bytes == 8 && footer.starts_with('\n')) {
    footer.remove_prefix(1);
    zone->follow_rule(footer.substr(0, footer.find('\n')));
  }
  return zone;
}

void TimeZone::follow_rule(std::string_view text) {
  const auto rule = parse_zone_rule(text);
  if (!rule) return;
  constexpr int kYearMax = 2100;
  const int64_t last = changes_.empty() ? 0 : changes_.back().unix_seconds;
  for (int year = 1970; year <= kYearMax; year++) {
    Change pair[] = {
        {rule->to_summer.unix_seconds(year, rule->standard_offset), rule->summer_offset},
        {rule->to_standard.unix_seconds(year, rule->summer_offset), rule->standard_offset}};
    if (pair[1].unix_seconds < pair[0].unix_seconds) std::swap(pair[0], pair[1]);
    for (const Change& change : pair) {
      if (change.unix_seconds > last) changes_.push_back(change);
    }
  }
}

int64_t TimeZone::offset_at(int64_t unix_seconds) const {
  const auto next = std::ranges::upper_bound(changes_, unix_seconds, {}, &Change::unix_seconds);
  return next == changes_.begin() ? first_offset_ : std::prev(next)->offset;
}

int64_t TimeZone::offset_of_local(int64_t local_seconds) const {
  const int64_t guess = offset_at(local_seconds);
  return guess == 0 ? 0 : offset_at(local_seconds - guess);
}

std::shared_ptr<const TimeZone> load_time_zone(std::string_view name) {
  if (name == "UTC") return std::make_shared<const TimeZone>();
  const bool is_name = std::ranges::all_of(name, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || std::string_view("_-+/").contains(c);
  });
  if (!is_name || name.starts_with('/')) return nullptr;
  const std::string path = "/usr/share/zoneinfo/" + std::string(name);
  return TimeZone::parse(io::make_file_system()->read_head(path, kFileBytesMax));
}

}  // namespace millrace::ottl
