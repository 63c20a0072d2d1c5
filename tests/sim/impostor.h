// Listens in place of a back end and is hostile: writes the same speech to every connection.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "io/loop.h"
#include "tests/sim/coverage.h"
#include "tests/sim/hostile_stream.h"

namespace millrace::sim_test {

class Impostor {
 public:
  Impostor(io::Loop& loop, uint16_t port, const HostileHabits& habits, Coverage& coverage);
  // Closes all connections.
  ~Impostor();
  Impostor(const Impostor&) = delete;
  Impostor& operator=(const Impostor&) = delete;

 private:
  void on_second();

  io::Loop& loop_;
  const HostileHabits habits_;
  Coverage& coverage_;
  std::vector<std::unique_ptr<HostileStream>> streams_;
  std::unique_ptr<io::Timer> second_;
  std::unique_ptr<io::Listener> listener_;
};

}  // namespace millrace::sim_test
