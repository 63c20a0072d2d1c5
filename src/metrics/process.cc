#include "metrics/process.h"

#include <fcntl.h>
#include <malloc.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "metrics/otelcol_names.h"

namespace millrace::metrics {
namespace {

std::string read_own_stat() {
  const int descriptor = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return {};
  char text[1024];
  const ssize_t count = read(descriptor, text, sizeof text);
  close(descriptor);
  return count > 0 ? std::string(text, static_cast<size_t>(count)) : std::string();
}

double seconds_since_boot() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

uint64_t heap_allocated_bytes() {
  const struct mallinfo2 heap = mallinfo2();
  return heap.uordblks + heap.hblkhd;
}

uint64_t heap_system_bytes() {
  const struct mallinfo2 heap = mallinfo2();
  return heap.arena + heap.hblkhd;
}

// Fields of /proc/PID/stat behind the command's name, counted from "state" = 0 (field 3 of
// proc(5)).
constexpr size_t kUserTicks = 11;
constexpr size_t kSystemTicks = 12;
constexpr size_t kStartTicks = 19;
constexpr size_t kResidentPages = 21;

std::optional<int64_t> field(std::string_view fields, size_t index) {
  for (size_t i = 0; i < index; ++i) {
    const size_t space = fields.find(' ');
    if (space == std::string_view::npos) return std::nullopt;
    fields.remove_prefix(space + 1);
  }
  int64_t value = 0;
  const auto [end, error] = std::from_chars(fields.data(), fields.data() + fields.size(), value);
  if (error != std::errc{}) return std::nullopt;
  return value;
}

}  // namespace

ProcessSource this_process() {
  return {read_own_stat,         seconds_since_boot,   sysconf(_SC_CLK_TCK),
          sysconf(_SC_PAGESIZE), heap_allocated_bytes, heap_system_bytes};
}

std::optional<ProcessStat> parse_process_stat(const std::string& line, int64_t ticks_per_second,
                                              int64_t page_bytes) {
  // The command's name is in parentheses and may contain spaces and parentheses.
  const size_t name_end = line.rfind(") ");
  if (name_end == std::string::npos) return std::nullopt;
  const std::string_view fields = std::string_view(line).substr(name_end + 2);
  const auto user = field(fields, kUserTicks);
  const auto system = field(fields, kSystemTicks);
  const auto start = field(fields, kStartTicks);
  const auto pages = field(fields, kResidentPages);
  int64_t rss_bytes = 0;
  if (!user || !system || !start || !pages ||
      __builtin_mul_overflow(*pages, page_bytes, &rss_bytes)) {
    return std::nullopt;
  }
  const auto ticks = static_cast<double>(ticks_per_second);
  return ProcessStat{(static_cast<double>(*user) + static_cast<double>(*system)) / ticks,
                     static_cast<double>(*start) / ticks, rss_bytes};
}

ProcessMetrics::ProcessMetrics(Registry& registry, const ProcessSource& source) {
  const auto stat = [source] {
    return parse_process_stat(source.read_stat(), source.ticks_per_second, source.page_bytes)
        .value_or(ProcessStat{});
  };
  const auto counter = [&](const MetricInfo& info, std::function<double()> read) {
    handles_.push_back(registry.counter_function(info.name, info.help, {}, std::move(read)));
  };
  const auto gauge = [&](const MetricInfo& info, std::function<double()> read) {
    handles_.push_back(registry.gauge(info.name, info.help, {}, std::move(read)));
  };
  counter(kProcessCpuSeconds, [stat] { return stat().cpu_seconds; });
  counter(kProcessUptime, [stat, source] {
    return std::max(0.0, source.seconds_since_boot() - stat().start_seconds);
  });
  gauge(kProcessMemoryRss, [stat] { return static_cast<double>(stat().rss_bytes); });
  gauge(kProcessRuntimeHeapAllocBytes,
        [source] { return static_cast<double>(source.heap_allocated_bytes()); });
  gauge(kProcessRuntimeTotalSysMemoryBytes,
        [source] { return static_cast<double>(source.heap_system_bytes()); });
}

}  // namespace millrace::metrics
