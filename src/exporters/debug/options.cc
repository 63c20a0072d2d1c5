#include "exporters/debug/options.h"

namespace millrace::exporters {

void read_options(config::Section& section, DebugOptions* into) {
  section.choice("verbosity", &into->verbosity,
                 {{"basic", static_cast<int>(Verbosity::kBasic)},
                  {"normal", static_cast<int>(Verbosity::kNormal)},
                  {"detailed", static_cast<int>(Verbosity::kDetailed)}});
  section.integer("sampling_initial", &into->sampling_initial, {.min = 0});
  section.integer("sampling_thereafter", &into->sampling_thereafter, {.min = 0});
  section.boolean("use_internal_logger", &into->use_internal_logger);
  if (section.text_list("output_paths", &into->output_paths) && into->use_internal_logger) {
    section.error_at("output_paths", "needs use_internal_logger: false");
  }
  if (section.has("sending_queue")) {
    into->queue.enabled = true;
    config::read_sending_queue(section, into->queue);
  }
}

}  // namespace millrace::exporters
