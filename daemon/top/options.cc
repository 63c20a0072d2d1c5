#include "daemon/top/options.h"

#include <CLI/CLI.hpp>

#include "daemon/otlp_client/target.h"

namespace millrace::top {

void add_top_options(CLI::App& app, TopOptions& options) {
  load::add_duration(app, "--interval", options.interval, "between two pictures (default 1s)");
  app.add_flag("--once", options.prints_once, "prints one picture and ends, as without a terminal");
  console_client::add_target_options(app, options.target);
}

}  // namespace millrace::top
