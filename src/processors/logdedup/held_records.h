// The records of one interval: of those that are the same, the first and their count.
//
// Every byte is reserved in the budget (term keyed_state) before it is kept. One worker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "memory/held_room.h"
#include "processors/logdedup/record_edit.h"
#include "processors/logdedup/record_key.h"

namespace millrace::processors::logdedup {

class HeldRecords {
 public:
  // Of one kept record, scope or resource, beside its bytes.
  static constexpr size_t kOverheadBytes = 320;

  struct Record {
    std::string bytes;
    Counted counted;
  };
  struct Scope {
    std::string scope;  // content of InstrumentationScope
    std::vector<Record> records;
    std::unordered_map<RecordKey, size_t, RecordKeyHash> by_key;
  };
  struct Group {
    std::string resource;  // content of Resource
    std::vector<Scope> scopes;
    std::unordered_map<RecordKey, size_t, RecordKeyHash> by_key;
  };

  // Room that add() may use; the caller reserves it for a whole request.
  void add_room(Reservation room) { room_.add(std::move(room)); }
  // Gives back what was not used.
  void return_room() { room_.give_back(); }

  // The scope in which the next records belong.
  Scope& scope_of(RecordKey resource_key, std::string_view resource, RecordKey scope_key,
                  std::string_view scope);
  // Counts the record. False: one like it is there already.
  template <class MakeBytes>
  bool add(Scope& scope, RecordKey key, WallTime now, const MakeBytes& make_bytes) {
    const auto [found, is_new] = scope.by_key.try_emplace(key, scope.records.size());
    if (is_new) {
      scope.records.push_back({.bytes = make_bytes(), .counted = {.first = now, .last = now}});
      room_.use(scope.records.back().bytes.size() + kOverheadBytes);
    }
    Record& record = scope.records[found->second];
    ++record.counted.count;
    record.counted.last = now;
    return is_new;
  }

  // Counted by walking.
  size_t item_count() const;
  bool empty() const { return groups_.empty(); }
  const std::vector<Group>& groups() const { return groups_; }

  // How far records have left.
  struct Cursor {
    size_t group = 0;
    size_t scope = 0;
    size_t record = 0;
  };
  bool is_end(const Cursor& cursor) const { return cursor.group == groups_.size(); }

 private:
  std::vector<Group> groups_;
  std::unordered_map<RecordKey, size_t, RecordKeyHash> by_key_;
  HeldRoom room_;
};

}  // namespace millrace::processors::logdedup
