#include "config/memory_limiter.h"

#include <algorithm>
#include <string>

namespace millrace::config {

uint64_t MemoryLimiterConfig::hard_limit_bytes(uint64_t memory_total) const {
  if (limit_mib > 0) return static_cast<uint64_t>(limit_mib) << 20;
  return memory_total / 100 * static_cast<uint64_t>(limit_percentage);
}

uint64_t MemoryLimiterConfig::soft_limit_bytes(uint64_t memory_total) const {
  const uint64_t limit = hard_limit_bytes(memory_total);
  uint64_t spike = limit / 5;
  if (limit_mib > 0 && spike_limit_mib > 0) {
    spike = static_cast<uint64_t>(spike_limit_mib) << 20;
  } else if (limit_mib == 0 && spike_limit_percentage > 0) {
    spike = memory_total / 100 * static_cast<uint64_t>(spike_limit_percentage);
  }
  return limit - std::min(spike, limit);
}

void read_memory_limiter(Section& section, MemoryLimiterConfig& into) {
  constexpr int64_t kMibMax = int64_t{1} << 40;
  section.means("check_interval", "nothing: every reservation of memory is a check");
  for (const char* key :
       {"limit_mib", "limit_percentage", "spike_limit_mib", "spike_limit_percentage"}) {
    section.means(key, "the process's one memory budget, reserved before a request is read");
  }
  section.duration("check_interval", &into.check_interval);
  section.integer("limit_mib", &into.limit_mib, {0, kMibMax});
  section.integer("limit_percentage", &into.limit_percentage, {0, 100});
  section.integer("spike_limit_mib", &into.spike_limit_mib, {0, kMibMax});
  section.integer("spike_limit_percentage", &into.spike_limit_percentage, {0, 100});
  for (const char* key :
       {"min_gc_interval_when_soft_limited", "min_gc_interval_when_hard_limited",
        "max_gc_interval_when_soft_limited", "max_gc_interval_when_hard_limited"}) {
    section.ignored(key, "there is no garbage collector here");
  }
  if (into.check_interval == Duration(0)) {
    section.error_at("check_interval", "must be given and more than zero, for example 1s");
  }
  if (into.limit_mib == 0 && into.limit_percentage == 0) {
    section.error("needs limit_mib or limit_percentage");
  }
  if (into.limit_mib > 0 && into.spike_limit_mib >= into.limit_mib) {
    section.error_at("spike_limit_mib",
                     "must be smaller than limit_mib (" + std::to_string(into.limit_mib) + ")");
  }
  if (into.limit_mib == 0 && into.limit_percentage > 0 &&
      into.spike_limit_percentage >= into.limit_percentage) {
    section.error_at("spike_limit_percentage", "must be smaller than limit_percentage (" +
                                                   std::to_string(into.limit_percentage) + ")");
  }
}

}  // namespace millrace::config
