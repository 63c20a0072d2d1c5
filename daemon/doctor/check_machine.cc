#include "daemon/doctor/check_machine.h"

#include <openssl/crypto.h>
#include <sys/resource.h>
#include <sys/timex.h>
#include <sys/utsname.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <optional>
#include <sstream>

#include "io/system.h"

namespace millrace::doctor {
namespace {

// The program itself beside the budget (docs/reliability.md).
constexpr uint64_t kBesideBudgetBytes = 32ULL << 20;
// Each connection takes a descriptor, segments and files some more; the packaged unit has 65536.
constexpr uint64_t kFewDescriptors = 4096;
constexpr uint64_t kEnoughDescriptors = 65536;
constexpr auto kClockTolerance = std::chrono::hours(24);

std::string mib(uint64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

// "MemAvailable:    1234 kB"
uint64_t available_memory(const std::string& meminfo) {
  std::istringstream words(meminfo);
  for (std::string word; words >> word;) {
    uint64_t kibibytes = 0;
    if (word == "MemAvailable:" && words >> kibibytes) return kibibytes << 10;
  }
  return 0;
}

WallTime program_written() {
  namespace fs = std::filesystem;
  std::error_code error;
  const auto written = fs::last_write_time("/proc/self/exe", error);
  if (error) return {};
  return WallTime(std::chrono::file_clock::to_sys(written).time_since_epoch());
}

void check_clock(const MachineReadings& machine, Report& report) {
  Finding finding{.area = "machine", .subject = "clock"};
  if (machine.program_written != WallTime{} &&
      machine.now + kClockTolerance < machine.program_written) {
    finding.level = Level::kProblem;
    finding.text = "it stands before the day on which this program was made";
    finding.change = "set the clock, and keep it by NTP";
  } else if (!machine.clock_is_disciplined) {
    finding.level = Level::kWarning;
    finding.text =
        "the kernel says that nothing keeps it right (in a container this is the host's)";
    finding.change = "keep the clock by NTP (chrony, systemd-timesyncd)";
  } else {
    finding.text = "kept by NTP, as the kernel says";
  }
  report.add(std::move(finding));
}

}  // namespace

MachineReadings read_machine() {
  MachineReadings machine;
  const io::ReadSmallFile read = io::read_small_file();
  machine.memory_limit_bytes = io::memory_limit_bytes(read);
  machine.memory_available_bytes = available_memory(read("/proc/meminfo").value_or(""));
  rlimit descriptors{};
  if (getrlimit(RLIMIT_NOFILE, &descriptors) == 0) machine.descriptors_max = descriptors.rlim_max;
  machine.processors = io::usable_processor_count(read, io::affinity_processor_count());
  timex clock{};  // modes 0: only read
  const int state = adjtimex(&clock);
  machine.clock_is_disciplined = state != TIME_ERROR && (clock.status & STA_UNSYNC) == 0;
  machine.now = WallTime(std::chrono::system_clock::now());
  machine.program_written = program_written();
  utsname system{};
  if (uname(&system) == 0) machine.kernel = std::string(system.sysname) + " " + system.release;
  machine.openssl = OpenSSL_version(OPENSSL_VERSION);
  return machine;
}

void check_machine(const MachineReadings& machine, Report& report) {
  Finding files{.area = "machine", .subject = "open files"};
  files.text = std::to_string(machine.descriptors_max) + " at most, one for each connection";
  if (machine.descriptors_max < kFewDescriptors) {
    files.level = Level::kWarning;
    files.change = "raise the limit of open files to " + std::to_string(kEnoughDescriptors) +
                   " (LimitNOFILE= of the unit, ulimit -n)";
  }
  report.add(std::move(files));
  report.add({.area = "machine",
              .subject = "processors",
              .text = std::to_string(machine.processors) + ", as many workers"});
  check_clock(machine, report);
}

void check_machine(const MachineReadings& machine, uint64_t budget_bytes, Report& report) {
  Finding memory{.area = "machine", .subject = "memory"};
  const uint64_t needed = budget_bytes + kBesideBudgetBytes;
  memory.text = "a budget of " + mib(budget_bytes);
  if (machine.memory_limit_bytes == 0) {
    memory.text += "; how much the machine or the cgroup has is not known";
  } else {
    memory.text += " of " + mib(machine.memory_limit_bytes) + " (machine or cgroup)";
  }
  if (machine.memory_limit_bytes != 0 && needed > machine.memory_limit_bytes) {
    memory.level = Level::kProblem;
    memory.text += ": with the program's own " + mib(kBesideBudgetBytes) +
                   " that is more than there is, so the kernel may kill it before it refuses data";
    const uint64_t fits =
        machine.memory_limit_bytes - std::min(machine.memory_limit_bytes, kBesideBudgetBytes);
    memory.change = "let memory_limiter's limit less its spike limit be at most " + mib(fits) +
                    ", or give the cgroup more memory";
  } else if (machine.memory_available_bytes != 0 && needed > machine.memory_available_bytes) {
    memory.level = Level::kWarning;
    memory.text += "; only " + mib(machine.memory_available_bytes) + " are available now";
    memory.change = "make room in memory, or lower memory_limiter's limit";
  }
  report.add(std::move(memory));
  check_machine(machine, report);
}

void add_versions(const MachineReadings& machine, std::string_view version, Report& report) {
  report.add({.area = "versions",
              .text = "millrace " + std::string(version) + ", " + machine.openssl + ", " +
                      machine.kernel});
}

}  // namespace millrace::doctor
