#include "segment_log/format.h"

#include <gtest/gtest.h>

#include "segment_log/block_buffer.h"
#include "segment_log/crc32c.h"

namespace millrace::segment_log {
namespace {

TEST(FormatTest, TheChecksumIsCrc32c) {
  EXPECT_EQ(crc32c(as_span("123456789")), 0xE3069283u);
  EXPECT_EQ(crc32c({}), 0u);
  const uint32_t pieces = crc32c_add(crc32c_add(kCrc32cStart, as_span("1234")), as_span("56789"));
  EXPECT_EQ(crc32c_finish(pieces), 0xE3069283u);
}

// The example of the document: a reader written from it reads these bytes.
TEST(FormatTest, AHeaderLiesAsTheDocumentSays) {
  const BlockHeader header{.kind = BlockKind::kRecord,
                           .signal = 2,
                           .version = 1,
                           .epoch = 0x0102030405060708,
                           .position = 0x11121314,
                           .synced = 0x21222324,
                           .body_bytes = 0x31323334,
                           .metadata_bytes = 0x41424344,
                           .body_crc = 0x51525354,
                           .count = 0x61626364,
                           .admitted_bytes = 0x71727374,
                           .time = 0x0182838485868788,
                           .id = 0x0192939495969798,
                           .targets = 0x01a2a3a4a5a6a7a8};
  uint8_t bytes[kHeaderBytes];
  encode_header(header, bytes);
  const uint8_t expected[76] = {
      'M',  'L',  'G',  'B',  2,    2,    1,    0,     // magic, kind, signal, version
      0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01,  // epoch
      0x14, 0x13, 0x12, 0x11, 0x24, 0x23, 0x22, 0x21,  // position, synced
      0x34, 0x33, 0x32, 0x31, 0x44, 0x43, 0x42, 0x41,  // body, metadata
      0x54, 0x53, 0x52, 0x51, 0x64, 0x63, 0x62, 0x61,  // CRC of the body, count
      0x74, 0x73, 0x72, 0x71, 0,    0,    0,    0,     // admitted bytes
      0x88, 0x87, 0x86, 0x85, 0x84, 0x83, 0x82, 0x01,  // time
      0x98, 0x97, 0x96, 0x95, 0x94, 0x93, 0x92, 0x01,  // id
      0xa8, 0xa7, 0xa6, 0xa5, 0xa4, 0xa3, 0xa2, 0x01,  // targets
      0,    0,    0,    0};
  EXPECT_TRUE(std::equal(std::begin(expected), std::end(expected), bytes));
  const std::optional<BlockHeader> again = decode_header(bytes);
  ASSERT_TRUE(again);
  uint8_t twice[kHeaderBytes];
  encode_header(*again, twice);
  EXPECT_TRUE(std::equal(bytes, bytes + kHeaderBytes, twice));
}

TEST(FormatTest, FileNamesAreExact) {
  const SegmentName name{0x1f, 0xabcdef0123456789};
  EXPECT_EQ(segment_file_name(name), "000000000000001f-abcdef0123456789.segment");
  EXPECT_EQ(parse_segment_file_name("000000000000001f-abcdef0123456789.segment"), name);
  for (const char* other :
       {"", "lock", "000000000000001F-abcdef0123456789.segment",
        "000000000000001f_abcdef0123456789.segment", "000000000000001f-abcdef0123456789.segmenu",
        "f00000000000001f-abcdef0123456789.segment", "00000000000001f-abcdef0123456789.segment",
        "000000000000001f-abcdef0123456789.quarantine"}) {
    EXPECT_FALSE(parse_segment_file_name(other)) << other;
  }
}

TEST(FormatTest, BodiesComeBackAndNoPartOfThemDoes) {
  const std::vector<NamedTarget> table = {{0, {Signal::kTraces, "traces", "otlp"}},
                                          {63, {Signal::kLogs, "logs/2", ""}}};
  const std::string targets = encode_target_table(table);
  const auto read_targets = decode_target_table(as_span(targets), 2);
  ASSERT_TRUE(read_targets);
  EXPECT_EQ((*read_targets)[1].name.pipeline, "logs/2");
  EXPECT_EQ((*read_targets)[1].id, 63);
  const std::vector<DoneRange> ranges = {{5, 7, 1}, {1000, 1, 63}};
  const std::string done = encode_done_ranges(ranges);
  EXPECT_EQ(decode_done_ranges(as_span(done), 2), ranges);
  const std::vector<IndexEntry> entries = {{1, 2, 3, 4, 5, 6}, {}, {7, 8, 9, 10, 11, UINT64_MAX}};
  const std::string index = encode_index(entries);
  EXPECT_EQ(decode_index(as_span(index), 3), entries);
  const Metadata metadata{{{"a", "b"}, {"", ""}}, "address"};
  const std::string meta = encode_metadata(metadata);
  EXPECT_EQ(meta.size(), encoded_metadata_bytes(metadata));
  EXPECT_EQ(decode_metadata(as_span(meta))->entries, metadata.entries);
  for (size_t cut = 0; cut < meta.size(); ++cut) {
    EXPECT_FALSE(decode_metadata(as_span(meta).first(cut)));
  }
  for (size_t cut = 0; cut < targets.size(); ++cut) {
    EXPECT_FALSE(decode_target_table(as_span(targets).first(cut), 2));
  }
  EXPECT_FALSE(decode_done_ranges(as_span(done).first(31), 2));
  EXPECT_FALSE(decode_index(as_span(index).first(95), 3));
}

TEST(FormatTest, ABitmapIsReadAsRanges) {
  BlockHeader header;
  header.kind = BlockKind::kDoneBitmap;
  header.id = 100;
  header.targets = uint64_t{1} << 5;
  header.count = 12;
  const std::string bits("\x07\x09", 2);
  const std::vector<DoneRange> expected = {{100, 3, 5}, {108, 1, 5}, {111, 1, 5}};
  EXPECT_EQ(decode_done_bitmap(header, as_span(bits)), expected);
  header.count = 17;
  EXPECT_FALSE(decode_done_bitmap(header, as_span(bits)));
  header.count = 12;
  header.targets = 3;
  EXPECT_FALSE(decode_done_bitmap(header, as_span(bits)));
}

TEST(FormatTest, BlocksBeginAtUnitsAndReferToPayloads) {
  BlockBuffer blocks(9, 640, 128);
  const Rope payload(Bytes::copy_of(std::string(100, 'p')));
  BlockHeader header;
  header.kind = BlockKind::kRecord;
  blocks.add_record(header, "meta", payload);
  blocks.add_record(header, "", payload);
  EXPECT_EQ(blocks.bytes(), 2 * block_bytes(104));
  std::string all;
  bool refers = false;
  for (const auto piece : blocks.pieces()) {
    all += as_text(piece);
    refers = refers || piece.data() == payload.pieces()[0].data();
  }
  EXPECT_TRUE(refers);
  ASSERT_EQ(all.size(), blocks.bytes());
  const auto second = decode_header(as_span(all).subspan(block_bytes(104)));
  ASSERT_TRUE(second);
  EXPECT_EQ(second->position * kUnit, 640 + block_bytes(104));
  EXPECT_EQ(second->synced, 2u);
  EXPECT_EQ(second->body_crc, crc32c(as_span(all).subspan(block_bytes(104) + kHeaderBytes)));
}

}  // namespace
}  // namespace millrace::segment_log
