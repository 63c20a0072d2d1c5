#include "daemon/doctor/port_owner.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

namespace millrace::doctor {
namespace {

namespace fs = std::filesystem;

std::string read_text(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty()) {
    const size_t begin = line.find_first_not_of(" \t");
    if (begin == std::string_view::npos) break;
    line.remove_prefix(begin);
    const size_t end = std::min(line.find_first_of(" \t"), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
  return words;
}

template <class Number>
std::optional<Number> number_of(std::string_view text, int base) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Whether the process has one of the sockets open.
bool holds_one_of(const fs::path& process, const std::vector<std::string>& sockets) {
  std::error_code error;
  for (fs::directory_iterator entry(process / "fd", error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code no_link;
    const std::string target = fs::read_symlink(entry->path(), no_link).string();
    if (std::ranges::find(sockets, target) != sockets.end()) return true;
  }
  return false;
}

}  // namespace

std::vector<uint64_t> listening_inodes(std::string_view table, PortKind kind, uint16_t port) {
  constexpr size_t kLocalAddress = 1;
  constexpr size_t kState = 3;
  constexpr size_t kInode = 9;
  // The kernel's TCP_LISTEN, and TCP_CLOSE: that of a UDP socket that is not connected.
  const std::string_view listens = kind == PortKind::kTcp ? "0A" : "07";
  std::vector<uint64_t> inodes;
  while (!table.empty()) {
    const size_t end = std::min(table.find('\n'), table.size());
    const std::vector<std::string_view> words = words_of(table.substr(0, end));
    table.remove_prefix(std::min(table.size(), end + 1));
    if (words.size() <= kInode || words[kState] != listens) continue;
    const std::string_view local = words[kLocalAddress];  // "0100007F:10DD"
    const size_t colon = local.rfind(':');
    if (colon == std::string_view::npos) continue;
    if (number_of<uint16_t>(local.substr(colon + 1), 16) != port) continue;
    if (const auto inode = number_of<uint64_t>(words[kInode], 10)) inodes.push_back(*inode);
  }
  return inodes;
}

std::optional<PortOwner> find_port_owner(PortKind kind, uint16_t port) {
  const std::string table = kind == PortKind::kTcp ? "/proc/net/tcp" : "/proc/net/udp";
  std::vector<std::string> sockets;
  for (const std::string& path : {table, table + "6"}) {
    for (const uint64_t inode : listening_inodes(read_text(path), kind, port)) {
      sockets.push_back("socket:[" + std::to_string(inode) + "]");
    }
  }
  if (sockets.empty()) return std::nullopt;
  std::error_code error;
  for (fs::directory_iterator entry("/proc", error), end; !error && entry != end;
       entry.increment(error)) {
    const auto pid = number_of<int>(entry->path().filename().string(), 10);
    if (!pid || !holds_one_of(entry->path(), sockets)) continue;
    std::string program = read_text(entry->path() / "comm");
    while (program.ends_with('\n')) program.pop_back();
    return PortOwner{*pid, std::move(program)};
  }
  return std::nullopt;
}

}  // namespace millrace::doctor
