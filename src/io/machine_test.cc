#include "io/machine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "io/testing/loop_pair.h"

namespace millrace::io {
namespace {

TEST(MachineTest, KernelHasNames) {
  const SystemName name = system_name();
  EXPECT_EQ(name.system, "Linux");
  EXPECT_FALSE(name.host.empty());
  EXPECT_FALSE(name.release.empty());
  EXPECT_FALSE(name.machine.empty());
}

TEST(MachineTest, LoopbackHasItsAddressAndNoHardwareAddress) {
  const auto interfaces = network_interfaces();
  ASSERT_TRUE(interfaces);
  const auto loopback = std::ranges::find_if(
      *interfaces, [](const NetworkInterface& each) { return each.is_loopback; });
  if (loopback == interfaces->end()) GTEST_SKIP() << "this machine has no loopback";
  EXPECT_EQ(loopback->hardware_address, "");
  if (!loopback->addresses.empty()) {
    EXPECT_EQ(loopback->addresses.front(), "127.0.0.1");
  }
}

TEST(MachineTest, NameIsDeliveredOnTheLoop) {
  const auto loops = testing::make_epoll_pair();
  std::optional<Result<std::string>> got;
  const auto lookup = look_up_name(loops->client(), NameSource::kCanonical, "127.0.0.1",
                                   [&](Result<std::string> name) { got = std::move(name); });
  EXPECT_FALSE(got.has_value());
  ASSERT_TRUE(loops->run_until([&] { return got.has_value(); }));
  ASSERT_TRUE(*got) << got->error().message;
  EXPECT_EQ(**got, "127.0.0.1");
}

TEST(MachineTest, UnknownNameIsAnError) {
  const auto loops = testing::make_epoll_pair();
  std::optional<Result<std::string>> got;
  const auto lookup = look_up_name(loops->client(), NameSource::kReverse, "not a host name",
                                   [&](Result<std::string> name) { got = std::move(name); });
  ASSERT_TRUE(loops->run_until([&] { return got.has_value(); }));
  EXPECT_FALSE(*got);
}

TEST(MachineTest, DestroyedLookupIsSilent) {
  const auto loops = testing::make_epoll_pair();
  bool is_called = false;
  look_up_name(loops->client(), NameSource::kCanonical, "127.0.0.1",
               [&](const Result<std::string>&) { is_called = true; });
  loops->run_for(50ms);
  EXPECT_FALSE(is_called);
}

}  // namespace
}  // namespace millrace::io
