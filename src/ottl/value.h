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
#include <string>
#include <string_view>
#include <vector>

#include "memory/budget.h"
#include "otlp/views.h"

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
  static Value of_double(double real);
  static Value of_string(std::string_view text) { return of_text(Type::kString, text); }
  static Value of_bytes(std::string_view bytes) { return of_text(Type::kBytes, bytes); }
  static Value of_text(Type type, std::string_view text);
  static Value of_map(Map* map);
  static Value of_list(List* list);
  // The attributes in field `field_number` of a message.
  static Value of_attributes(otlp::MessageBytes message, uint32_t field_number);
  // The content of an AnyValue as received.
  static Value of_any(otlp::MessageBytes any_value);

 private:
  static Value of_number(Type type, int64_t number);
};

struct MapEntry {
  std::string_view key;
  Value value;
};
struct Map {
  std::vector<MapEntry> entries;  // in order; of two with the same key the first is meant

  Value* find(std::string_view key);
  const Value* find(std::string_view key) const;
  void erase(std::string_view key);
};
struct List {
  std::vector<Value> elements;
};

// What an expression makes while it is evaluated. Bounded by kBytesMax; more than kBytesFree is
// reserved in the budget. failed() is true when something found no room.
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
  void clear();

 private:
  bool try_grow();

  Budget* budget_;
  size_t bytes_ = 0;
  size_t granted_ = kBytesFree;
  bool was_refused_ = false;
  Reservation memory_;

  // Allocated when something is made: most of the scratches of a walk stay empty. Maps are used
  // again after clear().
  struct Made {
    std::deque<std::string> texts;
    std::deque<Map> maps;
    size_t map_count = 0;
    std::deque<List> lists;
  };
  Made& made() {
    if (made_ == nullptr) made_ = std::make_unique<Made>();
    return *made_;
  }
  std::unique_ptr<Made> made_;
};

// Visits the entries of a map, as received or made: `visit(key, value)` returns whether to go on.
template <class Visit>
void for_each_entry(const Value& map, Visit&& visit) {
  if (map.map != nullptr) {
    for (const MapEntry& entry : map.map->entries) {
      if (!visit(entry.key, entry.value)) return;
    }
    return;
  }
  otlp::MessageBytes entry;
  const auto visit_entry = [&] {
    const auto pair = otlp::KeyValueView::read(entry);
    return visit(pair.key, Value::of_any(pair.value));
  };
  if (map.field_number != 0) {
    otlp::MessageReader reader(map.wire, map.field_number);
    while (reader.next(&entry) && visit_entry()) {
    }
  } else {
    otlp::ElementReader reader(otlp::AnyValueView::read(map.wire));
    while (reader.next(&entry) && visit_entry()) {
    }
  }
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

std::optional<Value> find_entry(const Value& map, std::string_view key);
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
// Copies everything, also what was received.
Value copy_deep(const Value& value, Scratch& scratch);
size_t count_levels(const Value& value, size_t levels_max = kValueLevelsMax);

std::string_view type_name(Value::Type type);

}  // namespace millrace::ottl
