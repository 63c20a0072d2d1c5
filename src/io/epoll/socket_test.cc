#include "io/epoll/socket.h"

#include <gtest/gtest.h>

namespace millrace::io {
namespace {

TEST(SocketAddressTest, AnAddressIsShownAsItIsWrittenAndAMappedOneAsIpv4) {
  const auto shown = [](const std::string& text) { return to_text(*to_socket_address(text)); };
  EXPECT_EQ(shown("10.0.0.1:4317"), "10.0.0.1:4317");
  EXPECT_EQ(shown("[2001:db8::a00:1]:4317"), "[2001:db8::a00:1]:4317");
  EXPECT_EQ(shown("[::1]:4317"), "[::1]:4317");
  EXPECT_EQ(shown("[::ffff:10.0.0.1]:4317"), "10.0.0.1:4317");
  EXPECT_EQ(shown("unix:/run/a.sock"), "unix:/run/a.sock");
}

}  // namespace
}  // namespace millrace::io
