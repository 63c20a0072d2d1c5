#include "daemon/generate/acknowledged_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

namespace millrace::load {
namespace {

class AcknowledgedFileTest : public testing::Test {
 protected:
  ~AcknowledgedFileTest() override { std::filesystem::remove(path_); }
  Status read() {
    return read_acknowledged(
        path_, [this](NumberedId first, uint64_t count) { records_.emplace_back(first, count); });
  }
  void write(std::string_view bytes) { std::ofstream(path_, std::ios::binary) << bytes; }

  const std::string path_ = testing::TempDir() + "acknowledged." + std::to_string(getpid());
  std::vector<std::pair<NumberedId, uint64_t>> records_;
};

TEST_F(AcknowledgedFileTest, AddedRecordsAreRead) {
  auto file = AcknowledgedFile::create(path_);
  ASSERT_TRUE(file);
  file->add({.generator = 1, .sequence = 0}, 100);
  file->add({.generator = 65535, .sequence = kSequenceEnd - 7}, 7);
  ASSERT_TRUE(file->finish());
  ASSERT_TRUE(read());
  ASSERT_EQ(records_.size(), 2u);
  EXPECT_EQ(records_[0], std::pair(NumberedId(1, 0), uint64_t{100}));
  EXPECT_EQ(records_[1], std::pair(NumberedId(65535, kSequenceEnd - 7), uint64_t{7}));
}

TEST_F(AcknowledgedFileTest, AnotherFileIsRefused) {
  const std::string good("\xA7\0\1\0\0\0\0\0\0\0\0\0\0\0\0\1", 16);
  std::string too_many = good;
  too_many[8] = 1;
  std::string foreign = good;
  foreign[0] = 'x';
  for (const std::string& bytes : {good.substr(1), good + "x", too_many, foreign}) {
    write(bytes);
    const Status status = read();
    ASSERT_FALSE(status);
    EXPECT_NE(status.error().message.find("is not one of a generator"), std::string::npos);
  }
  write(good);
  EXPECT_TRUE(read());
}

TEST_F(AcknowledgedFileTest, AMissingFileIsNamed) {
  const Status status = read();
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message.find(path_), std::string::npos);
}

TEST_F(AcknowledgedFileTest, AFullDiskIsReportedByFinish) {
  auto file = AcknowledgedFile::create("/dev/full");
  ASSERT_TRUE(file);
  file->add({.generator = 1, .sequence = 0}, 1);
  EXPECT_FALSE(file->finish());
}

}  // namespace
}  // namespace millrace::load
