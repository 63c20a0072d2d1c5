#include "segment_log/segment_scan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "segment_log/log_fixture.h"

namespace millrace::segment_log {
namespace {

// A segment of three records for one target, the first of which is done; as a crash leaves it.
class SegmentScanTest : public ::testing::Test {
 protected:
  explicit SegmentScanTest(const Options& options = {}) {
    TestLog run(disk_, options);
    target_ = run.target("a");
    for (size_t i = 0; i < 3; ++i) {
      ids_.push_back(run.append(payload_of(i, 300), {{target_, true}}).value());
      run.run();
    }
    run.log->finish(target_, ids_[0]);
    ids_.push_back(run.append(payload_of(3, 300), {{target_, true}}).value());
    run.run();
    run.kill();
    for (const std::string& path : disk_.paths()) {
      if (path.ends_with(".segment")) path_ = path;
    }
  }

  ScannedSegment scan() {
    const auto file = disk_.open(path_, io::DiskOpen::kRead).value();
    const auto name = parse_segment_file_name(path_.substr(path_.rfind('/') + 1));
    EXPECT_TRUE(name.has_value());
    return read_blocks(*file, *name, name->epoch).value();
  }
  void damage(size_t offset) { (*disk_.content(path_))[offset] ^= 1; }

  io::sim::SimDisk disk_{1};
  TargetId target_ = 0;
  std::vector<RecordId> ids_;
  std::string path_;
};

TEST_F(SegmentScanTest, FindsRecordsTargetsAndWhatIsDone) {
  const ScannedSegment scanned = scan();
  EXPECT_EQ(scanned.segment->first_id(), ids_.front());
  EXPECT_EQ(scanned.segment->end_id(), ids_.back() + 1);
  for (const IndexEntry& entry : scanned.segment->take_index()) {
    EXPECT_NE(entry.position, 0u);
    EXPECT_EQ(entry.payload_bytes, payload_of(0, 300).size());
  }
  ASSERT_EQ(scanned.targets.size(), 1u);
  EXPECT_EQ(scanned.targets[0].id, target_);
  EXPECT_THAT(scanned.done, testing::Contains(DoneRange{ids_[0], 1, target_}));
  EXPECT_TRUE(scanned.snapshot_is_whole);
}

TEST_F(SegmentScanTest, ADamagedRecordIsMissedAndThoseBehindItAreFound) {
  damage(disk_.content(path_)->find(payload_of(1, 300)) + 10);
  const ScannedSegment scanned = scan();
  const std::vector<IndexEntry> index = scanned.segment->take_index();
  ASSERT_EQ(index.size(), ids_.back() - ids_.front() + 1);
  EXPECT_EQ(index[ids_[1] - ids_[0]].position, 0u);
  EXPECT_NE(index[ids_[2] - ids_[0]].position, 0u);
  EXPECT_THAT(scanned.scan.damages, testing::Not(testing::IsEmpty()));
  EXPECT_TRUE(scanned.snapshot_is_whole);
}

// The head, and the table of targets twice.
TEST_F(SegmentScanTest, ASnapshotWithAnyBlockDamagedIsNotWhole) {
  size_t block = 0;
  for (int i = 0; i < 3; ++i) {
    damage(block + 4);
    const ScannedSegment scanned = scan();
    EXPECT_FALSE(scanned.snapshot_is_whole) << i;
    EXPECT_EQ(scanned.segment->end_id(), ids_.back() + 1);
    damage(block + 4);  // is whole again
    const auto* const bytes = reinterpret_cast<const uint8_t*>(disk_.content(path_)->data());
    block += block_bytes(decode_header({bytes + block, kHeaderBytes}).value().body_bytes);
  }
}

TEST_F(SegmentScanTest, DamageBeforeTheSyncedMarkIsNotTorn) {
  damage(4);
  const Scan scanned = scan().scan;
  ASSERT_THAT(scanned.damages, testing::Not(testing::IsEmpty()));
  EXPECT_EQ(scanned.damages[0].offset, 0u);
  EXPECT_FALSE(scanned.is_torn(scanned.damages[0]));
}

class UnsyncedSegmentScanTest : public SegmentScanTest {
 protected:
  UnsyncedSegmentScanTest() : SegmentScanTest({.fsync = false}) {}
};

TEST_F(UnsyncedSegmentScanTest, DamageOfTheFirstByteIsTorn) {
  damage(4);
  const Scan scanned = scan().scan;
  ASSERT_THAT(scanned.damages, testing::Not(testing::IsEmpty()));
  EXPECT_EQ(scanned.damages[0].offset, 0u);
  EXPECT_TRUE(scanned.is_torn(scanned.damages[0]));
}

TEST_F(SegmentScanTest, BlocksOfAnotherEpochAreNotRead) {
  const auto file = disk_.open(path_, io::DiskOpen::kRead).value();
  const auto name = parse_segment_file_name(path_.substr(path_.rfind('/') + 1));
  const ScannedSegment scanned = read_blocks(*file, *name, name->epoch + 1).value();
  EXPECT_EQ(scanned.segment->count(), 0u);
  EXPECT_EQ(scanned.scan.valid_blocks, 0u);
}

}  // namespace
}  // namespace millrace::segment_log
