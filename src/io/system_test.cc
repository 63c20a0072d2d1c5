#include "io/system.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <map>

namespace millrace::io {
namespace {

ReadSmallFile machine(std::map<std::string, std::string> files) {
  return [files = std::move(files)](const std::string& path) -> std::optional<std::string> {
    const auto found = files.find(path);
    if (found == files.end()) return std::nullopt;
    return found->second;
  };
}

TEST(SystemTest, MemoryIsTheMachinesWithoutACgroup) {
  EXPECT_EQ(
      memory_limit_bytes(machine({{"/proc/meminfo", "MemTotal:   1024 kB\nMemFree: 1 kB\n"}})),
      1024U * 1024);
}

TEST(SystemTest, SmallestLimitOnTheWayToTheRootCounts) {
  const auto read = machine({{"/proc/meminfo", "MemTotal: 8000000 kB\n"},
                             {"/proc/self/cgroup", "0::/a/b\n"},
                             {"/sys/fs/cgroup/a/b/memory.max", "max\n"},
                             {"/sys/fs/cgroup/a/memory.max", "300000000\n"}});
  EXPECT_EQ(memory_limit_bytes(read), 300'000'000U);
}

TEST(SystemTest, VersionOneCgroupLimitCounts) {
  const auto read =
      machine({{"/proc/self/cgroup", "9:memory:/docker/x\n0::/\n"},
               {"/sys/fs/cgroup/memory/docker/x/memory.limit_in_bytes", "5000000\n"}});
  EXPECT_EQ(memory_limit_bytes(read), 5'000'000U);
}

TEST(SystemTest, NumbersThatOverflowAreNoLimit) {
  const std::string max = "9223372036854775807";
  const auto read = machine({{"/proc/meminfo", "MemTotal: " + max + " kB\n"},
                             {"/sys/fs/cgroup/memory.max", "4096\n"},
                             {"/sys/fs/cgroup/cpu.max", max + " " + max + "\n"}});
  EXPECT_EQ(memory_limit_bytes(read), 4096U);
  EXPECT_EQ(usable_processor_count(read, 4), 1U);
}

TEST(SystemTest, QuotaIsRoundedUpAndNeverRaisesTheAffinity) {
  const auto read =
      machine({{"/proc/self/cgroup", "0::/\n"}, {"/sys/fs/cgroup/cpu.max", "150000 100000\n"}});
  EXPECT_EQ(usable_processor_count(read, 8), 2U);
  EXPECT_EQ(usable_processor_count(read, 1), 1U);
}

TEST(SystemTest, NoQuotaLeavesTheAffinity) {
  EXPECT_EQ(usable_processor_count(machine({{"/sys/fs/cgroup/cpu.max", "max 100000\n"}}), 6), 6U);
}

TEST(SystemTest, DescriptorsAreAsManyAsAllowed) {
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &old), 0);
  rlimit low = old;
  low.rlim_cur = std::min<rlim_t>(old.rlim_cur, 256);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  raise_descriptor_limit();
  rlimit raised{};
  ::getrlimit(RLIMIT_NOFILE, &raised);
  EXPECT_EQ(raised.rlim_cur, old.rlim_max);
  ::setrlimit(RLIMIT_NOFILE, &old);
}

}  // namespace
}  // namespace millrace::io
