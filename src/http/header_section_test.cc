#include "http/header_section.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::http {
namespace {

using Kind = HeaderSection::Kind;

// A field of `bytes` as the limit counts it.
bool add_field(HeaderSection& section, size_t bytes) {
  return section.add("name", std::string(bytes - 36, 'v'));
}

TEST(HeaderSectionTest, KeepsFieldsUpToTheLimitAndCountsTheOthers) {
  HeaderSection section(200);
  EXPECT_EQ(section.begin(Kind::kRequest), 0u);
  EXPECT_TRUE(add_field(section, 100));
  EXPECT_TRUE(add_field(section, 100));
  EXPECT_FALSE(section.is_oversized());
  EXPECT_TRUE(add_field(section, 40));
  EXPECT_TRUE(section.is_oversized());
  EXPECT_EQ(section.fields().count(), 2u);
  EXPECT_EQ(section.begin(Kind::kRequest), 240u);
  EXPECT_FALSE(section.is_oversized());
  EXPECT_EQ(section.fields().count(), 0u);
}

TEST(HeaderSectionTest, FourTimesTheLimitIsTooLargeByFar) {
  HeaderSection section(100);
  section.begin(Kind::kRequest);
  EXPECT_TRUE(add_field(section, 403));
  EXPECT_FALSE(add_field(section, 40));
}

TEST(HeaderSectionTest, TrailersAreCountedAndNotKept) {
  HeaderSection section(200);
  section.begin(Kind::kTrailers);
  EXPECT_TRUE(add_field(section, 150));
  EXPECT_EQ(section.fields().count(), 0u);
  EXPECT_TRUE(add_field(section, 100));
  EXPECT_TRUE(section.is_oversized());
}

TEST(HeaderSectionTest, MemoryIsTwiceTheFramesBesideTheFields) {
  HeaderSection section(1000);
  section.begin(Kind::kRequest);
  const size_t empty = section.memory_bytes(0);
  EXPECT_EQ(section.memory_bytes(10), empty + 20);
  section.add_frame(100);
  EXPECT_EQ(section.memory_bytes(10), empty + 220);
  section.begin(Kind::kRequest);
  EXPECT_EQ(section.memory_bytes(0), empty);
}

}  // namespace
}  // namespace millrace::http
