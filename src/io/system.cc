#include "io/system.h"

#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <string_view>

namespace millrace::io {
namespace {

std::optional<int64_t> leading_integer(std::string_view text) {
  const size_t start = text.find_first_not_of(" \t");
  if (start == std::string_view::npos) return std::nullopt;
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data() + start, text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  return value;
}

// The path of this process's cgroup below the mount point, from /proc/self/cgroup
// ("0::/a.slice/x").
std::string cgroup_path(const ReadSmallFile& read, std::string_view controller) {
  const std::optional<std::string> text = read("/proc/self/cgroup");
  if (!text) return "";
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    const size_t first = line.find(':');
    const size_t second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const bool wanted =
        controller.empty()
            ? controllers == ",,"
            : controllers.find("," + std::string(controller) + ",") != std::string::npos;
    if (wanted) return line.substr(second + 1) == "/" ? "" : line.substr(second + 1);
  }
  return "";
}

// Limits of parent groups apply as well, so the smallest on the way to the root is used. Inside
// a container the path in /proc may not exist below the mount; the root is then read as well.
template <class ReadLevel>
void for_each_level(std::string path, ReadLevel read_level) {
  for (;;) {
    read_level(path);
    if (path.empty()) return;
    path.resize(path.rfind('/') == std::string::npos ? 0 : path.rfind('/'));
  }
}

}  // namespace

ReadSmallFile read_small_file() {
  return [](const std::string& path) -> std::optional<std::string> {
    std::ifstream file(path);
    if (!file) return std::nullopt;
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  };
}

size_t memory_limit_bytes(const ReadSmallFile& read) {
  uint64_t limit = 0;
  auto bound_by = [&limit](int64_t bytes) {
    if (bytes <= 0) return;
    const auto found = static_cast<uint64_t>(bytes);
    limit = limit == 0 ? found : std::min(limit, found);
  };
  if (const auto meminfo = read("/proc/meminfo")) {
    const size_t at = meminfo->find("MemTotal:");
    if (at != std::string::npos) {
      const int64_t kib = leading_integer(std::string_view(*meminfo).substr(at + 9)).value_or(0);
      int64_t bytes = 0;
      bound_by(__builtin_mul_overflow(kib, 1024, &bytes) ? 0 : bytes);
    }
  }
  for_each_level(cgroup_path(read, ""), [&](const std::string& level) {
    const auto text = read("/sys/fs/cgroup" + level + "/memory.max");
    if (text) bound_by(leading_integer(*text).value_or(0));  // "max" is not a number: no limit
  });
  for_each_level(cgroup_path(read, "memory"), [&](const std::string& level) {
    const auto text = read("/sys/fs/cgroup/memory" + level + "/memory.limit_in_bytes");
    if (text) bound_by(leading_integer(*text).value_or(0));
  });
  return limit;
}

unsigned usable_processor_count(const ReadSmallFile& read, unsigned affinity_count) {
  unsigned count = std::max(1U, affinity_count);
  auto bound_by = [&count](int64_t quota, int64_t period) {
    if (quota <= 0 || period <= 0) return;
    const int64_t whole = quota / period + (quota % period != 0 ? 1 : 0);
    count = static_cast<unsigned>(std::min<int64_t>(count, whole));
  };
  for_each_level(cgroup_path(read, ""), [&](const std::string& level) {
    const auto text = read("/sys/fs/cgroup" + level + "/cpu.max");  // "200000 100000" or "max …"
    if (!text) return;
    const size_t space = text->find(' ');
    if (space == std::string::npos) return;
    bound_by(leading_integer(*text).value_or(0),
             leading_integer(std::string_view(*text).substr(space)).value_or(0));
  });
  for_each_level(cgroup_path(read, "cpu"), [&](const std::string& level) {
    const auto quota = read("/sys/fs/cgroup/cpu" + level + "/cpu.cfs_quota_us");
    const auto period = read("/sys/fs/cgroup/cpu" + level + "/cpu.cfs_period_us");
    if (quota && period) {
      bound_by(leading_integer(*quota).value_or(0), leading_integer(*period).value_or(0));
    }
  });
  return count;
}

unsigned affinity_processor_count() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return 1;
  return static_cast<unsigned>(std::max(1, CPU_COUNT(&set)));
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  static_cast<void>(::setrlimit(RLIMIT_NOFILE, &limit));  // a failure leaves the limit as it is
}

}  // namespace millrace::io
