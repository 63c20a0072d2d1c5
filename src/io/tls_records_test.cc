#include "io/tls_records.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace millrace::io {
namespace {

class TlsRecordsTest : public ::testing::Test {
 protected:
  void add(size_t size) {
    texts_.emplace_back(size, static_cast<char>('a' + texts_.size()));
    whole_ += texts_.back();
  }
  std::optional<size_t> cut(size_t room = SIZE_MAX, size_t records_max = SIZE_MAX) {
    std::vector<iovec> pieces;
    for (std::string& text : texts_) pieces.push_back({text.data(), text.size()});
    return cut_records(
        pieces, [&](size_t gathered) { return encrypted_.size() + gathered < room; },
        [&](std::span<const uint8_t> record) {
          if (sizes_.size() == records_max) return false;
          sizes_.push_back(record.size());
          starts_.push_back(record.data());
          encrypted_.append(reinterpret_cast<const char*>(record.data()), record.size());
          return true;
        });
  }

  std::vector<std::string> texts_;
  std::string whole_;
  std::string encrypted_;
  std::vector<size_t> sizes_;
  std::vector<const uint8_t*> starts_;
};

TEST_F(TlsRecordsTest, SmallPiecesShareARecord) {
  for (const size_t size : {9, 300, 5, 0, 1000}) add(size);
  EXPECT_EQ(cut(), whole_.size());
  EXPECT_EQ(sizes_, std::vector<size_t>{whole_.size()});
  EXPECT_EQ(encrypted_, whole_);
}

TEST_F(TlsRecordsTest, WholeRecordsOfALargePieceAreNotCopied) {
  add(3 * kTlsRecordBytes + 7);
  EXPECT_EQ(cut(), whole_.size());
  EXPECT_EQ(sizes_, (std::vector<size_t>{kTlsRecordBytes, kTlsRecordBytes, kTlsRecordBytes, 7}));
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(reinterpret_cast<const char*>(starts_[i]), texts_[0].data() + i * kTlsRecordBytes);
  }
  EXPECT_EQ(encrypted_, whole_);
}

TEST_F(TlsRecordsTest, APieceFillsTheRecordBeforeIt) {
  add(100);
  add(2 * kTlsRecordBytes);
  EXPECT_EQ(cut(), whole_.size());
  EXPECT_EQ(sizes_, (std::vector<size_t>{kTlsRecordBytes, kTlsRecordBytes, 100}));
  EXPECT_EQ(encrypted_, whole_);
}

TEST_F(TlsRecordsTest, TakesNoMoreWhenThereIsNoRoom) {
  for (int i = 0; i < 4; ++i) add(kTlsRecordBytes);
  EXPECT_EQ(cut(2 * kTlsRecordBytes), 2 * kTlsRecordBytes);
  EXPECT_EQ(encrypted_, whole_.substr(0, 2 * kTlsRecordBytes));
}

TEST_F(TlsRecordsTest, AFailureIsReported) {
  add(2 * kTlsRecordBytes);
  EXPECT_EQ(cut(SIZE_MAX, 1), std::nullopt);
}

}  // namespace
}  // namespace millrace::io
