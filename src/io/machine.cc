#include "io/machine.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <thread>
#include <utility>

#include "base/mutex.h"

namespace millrace::io {
namespace {

// Empty for another family.
std::string numeric_address(const sockaddr& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.sa_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
  } else if (address.sa_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
  }
  return text.data();
}

struct AddressList {
  addrinfo* first = nullptr;
  ~AddressList() {
    if (first != nullptr) ::freeaddrinfo(first);
  }
};

Result<std::string> look_up(NameSource source, const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  if (source == NameSource::kCanonical) hints.ai_flags = AI_CANONNAME;
  AddressList found;
  if (const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &found.first); error != 0) {
    return fail(Code::kUnavailable, "resolving \"" + host + "\": " + ::gai_strerror(error));
  }
  std::string name;
  if (source == NameSource::kCanonical) {
    if (found.first->ai_canonname != nullptr) name = found.first->ai_canonname;
  } else {
    std::array<char, NI_MAXHOST> text{};
    for (const addrinfo* each = found.first; each != nullptr && name.empty();
         each = each->ai_next) {
      if (::getnameinfo(each->ai_addr, each->ai_addrlen, text.data(), text.size(), nullptr, 0,
                        NI_NAMEREQD) == 0) {
        name = text.data();
      }
    }
  }
  while (name.ends_with('.')) name.pop_back();
  if (name.empty()) return fail(Code::kUnavailable, "\"" + host + "\" has no name in the DNS");
  return name;
}

class Lookup final : public NameLookup {
 public:
  Lookup(Loop& loop, NameSource source, std::string host,
         std::function<void(Result<std::string>)> done)
      : state_(std::make_shared<State>()) {
    {
      const MutexLock lock(state_->mutex);
      state_->loop = &loop;
      state_->done = std::move(done);
    }
    std::thread([state = state_, source, host = std::move(host)] {
      auto result = look_up(source, host);
      const MutexLock lock(state->mutex);
      if (state->loop == nullptr) return;
      state->loop->post(
          [state, result = std::move(result)]() mutable { deliver(*state, std::move(result)); });
    }).detach();
  }
  ~Lookup() override {
    const MutexLock lock(state_->mutex);
    state_->loop = nullptr;
    state_->done = nullptr;
  }

 private:
  struct State {
    Mutex mutex;
    Loop* loop MILLRACE_GUARDED_BY(mutex) = nullptr;  // null: given up
    std::function<void(Result<std::string>)> done MILLRACE_GUARDED_BY(mutex);
  };
  static void deliver(State& state, Result<std::string> result) {
    MutexLock lock(state.mutex);
    auto done = std::exchange(state.done, nullptr);
    lock.unlock();
    if (done) done(std::move(result));
  }

  const std::shared_ptr<State> state_;
};

}  // namespace

SystemName system_name() {
  utsname names{};
  if (::uname(&names) != 0) return {};
  return {.system = names.sysname,
          .host = names.nodename,
          .release = names.release,
          .version = names.version,
          .machine = names.machine};
}

Result<std::vector<NetworkInterface>> network_interfaces() {
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) {
    return fail(Code::kUnavailable, std::string("getifaddrs: ") + std::strerror(errno));
  }
  std::map<unsigned, NetworkInterface> by_index;
  for (const ifaddrs* each = first; each != nullptr; each = each->ifa_next) {
    NetworkInterface& made = by_index[::if_nametoindex(each->ifa_name)];
    made.name = each->ifa_name;
    made.is_up = (each->ifa_flags & IFF_UP) != 0;
    made.is_loopback = (each->ifa_flags & IFF_LOOPBACK) != 0;
    if (each->ifa_addr == nullptr) continue;
    if (each->ifa_addr->sa_family == AF_PACKET) {
      const auto& link = reinterpret_cast<const sockaddr_ll&>(*each->ifa_addr);
      const size_t size = std::min<size_t>(link.sll_halen, sizeof link.sll_addr);
      // A loopback has one of zeros, which Go leaves out.
      if (!made.is_loopback) {
        made.hardware_address.assign(reinterpret_cast<const char*>(link.sll_addr), size);
      }
    } else if (std::string address = numeric_address(*each->ifa_addr); !address.empty()) {
      made.addresses.push_back(std::move(address));
    }
  }
  ::freeifaddrs(first);
  std::vector<NetworkInterface> made;
  for (auto& [index, each] : by_index) made.push_back(std::move(each));
  return made;
}

std::unique_ptr<NameLookup> look_up_name(Loop& loop, NameSource source, std::string host,
                                         std::function<void(Result<std::string>)> done) {
  return std::make_unique<Lookup>(loop, source, std::move(host), std::move(done));
}

}  // namespace millrace::io
