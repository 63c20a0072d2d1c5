#include "daemon/doctor/check_ports.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <future>
#include <memory>
#include <optional>

#include "daemon/doctor/port_owner.h"
#include "io/address.h"
#include "io/epoll/epoll.h"

namespace millrace::doctor {
namespace {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

SocketAddress numeric(const std::string& host, uint16_t port) {
  SocketAddress address;
  auto* four = reinterpret_cast<sockaddr_in*>(&address.storage);
  auto* six = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (inet_pton(AF_INET, host.c_str(), &four->sin_addr) == 1) {
    four->sin_family = AF_INET;
    four->sin_port = htons(port);
    address.size = sizeof *four;
  } else if (inet_pton(AF_INET6, host.c_str(), &six->sin6_addr) == 1) {
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(port);
    address.size = sizeof *six;
  }
  return address;
}

// 0, or the errno of binding there. An address that another socket listens on is in use also with
// SO_REUSEADDR, which passes over connections of a process that has just ended. Sockets of
// datagrams could share a port with it.
int try_to_bind(const SocketAddress& address, PortKind kind) {
  const int type = kind == PortKind::kTcp ? SOCK_STREAM : SOCK_DGRAM;
  const int descriptor = socket(address.storage.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return errno;
  const int on = 1;
  if (kind == PortKind::kTcp) setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const bool is_bound =
      bind(descriptor, reinterpret_cast<const sockaddr*>(&address.storage), address.size) == 0;
  const int error = is_bound ? 0 : errno;
  close(descriptor);
  return error;
}

Result<std::vector<std::string>> hosts_of(const ListeningPlace& place, Duration timeout) {
  if (place.host.empty()) return std::vector<std::string>{"::", "0.0.0.0"};
  if (io::is_numeric_host(place.host)) return std::vector<std::string>{place.host};
  using Addresses = Result<std::vector<io::Address>>;
  auto promise = std::make_shared<std::promise<Addresses>>();
  std::future<Addresses> future = promise->get_future();
  io::Resolver resolver;
  resolver.resolve(place.host, place.port,
                   [promise](Addresses found) { promise->set_value(std::move(found)); });
  if (future.wait_for(timeout) != std::future_status::ready) {
    return fail(Code::kDeadlineExceeded, "looking up " + place.host + " took too long");
  }
  Addresses found = future.get();
  if (!found) return fail(found.error());
  std::vector<std::string> hosts;
  for (const io::Address& address : *found) {
    if (const auto parsed = io::parse_address(address.text)) hosts.push_back(parsed->host);
  }
  return hosts;
}

Finding in_use(const ListeningPlace& place) {
  const std::string port = std::to_string(place.port);
  const std::optional<PortOwner> owner = find_port_owner(place.kind, place.port);
  Finding finding{.area = "ports", .subject = place.what};
  if (!owner) {
    finding.level = Level::kProblem;
    finding.text = "port " + port + " is in use by another process";
    finding.change =
        "end what listens on port " + port + ", or change the endpoint of " + place.what;
    return finding;
  }
  const std::string who = owner->program + " (pid " + std::to_string(owner->pid) + ")";
  finding.text = "port " + port + " is in use by " + who;
  if (owner->program == "millrace") {
    finding.text += ", as it is while the collector runs";
    return finding;
  }
  finding.level = Level::kProblem;
  finding.change = "end " + who + ", or give " + place.what + " another port than " + port;
  return finding;
}

Finding check_one(const ListeningPlace& place, Duration timeout) {
  Finding finding{.level = Level::kProblem, .area = "ports", .subject = place.what};
  const auto hosts = hosts_of(place, timeout);
  if (!hosts) {
    finding.text = hosts.error().message;
    finding.change = "correct the host of " + place.what;
    return finding;
  }
  int last_error = EADDRNOTAVAIL;
  size_t bound_count = 0;
  for (const std::string& host : *hosts) {
    const int error = try_to_bind(numeric(host, place.port), place.kind);
    if (error == EADDRINUSE) return in_use(place);
    if (error == 0) ++bound_count;
    // A machine without IPv6 still has localhost's other address.
    if (error != 0) last_error = error;
  }
  const std::string where = io::format_address(place.host, place.port);
  if (bound_count > 0) {
    finding.level = Level::kOk;
    finding.text = where + " is free";
    return finding;
  }
  finding.text = where + ": " + std::strerror(last_error);
  finding.change = last_error == EACCES || last_error == EPERM
                       ? "give " + place.what + " a port of 1024 or more, or the process " +
                             "CAP_NET_BIND_SERVICE"
                       : "give " + place.what + " an address of this machine";
  return finding;
}

}  // namespace

std::vector<ListeningPlace> listening_places(const assembly::Plan& plan) {
  std::vector<ListeningPlace> places;
  const auto add = [&places](std::string what, const std::string& host, uint16_t port,
                             PortKind kind = PortKind::kTcp) {
    if (port != 0) places.push_back({std::move(what), host, port, kind});
  };
  const auto add_listeners = [&add](const std::string& what,
                                    const std::vector<assembly::ListenerPlan>& listeners) {
    for (const assembly::ListenerPlan& planned : listeners) {
      const PortKind kind = planned.listener.datagrams ? PortKind::kUdp : PortKind::kTcp;
      const reception::ListenerOptions& options = planned.listener.options;
      add(what + " (" + planned.listener.protocol + ")", options.host, options.port, kind);
    }
  };
  for (const assembly::ReceiverPlan& receiver : plan.receivers) {
    add_listeners("receivers::" + receiver.id, receiver.listeners);
  }
  for (const assembly::ExporterPlan& exporter : plan.exporters) {
    add_listeners("exporters::" + exporter.id, exporter.listeners);
  }
  if (plan.metrics_page) {
    add("service::telemetry::metrics", plan.metrics_page->host, plan.metrics_page->port);
  }
  for (const extensions::HealthCheckOptions& health : plan.health_checks) {
    add("extensions::" + health.extension, health.host, health.port);
  }
  return places;
}

void check_ports(const std::vector<ListeningPlace>& places, Duration timeout, Report& report) {
  for (auto place = places.begin(); place != places.end(); ++place) {
    const auto same = std::find_if(places.begin(), place, [&](const ListeningPlace& other) {
      return other.port == place->port && other.kind == place->kind && other.host == place->host;
    });
    if (same == place) {
      report.add(check_one(*place, timeout));
      continue;
    }
    report.add(
        {.level = Level::kProblem,
         .area = "ports",
         .subject = place->what,
         .text = "port " + std::to_string(place->port) + " is that of " + same->what + " too",
         .change = "give " + place->what + " a port of its own"});
  }
}

}  // namespace millrace::doctor
