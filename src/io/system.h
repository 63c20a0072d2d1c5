// The memory, processors and descriptors that this process may use. Read once at start-up.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

namespace millrace::io {

// Reads a small file; nullopt when it does not exist. A parameter, so that tests can simulate a
// machine or a cgroup.
using ReadSmallFile = std::function<std::optional<std::string>(const std::string& path)>;
ReadSmallFile read_small_file();

// The smaller of the machine's memory and the cgroup's limit (v2 memory.max, v1
// memory.limit_in_bytes), in bytes; 0 when neither can be read.
size_t memory_limit_bytes(const ReadSmallFile& read);

// The number of processors that this process may use: the affinity mask, bounded by the cgroup's
// quota (v2 cpu.max, v1 cpu.cfs_quota_us) rounded up; at least 1. `affinity_count` is the number
// of processors in the mask of sched_getaffinity.
unsigned usable_processor_count(const ReadSmallFile& read, unsigned affinity_count);
unsigned affinity_processor_count();

// Raises the soft limit of open descriptors to the hard limit: a shell's default is 1,024, and each
// connection takes one.
void raise_descriptor_limit();

}  // namespace millrace::io
