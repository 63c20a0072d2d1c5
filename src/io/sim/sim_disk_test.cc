#include "io/sim/sim_disk.h"

#include <gtest/gtest.h>

#include <array>
#include <set>

#include "base/bytes.h"

namespace millrace::io::sim {
namespace {

Status write(DiskFile& file, uint64_t offset, const std::string& text) {
  const std::array pieces = {as_span(text)};
  return file.write_at(offset, pieces);
}

TEST(SectorSetTest, AgreesWithASetOfNumbers) {
  Random random(1);
  for (int round = 0; round < 200; ++round) {
    SectorSet sectors;
    std::set<uint64_t> expected;
    for (int i = 0; i < 10; ++i) {
      const uint64_t first = random.below(300);
      const uint64_t end = first + random.below(200);
      sectors.add(first, end);
      for (uint64_t sector = first; sector < end; ++sector) expected.insert(sector);
    }
    std::vector<uint64_t> found;
    sectors.for_each([&](uint64_t sector) { found.push_back(sector); });
    ASSERT_EQ(found, std::vector<uint64_t>(expected.begin(), expected.end()));
    sectors.clear();
    sectors.for_each([&](uint64_t) { FAIL() << "nothing is left"; });
  }
}

TEST(SimDiskTest, MishapsAreCountedByKindOfCall) {
  SimDisk disk(1);
  auto file = disk.open("/d/a", DiskOpen::kCreate);
  ASSERT_TRUE(file);
  disk.fail_call(1, SimDisk::Failure::kInputOutput);
  EXPECT_FALSE((*file)->sync_data());
  disk.fail_call(1, SimDisk::Failure::kNoSpace);
  EXPECT_FALSE(disk.open("/d/b", DiskOpen::kCreate));
  // Reading needs no space.
  disk.fail_call(1, SimDisk::Failure::kNoSpace);
  EXPECT_FALSE((*file)->size());
  disk.set_capacity(10);
  EXPECT_FALSE(write(**file, 0, std::string(11, 'x')));
  disk.halt_at_call(1);
  EXPECT_FALSE(disk.remove("/d/a"));
  EXPECT_FALSE(disk.remove("/d/a")) << "the process has ended";
  const std::map<std::string, uint64_t> expected = {{"input_output.sync", 1},
                                                    {"no_space.create", 1},
                                                    {"input_output.size", 1},
                                                    {"full", 1},
                                                    {"last_call.remove", 1}};
  EXPECT_EQ(disk.mishaps(), expected);
}

TEST(SimDiskTest, ACrashTearsUnsyncedDataAndCountsIt) {
  SimDisk disk(1);
  auto file = disk.open("/d/a", DiskOpen::kCreate);
  ASSERT_TRUE(file);
  ASSERT_TRUE(write(**file, 0, std::string(64 * kSectorBytes, 'a')));
  ASSERT_TRUE((*file)->sync_data());
  ASSERT_TRUE(disk.sync_directory("/d"));
  ASSERT_TRUE(write(**file, 0, std::string(64 * kSectorBytes, 'b')));
  Random random(1);
  disk.crash(random);
  const std::string found = *disk.content("/d/a");
  uint64_t lost = 0;
  for (size_t at = 0; at < found.size(); at += kSectorBytes) {
    const std::string sector = found.substr(at, kSectorBytes);
    ASSERT_TRUE(sector == std::string(kSectorBytes, 'a') ||
                sector == std::string(kSectorBytes, 'b'));
    lost += sector[0] == 'a';
  }
  EXPECT_GT(lost, 0u);
  EXPECT_LT(lost, 64u);
  EXPECT_EQ(disk.mishaps()["lost_sector"], lost);
  EXPECT_EQ(disk.mishaps()["torn_file"], 1u);
}

TEST(SimDiskTest, UnsyncedNamesMayBeLostOrComeBack) {
  uint64_t lost = 0;
  uint64_t back = 0;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    SimDisk disk(seed);
    disk.put("/d/old", "x");
    ASSERT_TRUE(disk.open("/d/new", DiskOpen::kCreate));
    ASSERT_TRUE(disk.remove("/d/old"));
    Random random(seed);
    disk.crash(random);
    lost += disk.mishaps()["lost_name"];
    back += disk.mishaps()["name_came_back"];
    EXPECT_EQ(disk.content("/d/new") == nullptr, disk.mishaps()["lost_name"] == 1);
    EXPECT_EQ(disk.content("/d/old") != nullptr, disk.mishaps()["name_came_back"] == 1);
  }
  EXPECT_GT(lost, 0u);
  EXPECT_GT(back, 0u);
}

}  // namespace
}  // namespace millrace::io::sim
