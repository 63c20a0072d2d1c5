// The parts that targets are still owed of records that came back by untake() after the other part
// was delivered. All other records count as the index says. In memory only: after a restart a
// record counts as a whole again. One thread at a time (the log's lock).
#pragma once

#include <map>
#include <optional>
#include <utility>

#include "segment_log/log.h"

namespace millrace::segment_log {

class Remainders {
 public:
  void set(TargetId target, RecordId id, const Amount& rest) { rests_[{target, id}] = rest; }
  std::optional<Amount> find(TargetId target, RecordId id) const {
    const auto found = rests_.find({target, id});
    return found == rests_.end() ? std::optional<Amount>() : found->second;
  }
  // Returns the rest of the record, or `whole` if no rest is known.
  Amount of(TargetId target, RecordId id, const Amount& whole) const {
    const auto found = rests_.find({target, id});
    return found == rests_.end() ? whole : found->second;
  }
  void remove(TargetId target, RecordId id) { rests_.erase({target, id}); }
  void remove(TargetId target, const RecordRange& range) {
    rests_.erase(rests_.lower_bound({target, range.first}),
                 rests_.lower_bound({target, range.end}));
  }
  // The same for all targets.
  void remove(const RecordRange& range) {
    std::erase_if(rests_, [&range](const auto& entry) {
      return entry.first.second >= range.first && entry.first.second < range.end;
    });
  }
  size_t size() const { return rests_.size(); }

 private:
  std::map<std::pair<TargetId, RecordId>, Amount> rests_;
};

}  // namespace millrace::segment_log
