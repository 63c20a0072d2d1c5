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

TEST(HeaderListTest, ClearForgetsEverything) {
  HeaderList list;
  list.append("te", "trailers");
  list.clear();
  EXPECT_FALSE(list.has(KnownField::kTe));
  EXPECT_EQ(list.count(), 0u);
  EXPECT_EQ(list.size_bytes(), 0u);
}

}  // namespace
}  // namespace millrace::http
