// Whether the ports that the configuration listens on are free. Nothing listens meanwhile: an
// address is bound and given back.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "assembly/plan.h"
#include "base/time.h"
#include "daemon/doctor/port_owner.h"
#include "daemon/doctor/report.h"

namespace millrace::doctor {

struct ListeningPlace {
  std::string what;  // "receivers::otlp (grpc)"
  std::string host;  // empty: every address
  uint16_t port = 0;
  PortKind kind = PortKind::kTcp;
};

// Without those that take any free port, and sockets that have none.
std::vector<ListeningPlace> listening_places(const assembly::Plan& plan);
// `timeout`: of looking up one name.
void check_ports(const std::vector<ListeningPlace>& places, Duration timeout, Report& report);

}  // namespace millrace::doctor
