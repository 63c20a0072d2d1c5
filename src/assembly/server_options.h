// From a receiver's options to its servers'. Either port understands either protocol that the
// receiver has configured; what differs by port is what its own section says.
#pragma once

#include <array>

#include "assembly/plan.h"
#include "base/signal.h"
#include "pipeline/intake.h"
#include "receivers/otlp/options.h"
#include "transport/server.h"

namespace millrace::assembly {

using Intakes = std::array<pipeline::Intake*, kSignalCount>;

// Routes exist for the signals that have an intake.
transport::ServerOptions grpc_server_options(const ReceiverPlan& receiver, const Intakes& intakes,
                                             transport::RequestHandler& handler);
transport::ServerOptions http_server_options(const ReceiverPlan& receiver, const Intakes& intakes,
                                             transport::RequestHandler& handler);

}  // namespace millrace::assembly
