// The exporters otlp_grpc and otlp_http: pipeline::Exporter over transport::Client. Each belongs
// to one loop and has connections of its own there; TLS contexts are shared (load_tls).
#pragma once

#include <memory>

#include "base/log.h"
#include "exporters/otlp/options.h"
#include "io/loop.h"
#include "pipeline/exporter.h"

namespace millrace::exporters {

// The logger must outlive the exporter. It hears of partial successes and warnings of the peer.
std::unique_ptr<pipeline::Exporter> make_otlp_grpc_exporter(io::Loop& loop,
                                                            const GrpcOptions& options,
                                                            Logger& logger);
std::unique_ptr<pipeline::Exporter> make_otlp_http_exporter(io::Loop& loop,
                                                            const HttpOptions& options,
                                                            Logger& logger);

}  // namespace millrace::exporters
