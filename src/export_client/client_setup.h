// The set-up of clients that exporters share.
#pragma once

#include <string>

#include "base/log.h"
#include "export_client/client_endpoint.h"
#include "export_client/client_options.h"
#include "io/loop.h"
#include "memory/budget.h"
#include "transport/client/client.h"

namespace millrace::exporters {

inline constexpr size_t kResponseBytesMax = 4 << 20;

// `loop`, `budget` and `logger` must outlive the client.
transport::ClientOptions client_options(const ClientSettings& options, const ClientEndpoint& target,
                                        bool uses_tls, io::Loop& loop, Budget& budget,
                                        Logger& logger);
// The same for HTTP: with the connections, pings and idle time of the settings.
transport::ClientOptions http_client_options(const HttpClientSettings& settings,
                                             const ClientEndpoint& target, io::Loop& loop,
                                             Budget& budget, Logger& logger);

// Each worker's exporter says so for the context they share; the last one is as good as any.
void report_certificates(const ClientSettings& options, const std::string& endpoint,
                         Logger& logger);

}  // namespace millrace::exporters
