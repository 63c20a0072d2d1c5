// The hosts of a simulated network with their addresses, names and listeners. Hosts are numbered in
// the order in which they are made, so that no order depends on addresses in memory. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace millrace::io::sim {

class SimListener;

bool is_loopback(const std::string& ip);

class HostTable {
 public:
  size_t count() const { return hosts_.size(); }
  // Makes the host if it is new.
  size_t number_of(const std::string& name);
  const std::string& ip(size_t host) const { return hosts_[host].ip; }
  std::optional<size_t> find_ip(const std::string& ip) const;
  // The next port for a connection from this host.
  uint16_t take_port(size_t host);

  // Sets the result of resolving a name, instead of (or beside) hosts; an empty list: not found.
  void set_name(const std::string& name, std::vector<std::string> targets);
  // Addresses without ports; an error when the name is unknown.
  Result<std::vector<std::string>> look_up(size_t from_host, const std::string& name);

  // Returns the port, which is chosen when `port` is 0. Errors: the address is in use.
  Result<uint16_t> add_listener(SimListener* listener, size_t host, uint16_t port, bool share_port);
  void remove_listener(SimListener* listener, size_t host, uint16_t port);
  // Those that accept a connection to the address, in the order in which they were added.
  std::vector<SimListener*> listeners_at(size_t host, const std::string& ip, uint16_t port) const;

 private:
  static constexpr uint16_t kFirstEphemeralPort = 32768;
  struct Host {
    std::string name;
    std::string ip;
    uint16_t next_port = kFirstEphemeralPort;
    std::map<uint16_t, std::vector<SimListener*>> listeners;
  };

  std::vector<Host> hosts_;
  std::map<std::string, std::vector<std::string>> names_;
};

}  // namespace millrace::io::sim
