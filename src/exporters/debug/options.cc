#include "exporters/debug/options.h"

#include <algorithm>

namespace millrace::exporters {
namespace {

bool is_file(const std::string& path) {
  return path != "stdout" && path != "stderr" && !path.starts_with("/dev/") &&
         !path.starts_with("/proc/");
}

void read_outputs(config::Section& section, DebugOptions* into) {
  const bool given = section.text_list("output_paths", &into->output_paths);
  if (given && into->use_internal_logger) {
    section.error_at("output_paths", "needs use_internal_logger: false");
  } else if (into->output_paths.empty()) {
    section.error_at("output_paths", "expected stdout, stderr or paths of files, found none");
  }
  for (const std::string& path : into->output_paths) {
    if (path.empty() || path.contains("://")) {
      section.error_at("output_paths",
                       "expected stdout, stderr or the path of a file, found \"" + path + "\"");
    }
  }
  bool escapes = true;
  if (!section.boolean("escape_control_characters", &escapes) || escapes) return;
  into->control_characters = ControlCharacters::kRaw;
  if (into->use_internal_logger || !std::ranges::all_of(into->output_paths, is_file)) {
    section.error_at("escape_control_characters",
                     "false needs use_internal_logger: false and output_paths that are files: what "
                     "senders write would reach a terminal or forge lines of the log");
  }
}

}  // namespace

void read_options(config::Section& section, DebugOptions* into) {
  section.choice("verbosity", &into->verbosity,
                 {{"basic", static_cast<int>(Verbosity::kBasic)},
                  {"normal", static_cast<int>(Verbosity::kNormal)},
                  {"detailed", static_cast<int>(Verbosity::kDetailed)}});
  section.integer("sampling_initial", &into->sampling_initial, {.min = 0});
  section.integer("sampling_thereafter", &into->sampling_thereafter, {.min = 0});
  section.boolean("use_internal_logger", &into->use_internal_logger);
  read_outputs(section, into);
  if (section.has("sending_queue")) {
    into->queue.enabled = true;
    config::read_sending_queue(section, into->queue);
  }
}

}  // namespace millrace::exporters
