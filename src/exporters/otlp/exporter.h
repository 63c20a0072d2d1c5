// The exporters otlp_grpc and otlp_http: pipeline::Exporter over transport::Client. Each belongs
// to one loop and has connections of its own there; TLS contexts are shared (load_tls).
#pragma once

#include <memory>

#include "base/log.h"
#include "exporters/otlp/options.h"
#include "io/loop.h"
#include "memory/budget.h"
#include "pipeline/exporter.h"
#include "transport/client.h"

namespace millrace::exporters {

// Bodies that are made here are terms of the budget from sending to the answer. What drains a full
// process must not be refused: without room a batch goes out uncompressed, and JSON, which has no
// other form, is counted beyond the limit; batches in flight bound it. Budget and logger must
// outlive the exporter; the logger hears of partial successes and warnings.
// `credentials` (null: none) are asked for each request; a peer that refuses old ones while there
// are new ones is asked again.
std::unique_ptr<pipeline::Exporter> make_otlp_grpc_exporter(
    io::Loop& loop, const GrpcOptions& options, Budget& budget, Logger& logger,
    std::shared_ptr<transport::CredentialSource> credentials = nullptr);
std::unique_ptr<pipeline::Exporter> make_otlp_http_exporter(
    io::Loop& loop, const HttpOptions& options, Budget& budget, Logger& logger,
    std::shared_ptr<transport::CredentialSource> credentials = nullptr);

}  // namespace millrace::exporters
