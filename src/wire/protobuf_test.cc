#include "wire/protobuf.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace millrace::wire {
namespace {

using Octets = std::vector<uint8_t>;

struct VarintCase {
  uint64_t value;
  Octets octets;
};
const std::vector<VarintCase>& varint_cases() {
  static const std::vector<VarintCase> kCases = {
      {0, {0x00}},
      {1, {0x01}},
      {127, {0x7f}},
      {128, {0x80, 0x01}},
      {300, {0xac, 0x02}},
      {16383, {0xff, 0x7f}},
      {16384, {0x80, 0x80, 0x01}},
      {UINT32_MAX, {0xff, 0xff, 0xff, 0xff, 0x0f}},
      {uint64_t{1} << 63, {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01}},
      {UINT64_MAX, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}},
  };
  return kCases;
}

TEST(VarintTest, TableReadsSkipsAndWrites) {
  for (const auto& [value, octets] : varint_cases()) {
    uint64_t read = 1;
    const uint8_t* const end = octets.data() + octets.size();
    EXPECT_EQ(read_varint(octets.data(), end, &read), end);
    EXPECT_EQ(read, value);
    EXPECT_EQ(skip_varint(octets.data(), end), end);
    EXPECT_EQ(varint_size(value), octets.size());
    uint8_t written[kVarintBytesMax];
    EXPECT_EQ(Octets(written, write_varint(written, value)), octets);
  }
}

TEST(VarintTest, CutAnywhereIsRefused) {
  for (const auto& [value, octets] : varint_cases()) {
    for (size_t size = 0; size < octets.size(); size++) {
      uint64_t read = 0;
      EXPECT_EQ(read_varint(octets.data(), octets.data() + size, &read), nullptr);
      EXPECT_EQ(skip_varint(octets.data(), octets.data() + size), nullptr);
    }
  }
}

TEST(VarintTest, ElevenBytesAreRefused) {
  const Octets octets = {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01};
  uint64_t read = 0;
  const uint8_t* const end = octets.data() + octets.size();
  EXPECT_EQ(read_varint(octets.data(), end, &read), nullptr);
  EXPECT_EQ(skip_varint(octets.data(), end), nullptr);
}

TEST(VarintTest, ZigZagTurnsSignsIntoLowBits) {
  EXPECT_EQ(zigzag_encode(0), 0u);
  EXPECT_EQ(zigzag_encode(-1), 1u);
  EXPECT_EQ(zigzag_encode(1), 2u);
  EXPECT_EQ(zigzag_encode(INT64_MIN), UINT64_MAX);
  for (int64_t value : {int64_t{0}, int64_t{-7}, INT64_MIN, INT64_MAX}) {
    EXPECT_EQ(zigzag_decode(zigzag_encode(value)), value);
  }
}

const uint8_t* skip_field(const Octets& octets, int depth = kDepthMax) {
  uint32_t tag = 0;
  const uint8_t* const end = octets.data() + octets.size();
  const uint8_t* at = read_tag(octets.data(), end, &tag);
  return at == nullptr ? nullptr : skip_value(tag, at, end, depth);
}

TEST(TagTest, LargestFieldNumberIsRead) {
  const Octets octets = {0xf8, 0xff, 0xff, 0xff, 0x0f};
  uint32_t tag = 0;
  ASSERT_NE(read_tag(octets.data(), octets.data() + 5, &tag), nullptr);
  EXPECT_EQ(field_number_of(tag), kFieldNumberMax);
}

struct SkipCase {
  const char* name;
  Octets octets;
  bool valid;
};

TEST(SkipTest, Table) {
  const std::vector<SkipCase> cases = {
      {"varint", {0x08, 0x96, 0x01}, true},
      {"fixed64", {0x09, 1, 2, 3, 4, 5, 6, 7, 8}, true},
      {"fixed32", {0x0d, 1, 2, 3, 4}, true},
      {"bytes", {0x0a, 0x02, 1, 2}, true},
      {"tag that is not minimal", {0x8a, 0x00, 0x00}, true},
      {"length that is not minimal", {0x0a, 0x81, 0x80, 0x00, 7}, true},
      {"empty group", {0x0b, 0x0c}, true},
      {"group with fields and a group", {0x0b, 0x10, 0x01, 0x13, 0x14, 0x0c}, true},
      {"field number 0", {0x02, 0x00}, false},
      {"wire type 6", {0x0e}, false},
      {"wire type 7", {0x0f}, false},
      {"end of no group", {0x0c}, false},
      {"group that ends another", {0x0b, 0x14}, false},
      {"field number 0 in a group", {0x0b, 0x00, 0x00, 0x0c}, false},
      {"tag over 32 bits", {0x88, 0x80, 0x80, 0x80, 0x10, 0x01}, false},
      {"tag of six bytes", {0x88, 0x80, 0x80, 0x80, 0x80, 0x00, 0x01}, false},
      {"length of six bytes", {0x0a, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00}, false},
      {"length of 2^31", {0x0a, 0x80, 0x80, 0x80, 0x80, 0x08}, false},
  };
  for (const SkipCase& c : cases) {
    const uint8_t* const wanted = c.valid ? c.octets.data() + c.octets.size() : nullptr;
    EXPECT_EQ(skip_field(c.octets), wanted) << c.name;
    for (size_t size = 0; c.valid && size < c.octets.size(); size++) {
      const Octets cut(c.octets.begin(), c.octets.begin() + static_cast<ptrdiff_t>(size));
      EXPECT_EQ(skip_field(cut), nullptr) << c.name << " cut at " << size;
    }
  }
}

TEST(SkipTest, GroupsDeeperThanTheLimitAreRefused) {
  for (const int levels : {3, 4}) {
    Octets octets(static_cast<size_t>(levels), 0x0b);
    octets.insert(octets.end(), static_cast<size_t>(levels), 0x0c);
    EXPECT_EQ(skip_field(octets, 3) != nullptr, levels == 3);
  }
}

TEST(FieldReaderTest, GivesValuesAndWholeFields) {
  const Octets octets = {0x08, 0x96, 0x01, 0x12, 0x02, 'h', 'i', 0x1d, 1, 0, 0, 0, 0x23, 0x24};
  FieldReader reader(octets);
  Field field;
  ASSERT_TRUE(reader.next(&field));
  EXPECT_TRUE(field.is(1, WireType::kVarint));
  EXPECT_EQ(field.value, 150u);
  ASSERT_TRUE(reader.next(&field));
  EXPECT_TRUE(field.is(2, WireType::kLen));
  EXPECT_EQ(field.text(), "hi");
  EXPECT_EQ(field.whole.size(), 4u);
  ASSERT_TRUE(reader.next(&field));
  EXPECT_TRUE(field.is(3, WireType::kI32));
  EXPECT_EQ(field.value, 1u);
  ASSERT_TRUE(reader.next(&field));
  EXPECT_TRUE(field.is(4, WireType::kStartGroup));
  EXPECT_FALSE(reader.next(&field));
  EXPECT_TRUE(reader.ok());
}

TEST(FieldReaderTest, StopsAtTheInvalidField) {
  const Octets octets = {0x08, 0x01, 0x12, 0x05, 'h', 'i'};
  FieldReader reader(octets);
  Field field;
  EXPECT_TRUE(reader.next(&field));
  EXPECT_FALSE(reader.next(&field));
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.position(), octets.data() + 2);
}

}  // namespace
}  // namespace millrace::wire
