// The contract of io::Disk, for the kernel's and the simulated implementation, and the losses that
// only the simulated one makes.
#include "io/disk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "base/bytes.h"
#include "io/sim/sim_disk.h"

namespace millrace::io {
namespace {

using ::testing::UnorderedElementsAre;

std::string read_all(DiskFile& file) {
  std::vector<uint8_t> bytes(file.size().value());
  bytes.resize(file.read_at(0, bytes).value());
  return std::string(as_text(bytes));
}

Status write_text(DiskFile& file, uint64_t offset, std::string_view text) {
  const std::span<const uint8_t> pieces[] = {as_span(text)};
  return file.write_at(offset, pieces);
}

class DiskContractTest : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (GetParam()) {
      disk_ = make_disk();
      directory_ = testing::TempDir() + "millrace_disk_test." + std::to_string(::getpid());
      std::filesystem::remove_all(directory_);
    } else {
      disk_ = std::make_unique<sim::SimDisk>(1);
      directory_ = "d";
    }
    ASSERT_TRUE(disk_->create_directories(directory_, 0750));
  }
  void TearDown() override {
    if (GetParam()) std::filesystem::remove_all(directory_);
  }
  std::string path(const std::string& name) const { return directory_ + "/" + name; }

  std::unique_ptr<Disk> disk_;
  std::string directory_;
};

TEST_P(DiskContractTest, WritesManyPiecesAtAPositionAndReadsThemBack) {
  const auto file = disk_->open(path("a"), DiskOpen::kCreate).value();
  std::vector<std::string> texts;
  std::string whole;
  for (int i = 0; i < 700; ++i) whole += texts.emplace_back(std::to_string(i));
  texts.emplace_back();
  std::vector<std::span<const uint8_t>> pieces;
  for (const std::string& text : texts) pieces.push_back(as_span(text));
  ASSERT_TRUE(file->write_at(3, pieces));
  ASSERT_TRUE(file->sync_data());
  EXPECT_EQ(read_all(*file), std::string(3, '\0') + whole);
  std::vector<uint8_t> part(10);
  EXPECT_EQ(file->read_at(3 + whole.size() - 4, part).value(), 4u);
  EXPECT_EQ(file->read_at(1'000'000, part).value(), 0u);
}

TEST_P(DiskContractTest, PreallocatedSpaceReadsAsZerosAndIsCutOff) {
  const auto file = disk_->open(path("a"), DiskOpen::kCreate).value();
  ASSERT_TRUE(file->preallocate(10'000));
  EXPECT_EQ(file->size().value(), 10'000u);
  ASSERT_TRUE(write_text(*file, 0, "begin"));
  EXPECT_EQ(read_all(*file), "begin" + std::string(9'995, '\0'));
  ASSERT_TRUE(file->truncate(5));
  EXPECT_EQ(read_all(*file), "begin");
}

TEST_P(DiskContractTest, OpensExistingAndCreatesNewFiles) {
  EXPECT_EQ(disk_->open(path("a"), DiskOpen::kRead).error().code, Code::kNotFound);
  EXPECT_EQ(disk_->open(path("a"), DiskOpen::kReadWrite).error().code, Code::kNotFound);
  ASSERT_TRUE(disk_->open(path("a"), DiskOpen::kCreate));
  EXPECT_EQ(disk_->open(path("a"), DiskOpen::kCreate).error().code, Code::kAlreadyExists);
  ASSERT_TRUE(disk_->open(path("a"), DiskOpen::kReadWrite));
}

TEST_P(DiskContractTest, RenamesRemovesAndLists) {
  for (const char* name : {"a", "b", "c"}) {
    ASSERT_TRUE(disk_->open(path(name), DiskOpen::kCreate));
  }
  ASSERT_TRUE(disk_->rename(path("a"), path("b")));
  ASSERT_TRUE(disk_->remove(path("c")));
  ASSERT_TRUE(disk_->sync_directory(directory_));
  EXPECT_THAT(disk_->list(directory_).value(), UnorderedElementsAre("b"));
  EXPECT_EQ(disk_->remove(path("c")).error().code, Code::kNotFound);
}

TEST_P(DiskContractTest, ADirectoryIsLockedOnce) {
  {
    const auto lock = disk_->lock_directory(directory_);
    ASSERT_TRUE(lock);
    EXPECT_EQ(disk_->lock_directory(directory_).error().code, Code::kFailedPrecondition);
  }
  EXPECT_TRUE(disk_->lock_directory(directory_));
}

TEST_P(DiskContractTest, ARemovedFileStaysUsableWhileItIsOpen) {
  const auto file = disk_->open(path("a"), DiskOpen::kCreate).value();
  ASSERT_TRUE(write_text(*file, 0, "text"));
  ASSERT_TRUE(disk_->remove(path("a")));
  EXPECT_EQ(read_all(*file), "text");
}

TEST_P(DiskContractTest, ARemovedDirectoryIsSeenThroughItsOpenFiles) {
  const auto file = disk_->open(path("a"), DiskOpen::kCreate).value();
  const auto lock = disk_->lock_directory(directory_).value();
  EXPECT_TRUE(file->check_in_place());
  EXPECT_TRUE(lock->check_in_place());
  if (GetParam()) {
    std::filesystem::remove_all(directory_);
  } else {
    static_cast<sim::SimDisk&>(*disk_).remove_directory(directory_);
  }
  EXPECT_TRUE(write_text(*file, 0, "text"));
  EXPECT_TRUE(file->sync_data());
  EXPECT_EQ(file->check_in_place().error().code, Code::kNotFound);
  EXPECT_EQ(lock->check_in_place().error().code, Code::kNotFound);
  EXPECT_FALSE(disk_->open(path("b"), DiskOpen::kCreate));
  EXPECT_FALSE(disk_->lock_directory(directory_));
  ASSERT_TRUE(disk_->create_directories(directory_, 0750));
  const auto other = disk_->open(path("a"), DiskOpen::kCreate).value();
  EXPECT_TRUE(disk_->lock_directory(directory_).value()->check_in_place());
  EXPECT_TRUE(other->check_in_place());
  EXPECT_FALSE(file->check_in_place());
}

TEST_P(DiskContractTest, AFileThatWasMovedIsNotInPlace) {
  const auto file = disk_->open(path("a"), DiskOpen::kCreate).value();
  ASSERT_TRUE(disk_->rename(path("a"), path("b")));
  EXPECT_FALSE(file->check_in_place());
  ASSERT_TRUE(disk_->rename(path("b"), path("a")));
  EXPECT_TRUE(file->check_in_place());
}

TEST_P(DiskContractTest, NumbersDiffer) {
  EXPECT_NE(disk_->unguessable_number(), disk_->unguessable_number());
}

INSTANTIATE_TEST_SUITE_P(Disks, DiskContractTest, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "Kernel" : "Simulated"; });

constexpr size_t kSectors = 40;

// The state of each sector after a crash: 'o' old, 'n' new, '?' a mixture.
std::string crash_after(uint64_t seed, bool with_sync) {
  sim::SimDisk disk(seed);
  Random random(seed);
  disk.put("d/a", std::string(kSectors * sim::kSectorBytes, 'o'));
  const auto file = disk.open("d/a", DiskOpen::kReadWrite).value();
  EXPECT_TRUE(write_text(*file, 0, std::string(kSectors * sim::kSectorBytes, 'n')));
  if (with_sync) EXPECT_TRUE(file->sync_data());
  disk.crash(random);
  EXPECT_FALSE(write_text(*file, 0, "dead"));
  std::string sectors;
  const std::string& content = *disk.content("d/a");
  for (size_t i = 0; i < kSectors; ++i) {
    const std::string sector = content.substr(i * sim::kSectorBytes, sim::kSectorBytes);
    const bool is_whole = sector == std::string(sim::kSectorBytes, sector[0]);
    sectors.push_back(is_whole ? sector[0] : '?');
  }
  return sectors;
}

TEST(SimDiskTest, ACrashKeepsAnySubsetOfUnsyncedSectors) {
  const std::string found = crash_after(1, false);
  EXPECT_EQ(found.find_first_not_of("on"), std::string::npos);
  EXPECT_NE(found.find("on"), std::string::npos);
  EXPECT_NE(found.find("no"), std::string::npos);
  EXPECT_EQ(found, crash_after(1, false));
  EXPECT_NE(found, crash_after(2, false));
}

TEST(SimDiskTest, ACrashKeepsSyncedData) {
  EXPECT_EQ(crash_after(1, true), std::string(kSectors, 'n'));
}

TEST(SimDiskTest, AfterAFailedSyncASecondOneDoesNotHelp) {
  int lost = 0;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    sim::SimDisk disk(seed);
    Random random(seed);
    disk.put("d/a", "old");
    const auto file = disk.open("d/a", DiskOpen::kReadWrite).value();
    ASSERT_TRUE(write_text(*file, 0, "new"));
    disk.fail_call(1, sim::SimDisk::Failure::kInputOutput);
    EXPECT_FALSE(file->sync_data());
    EXPECT_TRUE(file->sync_data());
    disk.crash(random);
    lost += *disk.content("d/a") == "old";
  }
  EXPECT_GT(lost, 3);
  EXPECT_LT(lost, 17);
}

TEST(SimDiskTest, NamesNeedASyncedDirectory) {
  int found[2] = {};
  for (uint64_t seed = 0; seed < 40; ++seed) {
    const bool with_sync = seed % 2 == 0;
    sim::SimDisk disk(seed);
    Random random(seed);
    const auto file = disk.open("d/a", DiskOpen::kCreate).value();
    ASSERT_TRUE(write_text(*file, 0, "text"));
    ASSERT_TRUE(file->sync_data());
    if (with_sync) ASSERT_TRUE(disk.sync_directory("d"));
    disk.crash(random);
    found[with_sync] += disk.content("d/a") != nullptr;
  }
  EXPECT_EQ(found[1], 20);
  EXPECT_GT(found[0], 2);
  EXPECT_LT(found[0], 18);
}

TEST(SimDiskTest, ARemovedFileMayComeBackUntilTheDirectoryIsSynced) {
  int back = 0;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    sim::SimDisk disk(seed);
    Random random(seed);
    disk.put("d/a", "text");
    ASSERT_TRUE(disk.remove("d/a"));
    disk.crash(random);
    back += disk.content("d/a") != nullptr;
  }
  EXPECT_GT(back, 2);
  EXPECT_LT(back, 18);
}

TEST(SimDiskTest, CapacityCountsAllocatedSpace) {
  sim::SimDisk disk(1);
  disk.set_capacity(1000);
  const auto file = disk.open("d/a", DiskOpen::kCreate).value();
  ASSERT_TRUE(file->preallocate(900));
  EXPECT_TRUE(write_text(*file, 0, std::string(900, 'x')));
  EXPECT_EQ(write_text(*file, 900, std::string(200, 'x')).error().code, Code::kResourceExhausted);
  EXPECT_EQ(disk.used_bytes(), 900u);
}

TEST(SimDiskTest, AfterTheLastCallNothingHasAnEffect) {
  sim::SimDisk disk(1);
  const auto file = disk.open("d/a", DiskOpen::kCreate).value();
  disk.halt_at_call(2);
  EXPECT_TRUE(write_text(*file, 0, "one"));
  EXPECT_FALSE(file->sync_data());
  EXPECT_TRUE(disk.halted());
  EXPECT_FALSE(write_text(*file, 0, "two"));
  EXPECT_FALSE(disk.remove("d/a"));
  EXPECT_EQ(*disk.content("d/a"), "one");
}

}  // namespace
}  // namespace millrace::io
