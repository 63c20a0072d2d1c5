#include <gtest/gtest.h>

#include <string>

#include "processors/resourcedetection/system_files.h"
#include "processors/resourcedetection/testing/fake_world.h"

namespace millrace::processors::resourcedetection {
namespace {

using testing::FakeWorld;
using testing::found_by;
using testing::options_of;

constexpr const char* kCpuInfo =
    "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 85\n"
    "model name\t: Intel(R) Xeon(R)\nstepping\t: 7\ncache size\t: 36608 KB\n\n"
    "processor\t: 1\nvendor_id\t: Other\n";

TEST(SystemDetectorTest, HostNameIsTheFullOneUnlessItIsUnknown) {
  FakeWorld world;
  EXPECT_EQ(found_by("system", world), "host.name=box os.type=linux");
  world.names[io::NameSource::kReverse] = "box.reverse";
  EXPECT_EQ(found_by("system", world), "host.name=box.reverse os.type=linux");
  world.names[io::NameSource::kCanonical] = "box.example";
  EXPECT_EQ(found_by("system", world), "host.name=box.example os.type=linux");
  world.files["/etc/hosts"] = "127.0.0.1 localhost\n10.0.0.1\tbox.hosts box # own\n";
  EXPECT_EQ(found_by("system", world), "host.name=box.hosts os.type=linux");
}

TEST(SystemDetectorTest, SourcesAreAskedInTheirOrder) {
  FakeWorld world;
  world.names[io::NameSource::kCanonical] = "box.example";
  DetectorOptions options = options_of("system");
  options.host_name_sources = {HostNameSource::kLookup, HostNameSource::kCname};
  EXPECT_EQ(found_by("system", options, world), "host.name=box.example os.type=linux");
  options.host_name_sources = {HostNameSource::kOs, HostNameSource::kCname};
  EXPECT_EQ(found_by("system", options, world), "host.name=box os.type=linux");
  options.host_name_sources = {HostNameSource::kLookup};
  EXPECT_TRUE(found_by("system", options, world).starts_with("error: no source has a host name"));
}

TEST(SystemDetectorTest, EveryAttributeHasItsSource) {
  FakeWorld world;
  world.files = {
      {"/etc/machine-id", "abc123\n"},
      {"/proc/cpuinfo", kCpuInfo},
      {"/etc/debian_version", "12.5\n"},
      {"/etc/os-release",
       "PRETTY_NAME=\"Debian 12\"\nNAME=\"Debian GNU/Linux\"\nVERSION=\"12 (bookworm)\"\n"}};
  world.interfaces = {
      {.name = "lo",
       .is_up = true,
       .is_loopback = true,
       .hardware_address = "",
       .addresses = {"127.0.0.1"}},
      {.name = "eth0",
       .is_up = true,
       .hardware_address = "\xac\xde\x48\x23\x45\x67",
       .addresses = {"10.0.0.1", "fe80::1"}},
      {.name = "eth1", .is_up = false, .hardware_address = "123456", .addresses = {"10.0.0.2"}}};
  DetectorOptions options = options_of("system");
  for (const KnownAttribute& each : find_detector("system")->attributes) {
    options.wanted.emplace(each.name);
  }
  EXPECT_EQ(found_by("system", options, world),
            "host.name=box os.type=linux os.version=12.5 host.id=abc123 host.arch=amd64 "
            "host.ip=[\"10.0.0.1\",\"fe80::1\"] host.mac=[\"AC-DE-48-23-45-67\"] "
            "host.interface=[\"lo\",\"eth0\",\"eth1\"] "
            "os.description=Debian GNU/Linux 12 (bookworm) (Linux box 6.1.0 #1 SMP x86_64) "
            "os.name=debian os.build.id=6.1.0 host.cpu.vendor.id=GenuineIntel host.cpu.family=6 "
            "host.cpu.model.id=85 host.cpu.model.name=Intel(R) Xeon(R) host.cpu.stepping=7 "
            "host.cpu.cache.l2.size=36608");
}

struct PlatformCase {
  const char* path;
  const char* text;
  const char* name;
  const char* version;
};

const PlatformCase kPlatforms[] = {
    {"/etc/redhat-release", "Red Hat Enterprise Linux release 9.3 (Plow)\n", "redhat", "9.3"},
    {"/etc/redhat-release", "CentOS Linux release 7.9.2009 (Core)\n", "centos", "7.9.2009"},
    {"/etc/redhat-release", "Rocky Linux release 8.9\n", "rocky", "8.9"},
    {"/etc/oracle-release", "Oracle Linux Server release 8.8\n", "oracle", "8.8"},
    {"/etc/alpine-release", "3.19.1\n", "alpine", "3.19.1"},
    {"/etc/os-release", "ID=\"amzn\"\nVERSION_ID=\"2023\"\n", "amazon", "2023"},
    {"/etc/os-release", "ID=flatcar\nVERSION_ID=3815.2.0\n", "flatcar", "3815.2.0"},
    {"/etc/debian_version", "trixie/sid\n", "debian", "trixie/sid"},
};

TEST(SystemFilesTest, PlatformsAndVersions) {
  for (const PlatformCase& c : kPlatforms) {
    const Platform found =
        read_platform([&](const std::string& path) -> std::optional<std::string> {
          if (path != c.path) return std::nullopt;
          return c.text;
        });
    EXPECT_EQ(found.name, c.name) << c.text;
    EXPECT_EQ(found.version, c.version) << c.text;
  }
}

TEST(SystemFilesTest, UbuntuIsKnownByItsLsbFile) {
  const Platform found = read_platform([](const std::string& path) -> std::optional<std::string> {
    if (path == "/etc/debian_version") return "bookworm/sid\n";
    if (path == "/etc/lsb-release") return "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=24.04\n";
    return std::nullopt;
  });
  EXPECT_EQ(found.name, "ubuntu");
  EXPECT_EQ(found.version, "24.04");
}

TEST(SystemFilesTest, OsReleaseLosesQuotesAndEscapes) {
  OsRelease read = read_os_release("# no\nA=\"x \\$y\\\"\"\nB='z'\n=none\nC\n D = e \n");
  EXPECT_EQ(read, (OsRelease{{"A", "x $y\""}, {"B", "z"}, {"D", "e"}}));
  EXPECT_EQ(release_title({{"PRETTY_NAME", "P"}, {"NAME", "N"}}), "P");
  EXPECT_EQ(release_title({{"PRETTY_NAME", "P"}, {"NAME", "N"}, {"VERSION_ID", "1"}}), "N 1");
}

TEST(SystemFilesTest, HostsHaveTheCanonicalNameFirst) {
  const char* const hosts = "# 10.0.0.1 no box\n::1 a b\n10.0.0.2   box.example  other box\n";
  EXPECT_EQ(canonical_name_in_hosts(hosts, "box"), "box.example");
  EXPECT_EQ(canonical_name_in_hosts(hosts, "a"), "a");
  EXPECT_EQ(canonical_name_in_hosts(hosts, "10.0.0.2"), "");
  EXPECT_EQ(canonical_name_in_hosts(hosts, "bo"), "");
}

}  // namespace
}  // namespace millrace::processors::resourcedetection
