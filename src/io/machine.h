// Facts about this machine, from the kernel and the name service: for descriptions of it, never for
// connections.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/loop.h"

namespace millrace::io {

// uname(2).
struct SystemName {
  std::string system;   // "Linux"
  std::string host;     // the host name
  std::string release;  // "6.1.0-21-amd64"
  std::string version;
  std::string machine;  // "x86_64"
};
SystemName system_name();

struct NetworkInterface {
  std::string name;
  bool is_up = false;
  bool is_loopback = false;
  std::string hardware_address;        // the bytes; empty: it has none
  std::vector<std::string> addresses;  // numeric, without prefix length and zone
};
// In the order of their indices. Error: what the system said.
Result<std::vector<NetworkInterface>> network_interfaces();

enum class NameSource : uint8_t {
  kCanonical,  // the canonical name of a host name
  kReverse,    // the name of the first address of a host name that has one
};

// A look-up of a name of this machine, which may take seconds: it runs on a thread of its own.
class NameLookup {
 public:
  virtual ~NameLookup() = default;  // gives up; the thread ends by itself
};
// Calls `done` in a later turn of `loop`, without a dot at the end of the name. Error:
// kUnavailable.
std::unique_ptr<NameLookup> look_up_name(Loop& loop, NameSource source, std::string host,
                                         std::function<void(Result<std::string>)> done);

}  // namespace millrace::io
