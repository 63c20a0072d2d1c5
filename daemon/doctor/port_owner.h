// The process that has a TCP or UDP port of this machine, read from /proc. Blocks; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::doctor {

enum class PortKind { kTcp, kUdp };

struct PortOwner {
  int pid = 0;
  std::string program;  // as `ps` names it, 15 bytes at the most
};

// The inodes of the sockets that listen on `port`, or receive datagrams of any sender there;
// `table` is the text of /proc/net/tcp or udp, or of the same name with a 6.
std::vector<uint64_t> listening_inodes(std::string_view table, PortKind kind, uint16_t port);
// Empty when no process listens, or when the process belongs to another user.
std::optional<PortOwner> find_port_owner(PortKind kind, uint16_t port);

}  // namespace millrace::doctor
