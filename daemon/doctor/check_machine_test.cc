#include "daemon/doctor/check_machine.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace millrace::doctor {
namespace {

constexpr uint64_t kMiB = 1 << 20;

MachineReadings healthy() {
  MachineReadings machine;
  machine.memory_limit_bytes = 4096 * kMiB;
  machine.memory_available_bytes = 3000 * kMiB;
  machine.descriptors_max = 65536;
  machine.now = WallTime(std::chrono::hours(500'000));
  machine.program_written = WallTime(std::chrono::hours(499'000));
  return machine;
}

Finding finding_of(const MachineReadings& machine, uint64_t budget, std::string_view subject) {
  Report report;
  check_machine(machine, budget, report);
  const auto found = std::ranges::find(report.findings(), subject, &Finding::subject);
  return found == report.findings().end() ? Finding{} : *found;
}

TEST(CheckMachineTest, AHealthyMachineHasNothingToChange) {
  Report report;
  check_machine(healthy(), 1024 * kMiB, report);
  EXPECT_EQ(report.count(Level::kOk), report.findings().size()) << report.to_text();
}

TEST(CheckMachineTest, ABudgetBeyondTheCgroupIsAProblem) {
  MachineReadings machine = healthy();
  machine.memory_limit_bytes = 512 * kMiB;
  const Finding memory = finding_of(machine, 500 * kMiB, "memory");
  EXPECT_EQ(memory.level, Level::kProblem);
  EXPECT_NE(memory.change.find("at most 480 MiB"), std::string::npos) << memory.change;
  EXPECT_EQ(finding_of(machine, 480 * kMiB, "memory").level, Level::kOk);
}

TEST(CheckMachineTest, MemoryThatOthersHaveIsAWarning) {
  MachineReadings machine = healthy();
  machine.memory_available_bytes = 100 * kMiB;
  EXPECT_EQ(finding_of(machine, 1024 * kMiB, "memory").level, Level::kWarning);
}

TEST(CheckMachineTest, FewDescriptorsAreAWarning) {
  MachineReadings machine = healthy();
  machine.descriptors_max = 1024;
  const Finding files = finding_of(machine, kMiB, "open files");
  EXPECT_EQ(files.level, Level::kWarning);
  EXPECT_NE(files.change.find("65536"), std::string::npos);
}

TEST(CheckMachineTest, AClockBeforeTheProgramIsAProblemAndALooseOneAWarning) {
  MachineReadings machine = healthy();
  machine.clock_is_disciplined = false;
  EXPECT_EQ(finding_of(machine, kMiB, "clock").level, Level::kWarning);
  machine.now = machine.program_written - std::chrono::hours(25);
  EXPECT_EQ(finding_of(machine, kMiB, "clock").level, Level::kProblem);
}

TEST(CheckMachineTest, ThisMachineCanBeRead) {
  const MachineReadings machine = read_machine();
  EXPECT_GT(machine.memory_limit_bytes, 0u);
  EXPECT_GT(machine.descriptors_max, 0u);
  EXPECT_NE(machine.program_written, WallTime{});
  EXPECT_TRUE(machine.kernel.starts_with("Linux ")) << machine.kernel;
}

}  // namespace
}  // namespace millrace::doctor
