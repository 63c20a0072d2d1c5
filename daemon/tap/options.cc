#include "daemon/tap/options.h"

#include <CLI/CLI.hpp>

namespace millrace::tap {

void add_tap_options(CLI::App& app, TapOptions& options) {
  app.add_option(
      "edge", options.edge,
      "PIPELINE@POINT: traces@in, traces@2, traces@attributes, traces@out; without it the "
      "edges are listed");
  app.add_option("--items", options.items, "of each request (default 5)")
      ->check(CLI::Range(uint32_t{1}, uint32_t{50}));
  app.add_option("--per-second", options.per_second, "requests (default 2)")
      ->check(CLI::Range(uint32_t{1}, uint32_t{8}));
  app.add_flag("--changed", options.only_changed,
               "leaves out items and fields that the processor left alone");
  app.add_flag("--json", options.prints_json, "one JSON object a line for each sampled request");
  console_client::add_target_options(app, options.target);
}

std::string asked_by(const TapOptions& options) {
  if (options.edge.empty()) return "/api/v1/edges";
  console_client::QueryText query;
  query.add("edge", options.edge);
  query.add("items", options.items == 0 ? "" : std::to_string(options.items));
  query.add("per_second", options.per_second == 0 ? "" : std::to_string(options.per_second));
  query.add("only", options.only_changed ? "changed" : "");
  return query.behind("/api/v1/tap");
}

}  // namespace millrace::tap
