#include <gtest/gtest.h>

#include "receivers/zipkin/span.h"

namespace millrace::receivers::zipkin {
namespace {

TEST(ZipkinAddressTest, AddressesAreShownInTheirShortestSpelling) {
  const std::pair<std::string_view, std::string_view> kCases[] = {
      {"1.2.3.4", "1.2.3.4"},
      {"255.255.255.255", "255.255.255.255"},
      {"::", "::"},
      {"0:0:0:0:0:0:0:1", "::1"},
      {"1::", "1::"},
      {"2001:DB8:0:0:8:800:200C:417A", "2001:db8::8:800:200c:417a"},
      {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
      {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
      {"::ffff:192.0.2.1", "192.0.2.1"},
      {"::1.2.3.4", "::102:304"},
  };
  for (const auto& [text, shown] : kCases) {
    AddressText address;
    ASSERT_TRUE(parse_address(text, &address)) << text;
    EXPECT_EQ(address.text(), shown);
  }
}

TEST(ZipkinAddressTest, WhatIsNoAddressIsRefused) {
  const std::string_view kCases[] = {"",         "1.2.3", "300.1.1.1",        "01.2.3.4",
                                     "::1%eth0", "host",  "1:2:3:4:5:6:7:8:9"};
  for (const std::string_view text : kCases) {
    AddressText address;
    EXPECT_FALSE(parse_address(text, &address)) << text;
  }
  AddressText address;
  EXPECT_FALSE(parse_address(std::string(1000, '1'), &address));
  EXPECT_FALSE(parse_address(std::string_view("::\0", 3), &address));
}

}  // namespace
}  // namespace millrace::receivers::zipkin
