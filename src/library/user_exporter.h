// Runs an Exporter of the program as an exporter of the daemon, on a thread of its own, so that it
// may block, hang or throw without affecting others.
#pragma once

#include <memory>

#include "assembly/factories.h"
#include "library/plan_from_config.h"
#include "millrace/exporter.h"

namespace millrace::library {

// The signals of one exporter share its thread: one call at a time. The thread ends with the last
// signal; if the program's code does not return, the thread keeps its state and is abandoned.
std::shared_ptr<assembly::ExporterFactory> make_user_exporter_factory(
    std::shared_ptr<v1::Exporter> exporter, std::shared_ptr<ExporterThreads> threads);

}  // namespace millrace::library
