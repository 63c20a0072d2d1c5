// The `debug` exporter: prints what arrives and counts it as delivered.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.h"
#include "exporters/debug/options.h"
#include "io/loop.h"
#include "pipeline/exporter.h"

namespace millrace::exporters {

// Where it prints. Called from every worker that has an exporter of this destination.
struct DebugSink {
  using Counts = std::vector<std::pair<std::string_view, uint64_t>>;
  // One batch: "Traces" with {"resource spans", 1}, {"spans", 10}.
  std::function<void(std::string_view message, const Counts& counts)> summary;
  // Lines of normal and detailed verbosity, each ending in '\n'.
  std::function<void(std::string_view text)> text;
};

// use_internal_logger: true. Give it a logger without sampling of its own. `logger` must outlive
// the sink.
DebugSink make_log_sink(Logger& logger);
// use_internal_logger: false. `write` gets whole lines and must be safe from any thread.
DebugSink make_text_sink(std::function<void(std::string_view text)> write);

// One for each worker; `loop` must outlive it.
std::unique_ptr<pipeline::Exporter> make_debug_exporter(const DebugOptions& options, DebugSink sink,
                                                        io::Loop& loop);

}  // namespace millrace::exporters
