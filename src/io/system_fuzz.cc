// For any content of the files in /proc and of the cgroups: at least one processor, no more than
// the affinity mask has, no more memory than the machine has, and no other file is read.
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "io/system.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  testing::FuzzInput input(data, size);
  const unsigned affinity = input.byte();
  std::map<std::string, std::string> files;
  for (const char* name :
       {"/proc/meminfo", "/proc/self/cgroup", "/sys/fs/cgroup/memory.max",
        "/sys/fs/cgroup/a/memory.max", "/sys/fs/cgroup/cpu.max", "/sys/fs/cgroup/a/cpu.max",
        "/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "/sys/fs/cgroup/cpu/cpu.cfs_period_us",
        "/sys/fs/cgroup/memory/a/memory.limit_in_bytes"}) {
    if (input.flag()) files[name] = input.text();
  }
  size_t reads = 0;
  const auto read = [&](const std::string& path) -> std::optional<std::string> {
    MILLRACE_CHECK(path.starts_with("/proc/") || path.starts_with("/sys/fs/cgroup"));
    ++reads;
    const auto found = files.find(path);
    return found == files.end() ? std::nullopt : std::optional(found->second);
  };
  const unsigned count = io::usable_processor_count(read, affinity);
  MILLRACE_CHECK(count >= 1 && count <= std::max(1U, affinity));
  const size_t limit = io::memory_limit_bytes(read);
  std::map<std::string, std::string> machine_only;
  if (files.contains("/proc/meminfo")) machine_only["/proc/meminfo"] = files["/proc/meminfo"];
  files = machine_only;
  const size_t machine = io::memory_limit_bytes(read);
  MILLRACE_CHECK(machine == 0 || (limit > 0 && limit <= machine));
  MILLRACE_CHECK(reads < 2000);
  return 0;
}
