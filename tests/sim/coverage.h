// The names of events that occurred in a run of many seeds, and of those that must occur, so that a
// simulation that silently stopped simulating something fails.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/sim/scenario.h"

namespace millrace::sim_test {

// Violations, one sentence each.
using Problems = std::vector<std::string>;

class Coverage {
 public:
  // Names whose count must not be 0 at the end.
  void require(std::string name) { counts_.try_emplace(std::move(name), 0); }
  void count(const std::string& name, uint64_t times = 1) { counts_[name] += times; }
  void add(const Coverage& other) {
    for (const auto& [name, times] : other.counts_) counts_[name] += times;
  }
  std::vector<std::string> missing() const {
    std::vector<std::string> names;
    for (const auto& [name, times] : counts_) {
      if (times == 0) names.push_back(name);
    }
    return names;
  }
  const std::map<std::string, uint64_t>& counts() const { return counts_; }

 private:
  std::map<std::string, uint64_t> counts_;
};

// Requires all events that many seeds of that kind must meet.
void require_everything(SeedKind kind, Coverage& coverage);
// The number of injected faults.
uint64_t count_faults(const Coverage& coverage);
// The minimum for a seed with a disk.
inline constexpr uint64_t kFaultsMin = 3;

}  // namespace millrace::sim_test
