#include "daemon/doctor/check_disks.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>

namespace millrace::doctor {
namespace {

namespace fs = std::filesystem;
constexpr uint64_t kMiB = 1 << 20;

class CheckDisksTest : public testing::Test {
 protected:
  CheckDisksTest() {
    std::string name = (fs::temp_directory_path() / "millrace-doctor.XXXXXX").string();
    folder = mkdtemp(name.data());
  }
  ~CheckDisksTest() override { fs::remove_all(folder); }

  static Finding judge(DiskReadings disk, uint64_t bytes_max = 0) {
    return judge_disk({.what = "s", .directory = "/q", .is_storage = true, .bytes_max = bytes_max},
                      Result<DiskReadings>(std::move(disk)));
  }
  static DiskReadings roomy() {
    return {.directory = "/q", .free_bytes = 100'000 * kMiB, .free_files = 1000, .files = 2000};
  }

  fs::path folder;
};

TEST_F(CheckDisksTest, SyncsAreTimedAndNothingIsLeft) {
  const auto disk = read_disk({.what = "s", .directory = folder.string(), .is_storage = true});
  ASSERT_TRUE(disk) << disk.error().message;
  EXPECT_GT(disk->free_bytes, 0u);
  ASSERT_TRUE(disk->sync_p50);
  EXPECT_LE(*disk->sync_p50, *disk->sync_max);
  EXPECT_TRUE(fs::is_empty(folder));
}

TEST_F(CheckDisksTest, OfADirectoryThatIsMissingTheNearestIsLookedAt) {
  const auto disk =
      read_disk({.what = "s", .directory = (folder / "a/b").string(), .is_storage = true});
  ASSERT_TRUE(disk) << disk.error().message;
  EXPECT_EQ(disk->directory, folder.string());
  EXPECT_FALSE(disk->sync_p50);
  EXPECT_TRUE(fs::is_empty(folder));
}

TEST_F(CheckDisksTest, ADirectoryThatCannotBeWrittenIsAProblem) {
  if (geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  fs::permissions(folder, fs::perms::owner_read | fs::perms::owner_exec);
  const WrittenPlace place{.what = "s", .directory = folder.string(), .is_storage = true};
  const Finding finding = judge_disk(place, read_disk(place));
  EXPECT_EQ(finding.level, Level::kProblem);
  EXPECT_NE(finding.change.find(folder.string()), std::string::npos);
  fs::permissions(folder, fs::perms::owner_all);
}

TEST_F(CheckDisksTest, LittleSpaceIsAWarningAndNoneAProblem) {
  EXPECT_EQ(judge(roomy()).level, Level::kOk);
  DiskReadings disk = roomy();
  disk.free_bytes = 500 * kMiB;
  EXPECT_EQ(judge(disk).level, Level::kWarning);
  disk.free_bytes = 10 * kMiB;
  EXPECT_EQ(judge(disk).level, Level::kProblem);
  disk = roomy();
  disk.free_files = 0;
  EXPECT_EQ(judge(disk).level, Level::kProblem);
  disk.files = 0;  // the file system does not count them
  EXPECT_EQ(judge(disk).level, Level::kOk);
}

TEST_F(CheckDisksTest, MoreAllowedThanThereIsIsAWarning) {
  const Finding finding = judge(roomy(), 200'000 * kMiB);
  EXPECT_EQ(finding.level, Level::kWarning);
  EXPECT_NE(finding.change.find("max_size"), std::string::npos) << finding.change;
}

TEST_F(CheckDisksTest, SlowSyncsAndMemoryAreWarnings) {
  DiskReadings disk = roomy();
  disk.sync_p50 = 30ms;
  disk.sync_max = 400ms;
  const Finding finding = judge(disk);
  EXPECT_EQ(finding.level, Level::kWarning);
  EXPECT_NE(finding.text.find("30.0 ms, at most 400.0 ms"), std::string::npos) << finding.text;
  disk = roomy();
  disk.is_in_memory = true;
  EXPECT_EQ(judge(disk).level, Level::kWarning);
}

}  // namespace
}  // namespace millrace::doctor
