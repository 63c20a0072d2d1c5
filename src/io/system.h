// What this machine, container or affinity mask lets the process have. Read once at start-up.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

namespace millrace::io {

// Reads a whole small file; nullopt when it is not there. Injected so that tests can be a
// machine or a cgroup.
using ReadSmallFile = std::function<std::optional<std::string>(const std::string& path)>;
ReadSmallFile read_small_file();

// The smaller of the machine's memory and the cgroup's limit (v2 memory.max, v1
// memory.limit_in_bytes), in bytes; 0 when neither can be read.
size_t memory_limit_bytes(const ReadSmallFile& read);

// Processors this process may use: the affinity mask, bounded by the cgroup's quota (v2 cpu.max,
// v1 cpu.cfs_quota_us) rounded up; at least 1. `affinity_count` is what sched_getaffinity says.
unsigned usable_processor_count(const ReadSmallFile& read, unsigned affinity_count);
unsigned affinity_processor_count();

// Raises the number of descriptors that this process may open to what it is allowed to: a shell
// gives 1,024, and each connection takes one.
void raise_descriptor_limit();

}  // namespace millrace::io
