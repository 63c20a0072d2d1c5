// A hostile sender: keeps some connections to the collector open, each with the same speech, and
// replaces those that the collector closes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "io/loop.h"
#include "tests/sim/coverage.h"
#include "tests/sim/hostile_stream.h"
#include "tests/sim/scenario.h"

namespace millrace::sim_test {

class HostileClient {
 public:
  // `address` is the collector's, without the port.
  HostileClient(io::Loop& loop, std::string address, const HostileClientScenario& scenario,
                Coverage& coverage);
  // Closes all connections.
  ~HostileClient();
  HostileClient(const HostileClient&) = delete;
  HostileClient& operator=(const HostileClient&) = delete;

 private:
  void on_second();
  void connect();
  void count(const HostileStream& stream);

  io::Loop& loop_;
  const std::string address_;
  const HostileClientScenario scenario_;
  Coverage& coverage_;
  uint32_t made_count_ = 0;
  std::vector<std::unique_ptr<HostileStream>> streams_;
  std::unique_ptr<io::Timer> second_;
};

}  // namespace millrace::sim_test
