#include "io/sim/host_table.h"

#include <algorithm>
#include <utility>

#include "io/address.h"
#include "io/sim/sim_loop.h"

namespace millrace::io::sim {

bool is_loopback(const std::string& ip) { return ip == "127.0.0.1" || ip == "::1"; }

size_t HostTable::number_of(const std::string& name) {
  for (size_t i = 0; i < hosts_.size(); ++i) {
    if (hosts_[i].name == name) return i;
  }
  const size_t number = hosts_.size() + 1;
  hosts_.push_back(Host{.name = name,
                        .ip = "10.0." + std::to_string(number / 250) + "." +
                              std::to_string(number % 250 + (number >= 250 ? 1 : 0)),
                        .listeners = {}});
  return hosts_.size() - 1;
}

std::optional<size_t> HostTable::find_ip(const std::string& ip) const {
  const auto found = std::ranges::find(hosts_, ip, &Host::ip);
  if (found == hosts_.end()) return std::nullopt;
  return static_cast<size_t>(found - hosts_.begin());
}

uint16_t HostTable::take_port(size_t host) {
  Host& owner = hosts_[host];
  const uint16_t port = owner.next_port++;
  if (owner.next_port < kFirstEphemeralPort) owner.next_port = kFirstEphemeralPort;
  return port;
}

void HostTable::set_name(const std::string& name, std::vector<std::string> targets) {
  names_[name] = std::move(targets);
}

Result<std::vector<std::string>> HostTable::look_up(size_t from_host, const std::string& name) {
  if (is_numeric_host(name)) return std::vector<std::string>{name};
  if (name == "localhost") return std::vector<std::string>{"127.0.0.1"};
  std::vector<std::string> found;
  if (const auto entry = names_.find(name); entry != names_.end()) {
    for (const std::string& target : entry->second) {
      found.push_back(is_numeric_host(target) ? target : hosts_[number_of(target)].ip);
    }
  } else {
    for (const Host& host : hosts_) {
      if (host.name == name) found.push_back(host.ip);
    }
  }
  if (found.empty()) {
    return fail(Code::kUnavailable,
                "resolving \"" + name + "\" from " + hosts_[from_host].name + ": no such host");
  }
  return found;
}

Result<uint16_t> HostTable::add_listener(SimListener* listener, size_t host, uint16_t port,
                                         bool share_port) {
  Host& owner = hosts_[host];
  while (port == 0) {
    const uint16_t candidate = take_port(host);
    if (!owner.listeners.contains(candidate)) port = candidate;
  }
  std::vector<SimListener*>& sharers = owner.listeners[port];
  for (const SimListener* other : sharers) {
    const bool overlap =
        other->ip().empty() || listener->ip().empty() || other->ip() == listener->ip();
    if (overlap && !(share_port && other->shares_port())) {
      return fail(Code::kAlreadyExists,
                  "listening on " + format_address(owner.ip, port) + ": address already in use");
    }
  }
  sharers.push_back(listener);
  return port;
}

void HostTable::remove_listener(SimListener* listener, size_t host, uint16_t port) {
  std::vector<SimListener*>& sharers = hosts_[host].listeners[port];
  std::erase(sharers, listener);
  if (sharers.empty()) hosts_[host].listeners.erase(port);
}

std::vector<SimListener*> HostTable::listeners_at(size_t host, const std::string& ip,
                                                  uint16_t port) const {
  std::vector<SimListener*> matching;
  const auto entry = hosts_[host].listeners.find(port);
  if (entry == hosts_[host].listeners.end()) return matching;
  for (SimListener* listener : entry->second) {
    const std::string& own = listener->ip();
    const bool is_same = own == ip || (is_loopback(own) && is_loopback(ip));
    if (own.empty() || is_same) matching.push_back(listener);
  }
  return matching;
}

}  // namespace millrace::io::sim
