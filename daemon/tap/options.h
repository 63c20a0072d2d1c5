// The options of `millrace tap`.
#pragma once

#include <cstdint>
#include <string>

#include "daemon/console_client/target.h"

namespace CLI {
class App;
}

namespace millrace::tap {

struct TapOptions {
  console_client::Target target;
  std::string edge;         // PIPELINE@POINT; empty: lists the edges
  uint32_t items = 0;       // of each request; 0: the console's default
  uint32_t per_second = 0;  // requests; 0: the console's default
  bool only_changed = false;
  bool prints_json = false;
};

void add_tap_options(CLI::App& app, TapOptions& options);
// Path and query.
std::string asked_by(const TapOptions& options);

}  // namespace millrace::tap
