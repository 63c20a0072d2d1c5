#include "io/address.h"

#include <gtest/gtest.h>

namespace millrace::io {
namespace {

TEST(AddressTest, IPv6IsBracketed) {
  EXPECT_EQ(format_address("10.0.0.1", 4317), "10.0.0.1:4317");
  EXPECT_EQ(format_address("::1", 0), "[::1]:0");
}

TEST(AddressTest, FormattedAddressesAreParsed) {
  EXPECT_EQ(parse_address("[fe80::1%lo]:65535"), (HostPort{"fe80::1%lo", 65535}));
  EXPECT_EQ(parse_address("collector:4317"), (HostPort{"collector", 4317}));
  EXPECT_EQ(parse_address(":4317"), (HostPort{"", 4317}));
}

TEST(AddressTest, NonsenseIsRefused) {
  for (const char* text :
       {"", "host", "host:", "host:x", "host:65536", "host:-1", "::1:80", "[::1:80", "::1]:80",
        "host:80 ", "[[::1]]:80", "[::1]]:80", "a]b:80", "[unix:/]:17"}) {
    EXPECT_FALSE(parse_address(text)) << text;
  }
}

TEST(AddressTest, OnlyNumericHostsAreNumeric) {
  EXPECT_TRUE(is_numeric_host("127.0.0.1"));
  EXPECT_TRUE(is_numeric_host("::1"));
  EXPECT_FALSE(is_numeric_host("localhost"));
  EXPECT_FALSE(is_numeric_host("[::1]"));
}

TEST(AddressTest, PeersAreIpv4AddressesAndIpv6Networks) {
  EXPECT_EQ(peer_group("10.1.2.3:4317"), "10.1.2.3");
  EXPECT_EQ(peer_group("[::ffff:10.1.2.3]:4317"), "10.1.2.3");
  EXPECT_EQ(peer_group("[2001:db8:1:2::7]:1"), peer_group("[2001:db8:1:2:ffff::9]:2"));
  EXPECT_NE(peer_group("[2001:db8:1:2::7]:1"), peer_group("[2001:db8:1:3::7]:1"));
  EXPECT_EQ(peer_group("[fe80::1%eth0]:1"), peer_group("[fe80::2]:1"));
  EXPECT_EQ(peer_group("nonsense"), "nonsense");
  EXPECT_EQ(peer_group("[nonsense]:1"), "nonsense");
  EXPECT_EQ(peer_group(""), "");
}

TEST(AddressTest, AUnixSocketHasNoPort) {
  EXPECT_TRUE(is_unix_host("unix:/run/a.sock"));
  EXPECT_FALSE(is_unix_host("unix:4317"));
  EXPECT_FALSE(is_unix_host("unix"));
  EXPECT_EQ(unix_path_of("unix:/run/a.sock"), "/run/a.sock");
  EXPECT_EQ(format_address("unix:/run/a.sock", 4317), "unix:/run/a.sock");
  EXPECT_EQ(parse_address("unix:/run/a.sock"), (HostPort{"unix:/run/a.sock", 0}));
  EXPECT_EQ(parse_address("unix:4317"), (HostPort{"unix", 4317}));
}

}  // namespace
}  // namespace millrace::io
