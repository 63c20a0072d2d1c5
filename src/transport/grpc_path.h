// The methods of OTLP over gRPC, for both sides (opentelemetry-proto,
// collector/*/v1/*_service.proto).
#pragma once

#include <string_view>

#include "base/signal.h"

namespace millrace::transport {

// "/opentelemetry.proto.collector.trace.v1.TraceService/Export" for traces.
std::string_view grpc_path_of(Signal signal);

}  // namespace millrace::transport
