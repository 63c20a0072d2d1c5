#include "exporters/file/backup_name.h"

#include <gtest/gtest.h>

namespace millrace::exporters {
namespace {

constexpr WallTime kWhen{std::chrono::milliseconds(1'700'000'000'123)};

TEST(BackupNameTest, TimeStandsBetweenStemAndExtension) {
  EXPECT_EQ(backup_name(split_path("/var/traces.json"), kWhen, NameZone::kUtc),
            "traces-2023-11-14T22-13-20.123.json");
  EXPECT_EQ(backup_name(split_path("plain"), kWhen, NameZone::kUtc),
            "plain-2023-11-14T22-13-20.123");
}

TEST(BackupNameTest, NameGivesTheTimeBack) {
  for (const NameZone zone : {NameZone::kUtc, NameZone::kLocal}) {
    const PathParts parts = split_path("a/b.c");
    EXPECT_EQ(backup_time(parts, backup_name(parts, kWhen, zone), zone), kWhen);
  }
}

TEST(BackupNameTest, OtherFilesAreNotBackups) {
  const PathParts parts = split_path("d/traces.json");
  for (const char* name :
       {"traces.json", "traces-.json", "traces-2023-11-14T22-13-20.123.txt",
        "other-2023-11-14T22-13-20.123.json", "traces-2023-11-14T22:13:20.123.json",
        "traces-extra-2023-11-14T22-13-20.123.json", "traces-2023-11-14T22-13-20.12x.json"}) {
    EXPECT_FALSE(backup_time(parts, name, NameZone::kUtc)) << name;
  }
}

// The clean-up removes backups, and only what is one.
TEST(BackupNameTest, DigitsThatAreNoTimeAreNoBackup) {
  const PathParts parts = split_path("d/traces.json");
  for (const char* name :
       {"traces-2023-13-14T22-13-20.123.json", "traces-2023-02-30T22-13-20.123.json",
        "traces-2023-11-14T25-13-20.123.json", "traces-2023-11-14T22-60-20.123.json"}) {
    EXPECT_FALSE(backup_time(parts, name, NameZone::kUtc)) << name;
  }
}

TEST(BackupNameTest, AYearBeyondNanosecondsIsNoBackup) {
  const PathParts parts = split_path("d/traces.json");
  EXPECT_FALSE(backup_time(parts, "traces-9999-11-14T22-13-20.123.json", NameZone::kUtc));
  EXPECT_FALSE(backup_time(parts, "traces-0000-01-01T00-00-00.000.json", NameZone::kUtc));
}

TEST(BackupNameTest, PathsAreSplit) {
  EXPECT_EQ(split_path("x.json").directory, ".");
  EXPECT_EQ(split_path("/x.json").directory, "/");
  EXPECT_EQ(split_path("/a/b/x.tar.gz").directory, "/a/b");
  EXPECT_EQ(split_path("/a/b/x.tar.gz").stem, "x.tar");
  EXPECT_EQ(split_path("/a.b/x").extension, "");
}

}  // namespace
}  // namespace millrace::exporters
