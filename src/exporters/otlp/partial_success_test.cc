#include "exporters/otlp/partial_success.h"

#include <gtest/gtest.h>

#include <string>

#include "base/bytes.h"

namespace millrace::exporters {
namespace {

TEST(PartialSuccessTest, EmptyResponseIsWholeSuccess) {
  EXPECT_TRUE(parse_partial_success({})->empty());
  EXPECT_TRUE(parse_partial_success(as_span(std::string_view("\x0a\x00", 2)))->empty());
}

TEST(PartialSuccessTest, CountAndMessageAreRead) {
  const auto partial = parse_partial_success(as_span("\x0a\x07\x08\xac\x02\x12\x02no"));
  ASSERT_TRUE(partial.has_value());
  EXPECT_EQ(partial->rejected_count, 300u);
  EXPECT_EQ(partial->message, "no");
}

TEST(PartialSuccessTest, NegativeCountIsNone) {
  const std::string minus_one = "\x0a\x0b\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
  EXPECT_EQ(parse_partial_success(as_span(minus_one))->rejected_count, 0u);
}

TEST(PartialSuccessTest, UnknownFieldsAreSkipped) {
  EXPECT_EQ(parse_partial_success(as_span("\x78\x01\x0a\x05\x7a\x01x\x08\x02"))->rejected_count,
            2u);
}

TEST(PartialSuccessTest, CutAnywhereIsNoResponse) {
  const std::string whole = "\x0a\x07\x08\xac\x02\x12\x02no";
  for (size_t cut = 1; cut < whole.size(); ++cut) {
    EXPECT_FALSE(parse_partial_success(as_span(whole.substr(0, cut)))) << cut;
  }
}

}  // namespace
}  // namespace millrace::exporters
