#include "processors/resourcedetection/system_files.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "access/field_text.h"
namespace millrace::processors::resourcedetection {
namespace {

// Takes the text before the next `separator` out of `rest`.
std::string_view take(std::string_view& rest, std::string_view separators) {
  const size_t end = std::min(rest.find_first_of(separators), rest.size());
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

template <class Visit>
void each_line(std::string_view text, Visit visit) {
  while (!text.empty()) {
    if (!visit(take(text, "\n"))) return;
  }
}

std::string first_line(std::string_view text) { return std::string(take(text, "\n")); }

// The canonical name of a line of /etc/hosts that has `host`, or nothing.
std::string_view canonical_name(std::string_view line, std::string_view host) {
  line = line.substr(0, line.find('#'));
  std::string_view canonical;
  bool is_address = true;
  while (!line.empty()) {
    const std::string_view word = take(line, " \t\r");
    if (word.empty()) continue;
    if (std::exchange(is_address, false)) continue;
    if (canonical.empty()) canonical = word;
    if (word == host) return canonical;
  }
  return {};
}

// "release 9.3 (Plow)": "9.3".
std::string red_hat_version(std::string_view text) {
  const std::string lower = access::lowered(text);
  if (lower.contains("rawhide")) return "rawhide";
  for (size_t at = 0; (at = lower.find("release ", at)) != std::string::npos;) {
    at += std::string_view("release ").size();
    size_t end = at;
    const auto is_part = [](char c) { return (c >= '0' && c <= '9') || c == '.'; };
    const auto is_word = [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '_';
    };
    if (end < lower.size() && is_word(lower[end])) {
      ++end;
      while (end < lower.size() && is_part(lower[end])) ++end;
      return lower.substr(at, end - at);
    }
  }
  return "";
}

std::string red_hat_name(std::string_view text) {
  const std::string lower = access::lowered(text);
  if (lower.contains("red hat")) return "redhat";
  return lower.substr(0, lower.find(' '));
}

// /etc/lsb-release has the same syntax, as far as it is used.
Platform debian_platform(const OsRelease& lsb, std::string_view debian_version) {
  constexpr auto kNames = std::to_array<std::pair<std::string_view, std::string_view>>({
      {"Ubuntu", "ubuntu"},
      {"LinuxMint", "linuxmint"},
      {"Kylin", "Kylin"},
      {"Cumulus Linux", "cumuluslinux"},
      {"uos", "uos"},
      {"Deepin", "Deepin"},
  });
  const auto value = [&](std::string_view key) {
    const auto found = lsb.find(key);
    return found == lsb.end() ? std::string() : found->second;
  };
  const std::string id = value("DISTRIB_ID");
  for (const auto& [from, name] : kNames) {
    if (id == from) return {.name = std::string(name), .version = value("DISTRIB_RELEASE")};
  }
  return {.name = "debian", .version = first_line(debian_version)};
}

std::string implementer_name(std::string_view number) {
  constexpr auto kNames = std::to_array<std::pair<std::string_view, std::string_view>>({
      {"0x41", "ARM"},
      {"0x42", "Broadcom"},
      {"0x43", "Cavium"},
      {"0x48", "HiSilicon"},
      {"0x4e", "NVIDIA"},
      {"0x50", "APM"},
      {"0x51", "Qualcomm"},
      {"0x61", "Apple"},
      {"0xc0", "Ampere"},
  });
  for (const auto& [from, name] : kNames) {
    if (number == from) return std::string(name);
  }
  return "";
}

}  // namespace

std::string canonical_name_in_hosts(std::string_view hosts, std::string_view host) {
  std::string found;
  each_line(hosts, [&](std::string_view line) {
    found = canonical_name(line, host);
    return found.empty();
  });
  return found;
}

OsRelease read_os_release(std::string_view text) {
  OsRelease made;
  each_line(text, [&](std::string_view line) {
    line = access::trimmed(line);
    const size_t equals = line.find('=');
    if (line.starts_with('#') || equals == 0 || equals == std::string_view::npos) return true;
    std::string_view value = access::trimmed(line.substr(equals + 1));
    if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'') &&
        value.front() == value.back()) {
      value = value.substr(1, value.size() - 2);
    }
    std::string plain;
    for (size_t i = 0; i < value.size(); ++i) {
      const bool is_escape = value[i] == '\\' && i + 1 < value.size() &&
                             std::string_view("$\"'\\`").contains(value[i + 1]);
      plain += value[is_escape ? ++i : i];
    }
    made[std::string(access::trimmed(line.substr(0, equals)))] = std::move(plain);
    return true;
  });
  return made;
}

std::string release_title(const OsRelease& release) {
  const auto value = [&](std::string_view key) {
    const auto found = release.find(key);
    return found == release.end() ? std::string() : found->second;
  };
  const std::string name = value("NAME");
  const std::string version = value("VERSION").empty() ? value("VERSION_ID") : value("VERSION");
  return name.empty() || version.empty() ? value("PRETTY_NAME") : name + " " + version;
}

Platform read_platform(
    const std::function<std::optional<std::string>(const std::string& path)>& read) {
  const auto filled = [&](const std::string& path) {
    auto text = read(path);
    return text && !text->empty() ? text : std::nullopt;
  };
  for (const char* path : {"/etc/oracle-release", "/etc/enterprise-release"}) {
    if (const auto text = filled(path)) {
      return {.name = "oracle", .version = red_hat_version(*text)};
    }
  }
  if (const auto text = filled("/etc/debian_version")) {
    return debian_platform(read_os_release(read("/etc/lsb-release").value_or("")), *text);
  }
  for (const char* path : {"/etc/redhat-release", "/etc/system-release"}) {
    if (const auto text = filled(path)) {
      return {.name = red_hat_name(*text), .version = red_hat_version(*text)};
    }
  }
  if (const auto text = filled("/etc/alpine-release")) {
    return {.name = "alpine", .version = first_line(*text)};
  }
  OsRelease release = read_os_release(read("/etc/os-release").value_or(""));
  Platform made{.name = std::move(release["ID"]), .version = std::move(release["VERSION_ID"])};
  if (made.name == "amzn") made.name = "amazon";
  return made;
}

Processor first_processor(std::string_view cpuinfo) {
  Processor made;
  bool has_begun = false;
  each_line(cpuinfo, [&](std::string_view line) {
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) return true;
    const std::string_view key = access::trimmed(line.substr(0, colon));
    const std::string value(access::trimmed(line.substr(colon + 1)));
    if (key == "processor") return !std::exchange(has_begun, true);
    if (key == "vendor_id" || key == "vendorId") made.vendor = value;
    if (key == "CPU implementer") made.vendor = implementer_name(value);
    if (key == "cpu family") made.family = value;
    if (key == "model" || key == "CPU part") made.model = value;
    if (key == "model name" || key == "Model Name" || key == "cpu") made.model_name = value;
    int64_t number = 0;
    const auto parsed = std::from_chars(value.data(), value.data() + value.size(), number);
    if (parsed.ec != std::errc()) return true;
    if (key == "stepping" || key == "CPU revision") made.stepping = std::to_string(number);
    if (key == "cache size") made.cache_size = number;
    return true;
  });
  return made;
}

}  // namespace millrace::processors::resourcedetection
