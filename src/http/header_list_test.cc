#include "http/header_list.h"

#include <gtest/gtest.h>

namespace millrace::http {
namespace {

TEST(HeaderListTest, KnownAndOtherFieldsAreFound) {
  HeaderList list;
  list.append(":path", "/v1/traces");
  list.append_mixed_case("Content-Type", "application/json");
  list.append("x-tenant", "a");
  list.append("x-tenant", "b");
  EXPECT_EQ(list.find(KnownField::kPath), "/v1/traces");
  EXPECT_EQ(list.find(KnownField::kContentType), "application/json");
  EXPECT_EQ(list.find("content-type"), "application/json");
  EXPECT_EQ(list.find("x-tenant"), "a");
  EXPECT_FALSE(list.has(KnownField::kTe));
  EXPECT_EQ(list.count(), 4u);
  EXPECT_EQ(list.at(3).value, "b");
}

TEST(HeaderListTest, TheFirstOfSeveralFieldsIsFound) {
  HeaderList list;
  list.append("te", "first");
  list.append("te", "second");
  EXPECT_EQ(list.find(KnownField::kTe), "first");
  EXPECT_TRUE(list.has(KnownField::kTe));
  EXPECT_EQ(list.size_bytes(), 2u + 5 + 2 + 6 + 2 * 32);
}

TEST(HeaderListTest, NamesOfMixedCaseAreLowered) {
  HeaderList list;
  list.append_mixed_case("X-[aZA@z", "Value");
  EXPECT_EQ(list.at(0).name, "x-[aza@z");
  EXPECT_EQ(list.at(0).value, "Value");
}

TEST(HeaderListTest, ReleaseKeepsASmallBuffer) {
  HeaderList list;
  list.append("a", "b");
  list.release();
  EXPECT_EQ(list.count(), 1u);
}

TEST(HeaderListTest, ClearForgetsEverything) {
  HeaderList list;
  list.append("te", "trailers");
  list.clear();
  EXPECT_FALSE(list.has(KnownField::kTe));
  EXPECT_EQ(list.count(), 0u);
  EXPECT_EQ(list.size_bytes(), 0u);
}

// The buffer was assigned an empty string, which keeps the memory of the one before.
TEST(HeaderListTest, ReleaseGivesTheMemoryOfALongSectionBack) {
  HeaderList list;
  list.append("x", std::string(100'000, 'a'));
  list.release();
  EXPECT_LE(list.memory_bytes(), 4096u);
  EXPECT_EQ(list.count(), 0u);
}

}  // namespace
}  // namespace millrace::http
