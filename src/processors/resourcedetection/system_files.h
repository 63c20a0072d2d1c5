// The files that say what a Linux system is: /etc/hosts, /etc/os-release, /proc/cpuinfo and the
// release files of distributions. Pure functions; their results are otelcol's (go-fqdn, gopsutil,
// the SDK for Go).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::processors::resourcedetection {

// hosts(5): the first name of the first line that has `host` among its names; empty: none.
std::string canonical_name_in_hosts(std::string_view hosts, std::string_view host);

// os-release(5), values without quotes and escapes.
using OsRelease = std::map<std::string, std::string, std::less<>>;
OsRelease read_os_release(std::string_view text);
// "Debian GNU/Linux 12 (bookworm)"; empty: the file does not say.
std::string release_title(const OsRelease& release);

struct Platform {
  std::string name;     // "debian", "ubuntu", "alpine", …
  std::string version;  // "12.5"
};
// `read` returns the text of a file.
Platform read_platform(
    const std::function<std::optional<std::string>(const std::string& path)>& read);

struct Processor {
  std::string vendor;
  std::string family;
  std::string model;
  std::string model_name;
  std::string stepping = "0";
  int64_t cache_size = 0;  // KiB
};
// Of the first processor in /proc/cpuinfo.
Processor first_processor(std::string_view cpuinfo);

}  // namespace millrace::processors::resourcedetection
