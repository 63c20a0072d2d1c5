// The exporters otlp_grpc and otlp_http: pipeline::Exporter over transport::Client. Each belongs
// to one loop and has connections of its own there; TLS contexts are shared (load_tls).
#pragma once

#include <memory>

#include "base/log.h"
#include "exporters/otlp/options.h"
#include "io/long_work.h"
#include "io/loop.h"
#include "memory/budget.h"
#include "pipeline/exporter.h"
#include "transport/client/client.h"

namespace millrace::exporters {

// Bodies that are made here are terms of the budget from sending to the answer. What drains a full
// process must not be refused: without room a batch goes out uncompressed, and JSON, which has no
// other form, may take 16 MiB beyond the limit; a batch that needs more is tried again, and refused
// when the whole budget would not do. Budget and logger must
// outlive the exporter; the logger hears of partial successes and warnings.
// `credentials` (null: none) are asked for each request; a peer that refuses old ones while there
// are new ones is asked again.
// Large batches are encoded and compressed in slices of `long_work` (null: in one go), which
// outlives the exporter or is finished before it goes.
std::unique_ptr<pipeline::Exporter> make_otlp_grpc_exporter(
    io::Loop& loop, const GrpcOptions& options, Budget& budget, Logger& logger,
    std::shared_ptr<transport::CredentialSource> credentials = nullptr,
    io::LongWork* long_work = nullptr);
std::unique_ptr<pipeline::Exporter> make_otlp_http_exporter(
    io::Loop& loop, const HttpOptions& options, Budget& budget, Logger& logger,
    std::shared_ptr<transport::CredentialSource> credentials = nullptr,
    io::LongWork* long_work = nullptr);

}  // namespace millrace::exporters
