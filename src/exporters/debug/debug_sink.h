// Where debug exporters print. Nothing here waits: a sink that has no room says so, and the
// exporter comes back.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/time.h"
#include "io/text_output.h"

namespace millrace::exporters {

// Called from the one worker whose exporter has it. Both return false when there is no room now:
// then nothing was taken, and the same call is made again later.
struct DebugSink {
  using Counts = std::vector<std::pair<std::string_view, uint64_t>>;
  // One batch: "Traces" with {"resource spans", 1}, {"spans", 10}.
  std::function<bool(std::string_view message, const Counts& counts)> summary;
  // Lines of normal and detailed verbosity, each ending in '\n'.
  std::function<bool(std::string_view text)> text;
};

// use_internal_logger: true. Lines name the exporter. Give it a logger without sampling of its own;
// `output` is where its lines go, null when that never lacks room. Both must outlive the sink.
// While the output moves, the sink waits for room, so that all is shown. An output that took
// nothing for kReaderPatience is a log without a reader: what finds no room then is dropped, and
// counted as dropped lines of the log, so that the log never holds up the data.
DebugSink make_log_sink(Logger& logger, io::TextOutput* output, std::string exporter);
inline constexpr Duration kReaderPatience = 1s;

// use_internal_logger: false. Each of `writes` takes whole lines, or returns false and is called
// again: an output that stands still holds up its exporter, whose queue then fills.
using TryWrite = std::function<bool(std::string_view text)>;
DebugSink make_text_sink(std::vector<TryWrite> writes);

}  // namespace millrace::exporters
