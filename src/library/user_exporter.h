// The user's own Exporter as an exporter of the daemon's: on a thread of its own, so that it may
// block, hang or throw without holding up anybody else.
#pragma once

#include <memory>

#include "assembly/factories.h"
#include "library/plan_from_config.h"
#include "millrace/exporter.h"

namespace millrace::library {

// The thread is shared by the signals of one exporter: one call at a time. It ends with the last of
// them, or, where the user's code does not return, is left behind with what it holds.
std::shared_ptr<assembly::ExporterFactory> make_user_exporter_factory(
    std::shared_ptr<v1::Exporter> exporter, std::shared_ptr<ExporterThreads> threads);

}  // namespace millrace::library
