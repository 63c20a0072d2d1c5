#include "wire/field_search.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/bytes.h"

namespace millrace::wire {
namespace {

// Short and long forms of each wire type stand in front of the fields that are wanted.
const std::vector<uint8_t> kMessage = {0x08, 0x01, 0x08, 0x96, 0x01, 0x11, 1,    2,   3, 4, 5,
                                       6,    7,    8,    0x1a, 0x01, 'a',  0x25, 1,   2, 3, 4,
                                       0x1a, 0x81, 0x00, 'b',  0x85, 0x01, 1,    2,   3, 4, 0x2b,
                                       0x2c, 0x82, 0x01, 0x00, 0x18, 0x07, 0x0a, 0x00};

TEST(FieldSearchTest, FindsTheFieldsOfOneNumber) {
  FieldSearch search(kMessage, 3);
  Field field;
  ASSERT_TRUE(search.next(&field));
  EXPECT_EQ(field.text(), "a");
  ASSERT_TRUE(search.next(&field));
  EXPECT_EQ(field.text(), "b");
  ASSERT_TRUE(search.next(&field));
  EXPECT_EQ(field.value, 7u);
  EXPECT_FALSE(search.next(&field));
}

TEST(FieldSearchTest, FindsOnlyTexts) {
  FieldSearch search(kMessage, 3);
  EXPECT_EQ(as_text(search.next_len().bytes), "a");
  EXPECT_EQ(search.next_len().whole.size(), 4u);
  EXPECT_EQ(search.next_len().bytes.data(), nullptr);
  EXPECT_EQ(search.next_len().bytes.data(), nullptr);
}

TEST(FieldSearchTest, FindsTheLastField) {
  const auto position = [](uint32_t number) {
    return find_last_field(kMessage, number).data() - kMessage.data();
  };
  EXPECT_EQ(position(1), 39);
  EXPECT_EQ(position(2), 5);
  EXPECT_EQ(position(3), 37);
  EXPECT_EQ(position(4), 17);
  EXPECT_EQ(position(16), 34);
  EXPECT_TRUE(find_last_field(kMessage, 6).empty());
  // The fields in front of an invalid one are found.
  const std::vector<uint8_t> invalid = {0x08, 0x01, 0x08, 0x02, 0x12, 0x05, 'h', 'i'};
  EXPECT_EQ(find_last_field(invalid, 1).data(), invalid.data() + 2);
}

TEST(FieldSearchTest, ANumberWithATagOfTwoBytesIsFound) {
  FieldSearch search(kMessage, 16);
  Field field;
  ASSERT_TRUE(search.next(&field));
  EXPECT_EQ(field.value, 0x04030201u);
  ASSERT_TRUE(search.next(&field));
  EXPECT_TRUE(field.bytes.empty());
  EXPECT_FALSE(search.next(&field));
  // The first byte of a longer tag looks like that of a shorter one.
  const std::vector<uint8_t> longer = {0x82, 0x80, 0x01, 0x00};
  EXPECT_EQ(FieldSearch(longer, 16).next_len().bytes.data(), nullptr);
}

TEST(FieldSearchTest, EndsAtAnInvalidField) {
  const std::vector<uint8_t> message = {0x08, 0x01, 0x12, 0x05, 'h', 'i'};
  Field field;
  EXPECT_FALSE(FieldSearch(message, 2).next(&field));
  EXPECT_EQ(FieldSearch(message, 2).next_len().bytes.data(), nullptr);
  // Number 0 is not valid.
  const std::vector<uint8_t> zero = {0x00, 0x00, 0x00, 0x00};
  EXPECT_EQ(FieldSearch(zero, 16).next_len().bytes.data(), nullptr);
  EXPECT_EQ(FieldSearch(zero, 1).next_len().bytes.data(), nullptr);
}

}  // namespace
}  // namespace millrace::wire
