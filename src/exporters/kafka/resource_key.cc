#include "exporters/kafka/resource_key.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

namespace millrace::exporters::kafka {
namespace {

using otlp::AnyValueView;
using otlp::KeyValueView;
using otlp::MessageBytes;
using Type = AnyValueView::Type;

constexpr uint64_t kPrime1 = 0x9E3779B185EBCA87;
constexpr uint64_t kPrime2 = 0xC2B2AE3D27D4EB4F;
constexpr uint64_t kPrime3 = 0x165667B19E3779F9;
constexpr uint64_t kPrime4 = 0x85EBCA77C2B2AE63;
constexpr uint64_t kPrime5 = 0x27D4EB2F165667C5;

uint64_t load64(const char* at) {
  uint64_t value;
  std::memcpy(&value, at, sizeof value);
  return value;
}
uint64_t load32(const char* at) {
  uint32_t value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

uint64_t round_of(uint64_t lane, uint64_t input) {
  return std::rotl(lane + input * kPrime2, 31) * kPrime1;
}
uint64_t merge(uint64_t hash, uint64_t lane) {
  return (hash ^ round_of(0, lane)) * kPrime1 + kPrime4;
}

void append_number(uint64_t value, std::string& into) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  into.append(bytes, sizeof value);
}

// Each kind of content begins with a byte of its own.
constexpr char kExtra = '\xf3';
constexpr char kKey = '\xf4';
constexpr char kEmpty = '\xf5';
constexpr char kBytes = '\xf6';
constexpr char kString = '\xf7';
constexpr char kTrue = '\xf8';
constexpr char kFalse = '\xf9';
constexpr char kInt = '\xfa';
constexpr char kDouble = '\xfb';
constexpr char kMap = '\xfc';
constexpr char kMapEnd = '\xfd';
constexpr char kList = '\xfe';
constexpr char kListEnd = '\xff';

void append_value(const AnyValueView& value, std::string& into);

struct Entry {
  std::string_view key;
  size_t index = 0;  // as received
  MessageBytes value;
};

void add_entry(MessageBytes key_value, std::vector<Entry>& into) {
  const KeyValueView view = KeyValueView::read(key_value);
  into.push_back({.key = view.key, .index = into.size(), .value = view.value});
}

void append_entries(std::vector<Entry> entries, std::string& into) {
  std::ranges::sort(entries, [](const Entry& a, const Entry& b) {
    return a.key != b.key ? a.key < b.key : a.index < b.index;
  });
  for (size_t i = 0; i < entries.size(); ++i) {
    // Of equal keys, each has the value of the first.
    if (i > 0 && entries[i].key == entries[i - 1].key) entries[i].value = entries[i - 1].value;
    into += kKey;
    into += entries[i].key;
    append_value(AnyValueView::read(entries[i].value), into);
  }
}

void append_members(const AnyValueView& value, std::string& into) {
  otlp::ElementReader elements(value);
  std::vector<Entry> entries;
  for (MessageBytes element; elements.next(&element);) {
    if (value.type == Type::kKvlist) {
      add_entry(element, entries);
    } else {
      append_value(AnyValueView::read(element), into);
    }
  }
  append_entries(std::move(entries), into);
}

void append_value(const AnyValueView& value, std::string& into) {
  switch (value.type) {
    case Type::kEmpty:
      into += kEmpty;
      return;
    case Type::kString:
      (into += kString) += value.text;
      return;
    case Type::kBytes:
      (into += kBytes) += value.text;
      return;
    case Type::kBool:
      into += value.int_value != 0 ? kTrue : kFalse;
      return;
    case Type::kInt:
      into += kInt;
      return append_number(static_cast<uint64_t>(value.int_value), into);
    case Type::kDouble:
      into += kDouble;
      return append_number(std::bit_cast<uint64_t>(value.double_value), into);
    case Type::kArray:
      into += kList;
      append_members(value, into);
      into += kListEnd;
      return;
    case Type::kKvlist:
      into += kMap;
      append_members(value, into);
      into += kMapEnd;
      return;
  }
}

}  // namespace

uint64_t xxh64(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  uint64_t hash = kPrime5;
  if (text.size() >= 32) {
    uint64_t lanes[4] = {kPrime1 + kPrime2, kPrime2, 0, 0 - kPrime1};
    for (; end - at >= 32; at += 32) {
      for (int i = 0; i < 4; ++i) lanes[i] = round_of(lanes[i], load64(at + size_t{8} * i));
    }
    hash = std::rotl(lanes[0], 1) + std::rotl(lanes[1], 7) + std::rotl(lanes[2], 12) +
           std::rotl(lanes[3], 18);
    for (const uint64_t lane : lanes) hash = merge(hash, lane);
  }
  hash += text.size();
  for (; end - at >= 8; at += 8) {
    hash = std::rotl(hash ^ round_of(0, load64(at)), 27) * kPrime1 + kPrime4;
  }
  if (end - at >= 4) {
    hash = std::rotl(hash ^ load32(at) * kPrime1, 23) * kPrime2 + kPrime3;
    at += 4;
  }
  for (; at < end; ++at) {
    hash = std::rotl(hash ^ static_cast<uint8_t>(*at) * kPrime5, 11) * kPrime1;
  }
  hash = (hash ^ hash >> 33) * kPrime2;
  hash = (hash ^ hash >> 29) * kPrime3;
  return hash ^ hash >> 32;
}

std::string resource_key(MessageBytes resource) {
  std::vector<Entry> entries;
  otlp::MessageReader attributes(resource, otlp::kResourceAttributes);
  for (MessageBytes attribute; attributes.next(&attribute);) add_entry(attribute, entries);
  if (entries.empty()) return std::string(16, '\0');
  std::string content;
  append_entries(std::move(entries), content);
  std::string key;
  append_number(xxh64(content), key);
  content += kExtra;
  append_number(xxh64(content), key);
  return key;
}

}  // namespace millrace::exporters::kafka
