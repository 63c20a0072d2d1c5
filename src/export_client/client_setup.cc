#include "export_client/client_setup.h"

#include <algorithm>

namespace millrace::exporters {

transport::ClientOptions client_options(const ClientSettings& options, const ClientEndpoint& target,
                                        bool uses_tls, io::Loop& loop, Budget& budget,
                                        Logger& logger) {
  transport::ClientOptions made;
  made.budget = &budget;
  made.on_limit = [&loop, &logger, counters = options.response_counters](http::ResponseLimit limit,
                                                                         std::string_view peer) {
    if (!counters->count(limit, loop.now())) return;
    logger.warn("The response of a destination passed a bound.",
                {{"peer", peer}, {"bound", http::response_limit_name(limit)}});
  };
  made.host = target.host;
  made.port = target.port;
  made.scheme = uses_tls ? "https" : "http";
  made.authority = target.authority();
  made.headers = options.headers;
  made.user_agent = options.user_agent;
  made.response_bytes_max = kResponseBytesMax;
  // Requests make connection attempts of their own; between them none waits longer than they do.
  const config::RetryConfig& retry = options.helper.retry;
  if (retry.enabled) made.reconnect_max = std::min(made.reconnect_max, retry.max_interval);
  if (uses_tls) made.tls = options.tls_context;
  made.tls_server_name = options.tls.options.server_name_override;
  if (target.is_unix() && made.tls_server_name.empty()) made.tls_server_name = target.authority();
  made.proxy = target.proxy;
  return made;
}

transport::ClientOptions http_client_options(const HttpClientSettings& settings,
                                             const ClientEndpoint& target, io::Loop& loop,
                                             Budget& budget, Logger& logger) {
  const bool uses_tls = target.scheme == EndpointScheme::kHttps;
  transport::ClientOptions made = client_options(settings, target, uses_tls, loop, budget, logger);
  const int64_t parallel =
      settings.connections_max > 0 ? settings.connections_max : settings.helper.queue.num_consumers;
  made.connections_max = static_cast<uint32_t>(std::clamp<int64_t>(parallel, 1, 10'000));
  made.http2 = settings.http2;
  made.idle_max = settings.idle_max > Duration(0) ? settings.idle_max : Duration(24h);
  made.ping_after = settings.ping_after;
  made.ping_timeout = settings.ping_timeout;
  made.reconnect_max = std::min<Duration>(made.reconnect_max, 5s);
  return made;
}

// Each worker's exporter says so for the context they share; the last one is as good as any.
void report_certificates(const ClientSettings& options, const std::string& endpoint,
                         Logger& logger) {
  if (options.tls_context == nullptr) return;
  options.tls_context->report_reloads([&logger, endpoint](const Status& status) {
    if (status) {
      logger.info("changed TLS files are in use", {{"endpoint", endpoint}});
    } else {
      logger.warn("changed TLS files cannot be used, the old ones stay",
                  {{"endpoint", endpoint}, {"error", status.error().message}});
    }
  });
}

}  // namespace millrace::exporters
