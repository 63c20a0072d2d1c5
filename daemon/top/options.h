// The options of `millrace top`.
#pragma once

#include "base/time.h"
#include "daemon/console_client/target.h"

namespace CLI {
class App;
}

namespace millrace::top {

struct TopOptions {
  console_client::Target target;
  Duration interval = 1s;
  bool prints_once = false;
};

void add_top_options(CLI::App& app, TopOptions& options);

}  // namespace millrace::top
