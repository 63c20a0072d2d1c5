// Values of expressions. A value is a view: text, bytes, maps and lists that were received stay in
// the message; what an expression makes lives in a Scratch and dies with it. Copying a Value copies
// no data.
//
// One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "memory/budget.h"
#include "otlp/key_value.h"
#include "otlp/views.h"
#include "ottl/message_index.h"
#include "wire/field_search.h"

namespace millrace::ottl {

struct Map;
struct List;

struct Value {
  enum class Type : uint8_t {
    kNil,
    kBool,
    kInt,
    kDouble,
    kString,
    kBytes,
    kTime,      // number: nanoseconds since 1970
    kDuration,  // number: nanoseconds
    kTraceId,   // text: 16 bytes
    kSpanId,    // text: 8 bytes
    kMap,
    kList,
    kMessages,  // wire: messages that no expression looks into; field_number: of which field
  };
  Type type = Type::kNil;
  int16_t zone_minutes = 0;  // kTime: east of UTC, for its calendar fields and its text
  // kMap in a message: the number of the field that holds its KeyValues. 0: `wire` is an AnyValue.
  uint32_t field_number = 0;
  int64_t number = 0;  // kBool: 0 or 1
  double real = 0;
  std::string_view text;
  otlp::MessageBytes wire;  // kMap, kList: as received, if map and list are null
  Map* map = nullptr;
  List* list = nullptr;

  bool is_nil() const { return type == Type::kNil; }
  bool is(Type wanted) const { return type == wanted; }

  static Value of_bool(bool is_true) { return of_number(Type::kBool, is_true ? 1 : 0); }
  static Value of_int(int64_t number) { return of_number(Type::kInt, number); }
  static Value of_time(int64_t nanoseconds) { return of_number(Type::kTime, nanoseconds); }
  static Value of_duration(int64_t nanoseconds) { return of_number(Type::kDuration, nanoseconds); }
  static Value of_double(double real) {
    Value value;
    value.type = Type::kDouble;
    value.real = real;
    return value;
  }
  static Value of_string(std::string_view text) { return of_text(Type::kString, text); }
  static Value of_bytes(std::string_view bytes) { return of_text(Type::kBytes, bytes); }
  static Value of_text(Type type, std::string_view text) {
    Value value;
    value.type = type;
    value.text = text;
    return value;
  }
  static Value of_map(Map* map);
  static Value of_list(List* list);
  // The attributes in field `field_number` of a message.
  static Value of_attributes(otlp::MessageBytes message, uint32_t field_number);
  // The content of an AnyValue as received.
  static Value of_any(otlp::MessageBytes any_value) {
    // Nearly all: a text with a length of one byte.
    constexpr uint8_t kStringTag = 0x0a;
    if (any_value.size() >= 2 && any_value[0] == kStringTag && any_value[1] < 0x80 &&
        size_t{any_value[1]} + 2 == any_value.size()) {
      return of_string(as_text(any_value.subspan(2)));
    }
    return of_any_form(any_value);
  }

 private:
  static Value of_any_form(otlp::MessageBytes any_value);
  static Value of_number(Type type, int64_t number) {
    Value value;
    value.type = type;
    value.number = number;
    return value;
  }
};

struct MapEntry {
  std::string_view key;
  Value value;
};
// A received attribute of a map with a base that was replaced or removed.
struct EditedEntry {
  otlp::MessageBytes whole;  // the received field
  MapEntry entry;            // the entry in its place
  bool is_removed = false;
};
// A map that was made. With a base: received attributes of which some were changed (edited_map.h);
// for_each_entry() and the like know it, and to_own_map() makes a map without one.
struct Map {
  std::vector<MapEntry> entries;  // in order; of two with the same key the first is meant

  otlp::MessageBytes base;          // a message whose attributes stand in front of `entries`
  uint32_t base_field = 0;          // their field; 0: there is no base
  std::vector<EditedEntry> edited;  // in the order of the message
  MessageIndex* index = nullptr;    // of the base; null: it is searched

  bool has_base() const { return base_field != 0; }
  void clear();
  // These look at `entries` only.
  Value* find(std::string_view key);
  const Value* find(std::string_view key) const;
  void erase(std::string_view key);
};
struct List {
  std::vector<Value> elements;
};

// Values that an expression makes while it is evaluated. Bounded by kBytesMax; more than kBytesFree
// is reserved in the budget. failed() is true when something found no room.
class Scratch {
 public:
  static constexpr size_t kBytesMax = 16 << 20;
  static constexpr size_t kBytesFree = 64 << 10;

  // Null: nothing is reserved.
  explicit Scratch(Budget* budget = nullptr) : budget_(budget) {}

  std::string_view keep(std::string text);
  Map* make_map();
  List* make_list() { return &made().lists.emplace_back(); }
  bool failed() const { return bytes_ > granted_; }
  // The budget had no room.
  bool was_refused() const { return was_refused_; }
  size_t bytes() const { return bytes_; }
  // Counts memory that a map or a list is about to take.
  bool charge(size_t bytes) {
    bytes_ += bytes;
    return bytes_ <= granted_ || try_grow();
  }
  bool is_empty() const {
    return made_ == nullptr ||
           (made_->texts.empty() && made_->map_count == 0 && made_->lists.empty());
  }
  void clear() {
    if (made_ != nullptr || bytes_ != 0) forget();
  }

 private:
  bool try_grow();
  void forget();

  Budget* budget_;
  size_t bytes_ = 0;
  size_t granted_ = kBytesFree;
  bool was_refused_ = false;
  Reservation memory_;

  // Allocated when something is made: most of the scratches of a walk stay empty. Maps are used
  // again after clear().
  struct Made {
    std::deque<std::string> texts;
    std::vector<std::unique_ptr<Map>> maps;
    size_t map_count = 0;
    std::deque<List> lists;
  };
  Made& made() {
    if (made_ == nullptr) made_ = std::make_unique<Made>();
    return *made_;
  }
  std::unique_ptr<Made> made_;
};

// Visits the received attributes of a map with a base, changed or not: `visit(entry)` returns
// whether to go on. Returns false where it did not.
template <class Visit>
bool for_each_received(const Map& map, Visit&& visit) {
  if (!map.has_base()) return true;
  if (map.index != nullptr && map.index->is_ready([&] { return map.base_field; })) {
    for (const ReceivedEntry& entry : map.index->attributes()) {
      if (!visit(entry)) return false;
    }
    return true;
  }
  wire::FieldSearch search(map.base, map.base_field);
  for (wire::LenField field; (field = search.next_len()).bytes.data() != nullptr;) {
    const std::string_view key = otlp::read_key(field.bytes);
    const ReceivedEntry entry{key.data(), field.bytes.data(), field.whole.data(),
                              static_cast<uint32_t>(key.size()),
                              static_cast<uint32_t>(field.bytes.size())};
    if (!visit(entry)) return false;
  }
  return true;
}

// The same for those that are present: `visit(entry, edited)`, where `edited` is null for one that
// is as received.
template <class Visit>
bool for_each_present(const Map& map, Visit&& visit) {
  auto edited = map.edited.begin();
  return for_each_received(map, [&](const ReceivedEntry& entry) {
    if (edited == map.edited.end() || edited->whole.data() != entry.whole_data) {
      return visit(entry, static_cast<const EditedEntry*>(nullptr));
    }
    const EditedEntry& change = *edited++;
    return change.is_removed || visit(entry, &change);
  });
}

// Visits the entries of a map in order: `visit_received(KeyValue as received)` those that are, and
// `visit_made(entry)` those that were made or changed. Both return whether to go on.
template <class VisitReceived, class VisitMade>
void for_each_part(const Value& map, VisitReceived&& visit_received, VisitMade&& visit_made) {
  if (map.map == nullptr && map.field_number == 0) {
    otlp::ElementReader reader(otlp::AnyValueView::read(map.wire));
    for (otlp::MessageBytes entry; reader.next(&entry);) {
      if (!visit_received(entry)) return;
    }
    return;
  }
  if (map.map == nullptr) {
    wire::FieldSearch search(map.wire, map.field_number);
    for (otlp::MessageBytes entry; (entry = search.next_len().bytes).data() != nullptr;) {
      if (!visit_received(entry)) return;
    }
    return;
  }
  const bool goes_on =
      for_each_present(*map.map, [&](const ReceivedEntry& entry, const EditedEntry* edited) {
        return edited == nullptr ? visit_received(entry.content()) : visit_made(edited->entry);
      });
  if (!goes_on) return;
  for (const MapEntry& entry : map.map->entries) {
    if (!visit_made(entry)) return;
  }
}

// Visits the entries of a map, as received or made: `visit(key, value)` returns whether to go on.
template <class Visit>
void for_each_entry(const Value& map, Visit&& visit) {
  for_each_part(
      map,
      [&](otlp::MessageBytes received) {
        const auto pair = otlp::read_key_value(received);
        return visit(pair.key, Value::of_any(pair.value));
      },
      [&](const MapEntry& entry) { return visit(entry.key, entry.value); });
}

template <class Visit>
void for_each_element(const Value& list, Visit&& visit) {
  if (list.list != nullptr) {
    for (const Value& element : list.list->elements) {
      if (!visit(element)) return;
    }
    return;
  }
  otlp::ElementReader reader(otlp::AnyValueView::read(list.wire));
  for (otlp::MessageBytes element; reader.next(&element);) {
    if (!visit(Value::of_any(element))) return;
  }
}

// The first received attribute with the key that was not removed. Precondition: the map has a base.
struct ReceivedPlace {
  std::optional<ReceivedEntry> entry;  // its key may be the one that was searched
  const EditedEntry* edited = nullptr;
};
ReceivedPlace find_received(const Map& map, std::string_view key);
std::optional<Value> find_entry(const Value& map, std::string_view key);
std::optional<Value> find_element(const Value& list, int64_t index);
size_t count_entries(const Value& map);
size_t count_elements(const Value& list);

// A map or list that can be changed: one level of it is read from the message, unless it was made.
Map* to_own_map(const Value& map, Scratch& scratch);
List* to_own_list(const Value& list, Scratch& scratch);
// Copies maps and lists that were made, so that a change of one does not show in the other.
Value copy_value(const Value& value, Scratch& scratch);

// The levels of maps and lists in a value, counted up to `levels_max` + 1. Each level takes three
// of the hundred nested messages that a receiver reads, so statements may not make more than
// kValueLevelsMax.
inline constexpr size_t kValueLevelsMax = 30;
// Copies everything, also received bytes, but not those within `lasting`.
Value copy_deep(const Value& value, Scratch& scratch, otlp::MessageBytes lasting = {});
size_t count_levels(const Value& value, size_t levels_max = kValueLevelsMax);

std::string_view type_name(Value::Type type);

}  // namespace millrace::ottl
