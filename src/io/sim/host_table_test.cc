#include "io/sim/host_table.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace millrace::io::sim {
namespace {

using Addresses = std::vector<std::string>;

TEST(HostTableTest, HostsAreNumberedInTheirOrderAndHaveAddressesOfTheirOwn) {
  HostTable table;
  std::set<std::string> addresses;
  for (size_t i = 0; i < 600; ++i) {
    EXPECT_EQ(table.number_of("host" + std::to_string(i)), i);
    addresses.insert(table.ip(i));
    EXPECT_EQ(table.find_ip(table.ip(i)), i);
  }
  EXPECT_EQ(addresses.size(), 600u);
  EXPECT_EQ(table.number_of("host7"), 7u);
  EXPECT_EQ(table.count(), 600u);
  EXPECT_EQ(table.find_ip("10.1.0.1"), std::nullopt);
}

TEST(HostTableTest, NamesAreHostsUnlessTheyAreSet) {
  HostTable table;
  const size_t client = table.number_of("client");
  const size_t server = table.number_of("server");
  EXPECT_EQ(table.look_up(client, "server").value(), Addresses{table.ip(server)});
  EXPECT_EQ(table.look_up(client, "localhost").value(), Addresses{"127.0.0.1"});
  EXPECT_EQ(table.look_up(client, "10.9.9.9").value(), Addresses{"10.9.9.9"});
  table.set_name("server", {"10.0.0.77", "client"});
  EXPECT_EQ(table.look_up(client, "server").value(), (Addresses{"10.0.0.77", table.ip(client)}));
  table.set_name("server", {});
  EXPECT_EQ(table.look_up(client, "server").error().message,
            "resolving \"server\" from client: no such host");
}

TEST(HostTableTest, PortsOfConnectionsBeginAnewBehindTheLast) {
  HostTable table;
  const size_t host = table.number_of("client");
  EXPECT_EQ(table.take_port(host), 32768);
  for (int i = 0; i < 32766; ++i) table.take_port(host);
  EXPECT_EQ(table.take_port(host), 65535);
  EXPECT_EQ(table.take_port(host), 32768);
}

}  // namespace
}  // namespace millrace::io::sim
