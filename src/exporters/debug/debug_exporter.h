// The `debug` exporter: prints what arrives and counts it as delivered.
#pragma once

#include <memory>

#include "exporters/debug/debug_sink.h"
#include "exporters/debug/options.h"
#include "io/long_work.h"
#include "io/loop.h"
#include "memory/chunk_pool.h"
#include "pipeline/exporter.h"

namespace millrace::exporters {

// One for each worker; `loop`, `pool` and `long_work` must outlive it, and `long_work` is finished
// first. A batch is answered when the sink has all of its
// text, or at once when sampling leaves it out. Each turn of the loop makes a bounded
// piece, which is reserved in the budget.
std::unique_ptr<pipeline::Exporter> make_debug_exporter(const DebugOptions& options, DebugSink sink,
                                                        io::Loop& loop, ChunkPool& pool,
                                                        io::LongWork& long_work);

}  // namespace millrace::exporters
