#include "daemon/generate/payload_template.h"

#include <gtest/gtest.h>

#include <string>

#include "daemon/generate/numbered_id.h"

namespace millrace::load {
namespace {

constexpr WallTime kTime{Duration(1'760'000'000'123'456'789)};

std::string stamp(SlotKind kind, int64_t argument, uint64_t first) {
  Fragment fragment;
  fragment.append('<');
  fragment.append_slot(kind, argument);
  fragment.append('>');
  ChunkRef reuse;
  const PayloadTemplate payload(std::move(fragment), 1);
  return std::string(payload.make_request(0x1234, first, kTime, reuse).text());
}

TEST(PayloadTemplateTest, SlotsAreWrittenInTheirPlaces) {
  EXPECT_EQ(stamp(SlotKind::kSpanIdBytes, 2, 0x10), std::string("<\xA7\x12\x34\0\0\0\0\x12>", 10));
  EXPECT_EQ(stamp(SlotKind::kSpanIdHex, 2, 0x10), "<a712340000000012>");
  EXPECT_EQ(stamp(SlotKind::kTimeDecimal, 11, 0), "<1760000000123456800>");
  EXPECT_EQ(stamp(SlotKind::kTimeFixed64, 0, 0), std::string("<\x15\xcd\x0b\xdc\xac\xc6\x6c\x18"
                                                             ">"));
}

TEST(PayloadTemplateTest, TraceIdHoldsTheFirstItemsNumber) {
  const std::string bytes = stamp(SlotKind::kTraceIdBytes, 0, 7);
  const std::string span = stamp(SlotKind::kSpanIdBytes, 3, 7);
  const auto id = read_numbered_id(as_span(std::string_view(bytes).substr(1, 16)),
                                   as_span(std::string_view(span).substr(1, 8)));
  ASSERT_TRUE(id.has_value());
  EXPECT_EQ(*id, (NumberedId{0x1234, 10}));
  const std::string hex = stamp(SlotKind::kTraceIdHex, 0, 7);
  EXPECT_EQ(hex.substr(0, 17), "<a712340000000007");
  EXPECT_EQ(hex.size(), 34u);
}

TEST(PayloadTemplateTest, OtherIdsAreNotNumbered) {
  const std::string bytes = stamp(SlotKind::kTraceIdBytes, 0, 7).substr(1, 16);
  const std::string span = stamp(SlotKind::kSpanIdBytes, 3, 7).substr(1, 8);
  EXPECT_FALSE(read_numbered_id(as_span(bytes), {}).has_value());
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string other = bytes;
    other[i] ^= 1;
    EXPECT_FALSE(read_numbered_id(as_span(other), as_span(span)).has_value()) << i;
  }
}

TEST(PayloadTemplateTest, ChunkIsReusedAfterItsLastHolderReleasesIt) {
  Fragment fragment;
  fragment.append_slot(SlotKind::kSpanIdHex, 0);
  const PayloadTemplate payload(std::move(fragment), 1);
  ChunkRef reuse;
  Bytes first = payload.make_request(1, 1, kTime, reuse);
  const uint8_t* const place = first.data();
  const Bytes second = payload.make_request(1, 2, kTime, reuse);
  EXPECT_NE(second.data(), place);
  EXPECT_EQ(first.text(), "a700010000000001");
  EXPECT_EQ(second.text(), "a700010000000002");
  first = Bytes();
  const uint8_t* const other = second.data();
  ChunkRef only = ChunkRef(second.chunk());
  EXPECT_NE(payload.make_request(1, 3, kTime, only).data(), other);
}

TEST(PayloadTemplateTest, FreeChunkIsWrittenOver) {
  Fragment fragment;
  fragment.append_slot(SlotKind::kSpanIdHex, 0);
  const PayloadTemplate payload(std::move(fragment), 1);
  ChunkRef reuse;
  const uint8_t* const place = payload.make_request(1, 1, kTime, reuse).data();
  EXPECT_EQ(payload.make_request(1, 2, kTime, reuse).data(), place);
}

}  // namespace
}  // namespace millrace::load
