// Every bit and every length of a small, complete log: two sealed segments and what is between.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "segment_log/log_fixture.h"
#include "segment_log/segment_reader.h"

namespace millrace::segment_log {
namespace {

constexpr size_t kRecords = 8;
const Options kSmall = {.directory = "d", .segment_bytes = 2048};

std::string text_of(size_t i) { return payload_of(i, 120); }

struct SmallLog {
  std::map<std::string, std::string> files;  // segments, by path
  std::set<std::string> open_of_a;           // what target a still needs
  std::set<std::string> open_of_b;
};

// Records of two targets, finishes in the segment itself and about an older one, metadata. The last
// segment is sealed by closing, or left as a crash leaves it.
enum class End : uint8_t { kClosed, kCrashed };
SmallLog make_small_log(End end) {
  io::sim::SimDisk disk(11);
  SmallLog made;
  TestLog run(disk, kSmall);
  const TargetId a = run.target("a");
  const TargetId b = run.target("b");
  auto metadata = std::make_shared<Metadata>();
  metadata->entries = {{"x-tenant", "blue"}};
  std::vector<RecordId> ids;
  for (size_t i = 0; i < kRecords; ++i) {
    ids.push_back(run.append(text_of(i), {{a, true}, {b, true}}, 1, metadata).value());
    made.open_of_a.insert(text_of(i));
    made.open_of_b.insert(text_of(i));
    run.run();
    if (i == 2) run.log->finish(a, ids[0]);
    if (i == 6) run.log->finish(b, ids[1]);
  }
  made.open_of_a.erase(text_of(0));
  made.open_of_b.erase(text_of(1));
  if (end == End::kClosed) {
    EXPECT_TRUE(run.close());
  } else {
    run.kill();
  }
  for (const std::string& path : disk.paths()) {
    if (!path.ends_with(".segment")) continue;
    std::string& content = made.files[path] = *disk.content(path);
    // Space that was allocated ahead adds nothing but time.
    if (end == End::kCrashed && path == disk.paths().back()) {
      content.resize((content.find_last_not_of('\0') / kUnit + 3) * kUnit);
    }
  }
  EXPECT_EQ(made.files.size(), 2u);
  return made;
}

struct Reopened {
  bool started = false;
  std::multiset<std::string> of_a, of_b;
  Numbers numbers;
};

Reopened reopen(const std::map<std::string, std::string>& files) {
  io::sim::SimDisk disk(12);
  for (const auto& [path, content] : files) disk.put(path, content);
  TestLog run(disk, kSmall);
  Reopened found;
  found.started = run.log != nullptr;
  if (!found.started) return found;
  for (const std::string& text : run.take_texts(run.target("a"))) found.of_a.insert(text);
  for (const std::string& text : run.take_texts(run.target("b"))) found.of_b.insert(text);
  found.numbers = run.log->numbers();
  // It goes on.
  const RecordId id = run.append("next", {{0, true}}).value();
  run.run();
  EXPECT_TRUE(run.answers.at(id));
  return found;
}

size_t missing_count(const std::set<std::string>& expected, const std::multiset<std::string>& got) {
  size_t missing = 0;
  for (const std::string& text : expected) missing += got.count(text) == 0;
  return missing;
}

bool only_what_went_in(const std::multiset<std::string>& got) {
  static const std::set<std::string> all = [] {
    std::set<std::string> texts;
    for (size_t i = 0; i < kRecords; ++i) texts.insert(text_of(i));
    return texts;
  }();
  return std::all_of(got.begin(), got.end(), [&](const std::string& text) {
    return all.contains(text) && got.count(text) == 1;
  });
}

TEST(SegmentDamageTest, TheUndamagedLogIsWhole) {
  for (const End end : {End::kClosed, End::kCrashed}) {
    const SmallLog log = make_small_log(end);
    const Reopened found = reopen(log.files);
    EXPECT_EQ(found.of_a, std::multiset<std::string>(log.open_of_a.begin(), log.open_of_a.end()));
    EXPECT_EQ(found.of_b, std::multiset<std::string>(log.open_of_b.begin(), log.open_of_b.end()));
    EXPECT_EQ(found.numbers.records_quarantined, 0u);
    EXPECT_EQ(found.numbers.torn_bytes_cut, 0u);
  }
}

class MemoryFile final : public io::DiskFile {
 public:
  explicit MemoryFile(const std::string& content) : content_(content) {}
  Result<size_t> read_at(uint64_t offset, std::span<uint8_t> into) override {
    if (offset >= content_.size()) return size_t{0};
    const size_t count = std::min<size_t>(into.size(), content_.size() - offset);
    std::copy_n(content_.begin() + static_cast<ptrdiff_t>(offset), count, into.begin());
    return count;
  }
  Status write_at(uint64_t, std::span<const std::span<const uint8_t>>) override { return {}; }
  Status sync_data() override { return {}; }
  Status preallocate(uint64_t) override { return {}; }
  Status truncate(uint64_t) override { return {}; }
  Result<uint64_t> size() override { return content_.size(); }
  Status check_in_place() override { return {}; }

 private:
  const std::string& content_;
};

// A scan sees each flipped bit, and loses just the block it is in.
TEST(SegmentDamageTest, AScanFindsEveryBitAndLosesOneBlock) {
  for (const End end : {End::kClosed, End::kCrashed}) {
    for (const auto& [path, original] : make_small_log(end).files) {
      const uint64_t epoch = parse_segment_file_name(path.substr(2))->epoch;
      std::string content = original;
      MemoryFile file(content);
      const auto ignore = [](const BlockHeader&, std::span<const uint8_t>) {};
      const size_t blocks = scan_segment(file, epoch, ignore)->valid_blocks;
      EXPECT_GE(blocks, 6u);
      for (size_t bit = 0; bit < content.size() * 8; ++bit) {
        const char mask = static_cast<char>(1 << (bit % 8));
        content[bit / 8] = static_cast<char>(content[bit / 8] ^ mask);
        const Result<Scan> scan = scan_segment(file, epoch, ignore);
        ASSERT_TRUE(scan);
        ASSERT_EQ(scan->damages.size(), 1u) << path << " bit " << bit;
        ASSERT_GE(scan->valid_blocks + 1, blocks) << path << " bit " << bit;
        ASSERT_LE(scan->damages[0].offset, bit / 8);
        ASSERT_GT(scan->damages[0].offset + scan->damages[0].bytes, bit / 8);
        content[bit / 8] = static_cast<char>(content[bit / 8] ^ mask);
      }
    }
  }
}

// One bit of each byte here; all eight take the test's time for nothing more than CRC-32C proves.
TEST(SegmentDamageTest, TheStartSetsAsideOnlyTheRecordThatWasHit) {
  for (const End end : {End::kClosed, End::kCrashed}) {
    const SmallLog log = make_small_log(end);
    size_t seen = 0;
    size_t flips = 0;
    for (const auto& [path, original] : log.files) {
      for (size_t byte = 0; byte < original.size(); ++byte) {
        std::map<std::string, std::string> files = log.files;
        files[path][byte] = static_cast<char>(original[byte] ^ 1 << (byte * 5 % 8));
        const Reopened found = reopen(files);
        ASSERT_TRUE(found.started);
        ASSERT_LE(missing_count(log.open_of_a, found.of_a), 1u) << path << " byte " << byte;
        ASSERT_LE(missing_count(log.open_of_b, found.of_b), 1u) << path << " byte " << byte;
        ASSERT_TRUE(only_what_went_in(found.of_a)) << path << " byte " << byte;
        ASSERT_TRUE(only_what_went_in(found.of_b)) << path << " byte " << byte;
        const bool is_told =
            found.numbers.records_quarantined > 0 || found.numbers.torn_bytes_cut > 0;
        const size_t missing =
            missing_count(log.open_of_a, found.of_a) + missing_count(log.open_of_b, found.of_b);
        ASSERT_TRUE(missing == 0 || is_told) << path << " byte " << byte;
        seen += is_told;
        ++flips;
      }
    }
    // What needs no reading at a start (snapshots of sealed segments) is not looked at.
    EXPECT_GT(seen * 10, flips * 6);
  }
}

TEST(SegmentDamageTest, EveryLengthStartsWithWhatIsWhole) {
  for (const End end : {End::kClosed, End::kCrashed}) {
    const SmallLog log = make_small_log(end);
    for (const auto& [path, original] : log.files) {
      size_t least_missing = kRecords;
      for (size_t size = 0; size < original.size(); ++size) {
        std::map<std::string, std::string> files = log.files;
        files[path].resize(size);
        const Reopened found = reopen(files);
        ASSERT_TRUE(found.started) << path << " size " << size;
        ASSERT_TRUE(only_what_went_in(found.of_a)) << path << " size " << size;
        ASSERT_TRUE(only_what_went_in(found.of_b)) << path << " size " << size;
        // Records that are found with fewer bytes are found with more.
        const size_t missing = missing_count(log.open_of_b, found.of_b);
        ASSERT_LE(missing, least_missing) << path << " size " << size;
        least_missing = missing;
      }
      EXPECT_EQ(least_missing, 0u);
    }
  }
}

TEST(SegmentDamageTest, DamageBeforeTheSyncedMarkIsCopiedAside) {
  SmallLog log = make_small_log(End::kCrashed);
  const std::string path = log.files.rbegin()->first;
  std::string& content = log.files[path];
  const size_t at = content.find("record ");
  ASSERT_NE(at, std::string::npos);
  content[at] = 'R';
  io::sim::SimDisk disk(12);
  for (const auto& [name, bytes] : log.files) disk.put(name, bytes);
  TestLog run(disk, kSmall);
  EXPECT_EQ(run.log->numbers().records_quarantined, 1u);
  size_t copies = 0;
  for (const std::string& name : disk.paths()) {
    if (!name.starts_with("d/quarantine-")) continue;
    ++copies;
    EXPECT_NE(disk.content(name)->find("Record "), std::string::npos);
  }
  EXPECT_EQ(copies, 1u);
}

TEST(SegmentDamageTest, WhatAClientSentIsNeverTakenForABlock) {
  // A payload that holds whole blocks of another epoch, and damage right before it.
  const SmallLog other = make_small_log(End::kClosed);
  std::string evil = std::string(kUnit - kHeaderBytes % kUnit, 'x');
  evil += other.files.begin()->second;
  io::sim::SimDisk disk(99);
  std::string path;
  {
    TestLog run(disk, {.directory = "d"});
    ASSERT_TRUE(run.append(evil, {{run.target("a"), false}}));
    ASSERT_TRUE(run.append("good", {{run.target("a"), false}}));
    run.run();
    path = disk.paths().back();
    run.kill();
  }
  disk.restart();
  const size_t at = disk.content(path)->find("xxxx");
  (*disk.content(path))[at - kHeaderBytes] ^= 1;
  TestLog run(disk, {.directory = "d"});
  EXPECT_THAT(run.take_texts(run.target("a")), ::testing::ElementsAre("good"));
}

}  // namespace
}  // namespace millrace::segment_log
