// The `nop` exporter: every batch counts as delivered.
#pragma once

#include <memory>

#include "config/section.h"
#include "io/loop.h"
#include "pipeline/exporter.h"

namespace millrace::exporters {

struct NopOptions {};

// There are no keys; any is an error, by the section's finish().
void read_options(config::Section& section, NopOptions* into);

// One for each worker; `loop` must outlive it.
std::unique_ptr<pipeline::Exporter> make_nop_exporter(const NopOptions& options, io::Loop& loop);

}  // namespace millrace::exporters
