#include "daemon/doctor/check_ports.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "daemon/doctor/port_owner.h"
#include "daemon/doctor/testing/local_port.h"

namespace millrace::doctor {
namespace {

using testing::LocalPort;

Finding check(const std::string& host, uint16_t port) {
  Report report;
  check_ports({{"receivers::otlp", host, port}}, 5s, report);
  return report.findings().at(0);
}

TEST(CheckPortsTest, APortInUseNamesItsProcess) {
  LocalPort holder;
  holder.listen();
  for (const char* host : {"127.0.0.1", "localhost", ""}) {
    const Finding finding = check(host, holder.number);
    EXPECT_EQ(finding.level, Level::kProblem) << host << finding.text;
    EXPECT_NE(finding.text.find("(pid " + std::to_string(getpid()) + ")"), std::string::npos)
        << finding.text;
  }
  holder.close();
  EXPECT_EQ(check("127.0.0.1", holder.number).level, Level::kOk);
}

TEST(CheckPortsTest, APortOfDatagramsInUseNamesItsProcess) {
  LocalPort holder(SOCK_DGRAM);
  const auto check_datagrams = [&] {
    Report report;
    check_ports({{"receivers::jaeger", "127.0.0.1", holder.number, PortKind::kUdp}}, 5s, report);
    return report.findings().at(0);
  };
  const Finding finding = check_datagrams();
  EXPECT_EQ(finding.level, Level::kProblem);
  EXPECT_NE(finding.text.find("(pid " + std::to_string(getpid()) + ")"), std::string::npos)
      << finding.text;
  EXPECT_EQ(check("127.0.0.1", holder.number).level, Level::kOk) << "TCP has ports of its own";
  holder.close();
  EXPECT_EQ(check_datagrams().level, Level::kOk);
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
  LocalPort holder;
  holder.close();
  Report report;
  check_ports({{"a", "127.0.0.1", holder.number}, {"b", "127.0.0.1", holder.number}}, 5s, report);
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
  EXPECT_EQ(listening_inodes(kTable, PortKind::kTcp, 0x10dd), std::vector<uint64_t>{11});
  EXPECT_EQ(listening_inodes(kTable, PortKind::kTcp, 80), std::vector<uint64_t>{});
  EXPECT_EQ(listening_inodes("", PortKind::kTcp, 80), std::vector<uint64_t>{});
}

}  // namespace
}  // namespace millrace::doctor
