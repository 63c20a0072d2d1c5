// The process that listens on a TCP port of this machine, read from /proc. Blocks; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::doctor {

struct PortOwner {
  int pid = 0;
  std::string program;  // as `ps` names it, 15 bytes at the most
};

// The inodes of the sockets that listen on `port`; `table` is the text of /proc/net/tcp or tcp6.
std::vector<uint64_t> listening_inodes(std::string_view table, uint16_t port);
// Empty when no process listens, or when the process belongs to another user.
std::optional<PortOwner> find_port_owner(uint16_t port);

}  // namespace millrace::doctor
