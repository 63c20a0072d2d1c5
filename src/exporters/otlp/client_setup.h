// The set-up of clients that the exporters of both protocols share.
#pragma once

#include <string>

#include "base/log.h"
#include "exporters/otlp/client_endpoint.h"
#include "exporters/otlp/options.h"
#include "io/loop.h"
#include "memory/budget.h"
#include "transport/client/client.h"

namespace millrace::exporters {

inline constexpr size_t kResponseBytesMax = 4 << 20;

// `loop`, `budget` and `logger` must outlive the client.
transport::ClientOptions client_options(const OtlpClientOptions& options,
                                        const ClientEndpoint& target, bool uses_tls, io::Loop& loop,
                                        Budget& budget, Logger& logger);

// Each worker's exporter says so for the context they share; the last one is as good as any.
void report_certificates(const OtlpClientOptions& options, const std::string& endpoint,
                         Logger& logger);

}  // namespace millrace::exporters
