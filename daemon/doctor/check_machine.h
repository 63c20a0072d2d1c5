// The limits of this machine for the process: memory beside the budget, open files, processors, and
// whether the clock is right. read_machine() reads them, check_machine() judges them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/time.h"
#include "daemon/doctor/report.h"

namespace millrace::doctor {

struct MachineReadings {
  uint64_t memory_limit_bytes = 0;      // of the machine or the cgroup; 0: unknown
  uint64_t memory_available_bytes = 0;  // what the kernel could give now; 0: unknown
  uint64_t descriptors_max = 0;         // the hard limit of open files
  unsigned processors = 1;
  bool clock_is_disciplined = true;  // by NTP or the like, as the kernel says
  WallTime now{};
  WallTime program_written{};  // when the program's file was made; zero: unknown
  std::string kernel;          // "Linux 6.1.0"
  std::string openssl;
};

MachineReadings read_machine();
void check_machine(const MachineReadings& machine, uint64_t budget_bytes, Report& report);
// The same without a budget, where the configuration has mistakes.
void check_machine(const MachineReadings& machine, Report& report);
void add_versions(const MachineReadings& machine, std::string_view version, Report& report);

}  // namespace millrace::doctor
