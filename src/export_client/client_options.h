// The options of exporters that send over transport::Client, with otelcol's names and defaults
// (confighttp, configgrpc). Plain data; the exporter's own options add to them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "access/auth_options.h"
#include "base/metadata.h"
#include "base/result.h"
#include "base/time.h"
#include "compress/coding.h"
#include "compress/compressor.h"
#include "config/exporter_helper.h"
#include "config/section.h"
#include "config/tls.h"
#include "export_client/client_endpoint.h"
#include "export_client/response_counters.h"

namespace millrace::exporters {

struct ClientSettings {
  // gzip is otelcol's default for OTLP. It is dearer than all the rest of an exporter together:
  // `none` where the network is near, zstd where the peer has it.
  compress::Coding compression = compress::Coding::kGzip;
  int compression_level = compress::kDefaultLevel;
  std::vector<MetadataEntry> headers;  // lower-case names; values are secrets
  std::string user_agent = "millrace";
  // The extension whose credentials go with each request, instead of headers of the same names.
  std::optional<access::AuthenticatorName> auth;
  config::ClientTls tls;
  // Made by load_tls(), shared by all workers; null: plain text or not loaded.
  std::shared_ptr<io::TlsClientContext> tls_context;
  // Shared by all workers.
  std::shared_ptr<ResponseCounters> response_counters = std::make_shared<ResponseCounters>();
  // timeout, retry_on_failure, sending_queue: for the destination in front of this exporter.
  config::ExporterHelperConfig helper;
};

struct HttpClientSettings : ClientSettings {
  int64_t connections_max = 0;  // max_conns_per_host; 0: as many as batches may be in flight
  Duration idle_max = 90s;      // keepalive.idle_conn_timeout
  bool http2 = true;            // force_attempt_http2, over TLS
  Duration ping_after = 0s;     // http2_read_idle_timeout
  Duration ping_timeout = 15s;  // http2_ping_timeout
};

// `client` is the section with the keys of the client; its owner finishes it.
//
// headers, tls, auth, and the keys that need nothing here.
void read_client_settings(config::Section& client, ClientSettings& into);
// read_client_settings(), and max_conns_per_host, keepalive, force_attempt_http2 and their kind.
void read_http_client_settings(config::Section& client, HttpClientSettings& into);
// A URL; nothing: there is none, or it is an error, which is reported. A URL without http:// or
// https:// is a warning, as in otelcol, where each request then fails.
std::optional<ClientEndpoint> read_url(config::Section& client, std::string_view key);
// proxy_url, or what the environment says, as Go does.
void read_proxy(config::Section& client, std::span<std::optional<ClientEndpoint>> targets);
// With `insecure` otelcol makes no TLS settings, and https then means Go's defaults.
void drop_tls_settings_of_insecure_https(config::Section& client, config::ClientTls& into);

// Reads the certificates, once at start-up, where TLS is used.
Status load_tls(ClientSettings& settings, bool uses_tls);

}  // namespace millrace::exporters
