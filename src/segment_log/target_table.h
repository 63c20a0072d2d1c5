// The targets of a log: their names, and which of them were asked for since the start.
// One thread at a time (the log's lock).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/check.h"
#include "segment_log/format.h"

namespace millrace::segment_log {

class TargetTable {
 public:
  // Those that segments mention. Before all other calls.
  void adopt(std::map<TargetId, TargetName> known) {
    MILLRACE_CHECK(names_.empty() && asked_ == 0);
    names_ = std::move(known);
  }
  // The target of that name, known or new, which counts as asked for. Nothing: kTargetsMax are in
  // use.
  std::optional<TargetId> ask(const TargetName& name) {
    for (const auto& [id, known] : names_) {
      if (known.signal == name.signal && known.pipeline == name.pipeline &&
          known.destination == name.destination) {
        asked_ |= uint64_t{1} << id;
        return id;
      }
    }
    TargetId id = 0;
    while (names_.contains(id)) ++id;
    if (id >= kTargetsMax) return {};
    names_.emplace(id, name);
    asked_ |= uint64_t{1} << id;
    return id;
  }
  bool is_asked(TargetId id) const { return (asked_ >> id & 1) != 0; }
  const std::map<TargetId, TargetName>& names() const { return names_; }
  std::vector<NamedTarget> table() const {
    std::vector<NamedTarget> table;
    for (const auto& [id, name] : names_) table.push_back({id, name});
    return table;
  }

 private:
  std::map<TargetId, TargetName> names_;
  uint64_t asked_ = 0;  // a bit for each
};

}  // namespace millrace::segment_log
