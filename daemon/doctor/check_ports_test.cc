#include "daemon/doctor/check_ports.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/doctor/port_owner.h"

namespace millrace::doctor {
namespace {

// A socket that listens on a port of 127.0.0.1 that was free.
class PortHolder {
 public:
  PortHolder() : descriptor_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    bind(descriptor_, reinterpret_cast<sockaddr*>(&address), size);
    listen(descriptor_, 1);
    getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
  }
  ~PortHolder() { close(); }
  void close() {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
  }
  uint16_t port = 0;

 private:
  int descriptor_;
};

Finding check(const std::string& host, uint16_t port) {
  Report report;
  check_ports({{"receivers::otlp", host, port}}, 5s, report);
  return report.findings().at(0);
}

TEST(CheckPortsTest, APortInUseNamesItsProcess) {
  PortHolder holder;
  for (const char* host : {"127.0.0.1", "localhost", ""}) {
    const Finding finding = check(host, holder.port);
    EXPECT_EQ(finding.level, Level::kProblem) << host << finding.text;
    EXPECT_NE(finding.text.find("(pid " + std::to_string(getpid()) + ")"), std::string::npos)
        << finding.text;
  }
  holder.close();
  EXPECT_EQ(check("127.0.0.1", holder.port).level, Level::kOk);
}

TEST(CheckPortsTest, AnAddressOfAnotherMachineIsAProblem) {
  const Finding finding = check("192.0.2.1", 4317);  // reserved for documentation
  EXPECT_EQ(finding.level, Level::kProblem);
  EXPECT_NE(finding.change.find("address of this machine"), std::string::npos) << finding.change;
}

TEST(CheckPortsTest, AnUnknownNameIsAProblem) {
  EXPECT_EQ(check("no.such.host.invalid", 4317).level, Level::kProblem);
}

TEST(CheckPortsTest, OnePortForTwoIsAProblem) {
  PortHolder holder;
  holder.close();
  Report report;
  check_ports({{"a", "127.0.0.1", holder.port}, {"b", "127.0.0.1", holder.port}}, 5s, report);
  EXPECT_EQ(report.findings()[0].level, Level::kOk);
  EXPECT_EQ(report.findings()[1].level, Level::kProblem);
  EXPECT_NE(report.findings()[1].text.find("that of a too"), std::string::npos);
}

TEST(PortOwnerTest, OnlySocketsThatListenOnThePortAreTaken) {
  constexpr std::string_view kTable =
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
      "inode\n"
      "   0: 0100007F:10DD 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 "
      "11 1 0000000000000000 100 0 0 10 0\n"
      "   1: 0100007F:10DD 0100007F:A000 01 00000000:00000000 00:00000000 00000000     0        0 "
      "12 1 0000000000000000 100 0 0 10 0\n"
      "   2: 0100007F:10DE 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 "
      "13 1 0000000000000000 100 0 0 10 0\n"
      "half a line";
  EXPECT_EQ(listening_inodes(kTable, 0x10dd), std::vector<uint64_t>{11});
  EXPECT_EQ(listening_inodes(kTable, 80), std::vector<uint64_t>{});
  EXPECT_EQ(listening_inodes("", 80), std::vector<uint64_t>{});
}

}  // namespace
}  // namespace millrace::doctor
