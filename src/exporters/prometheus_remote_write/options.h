// The options of the exporter `prometheus_remote_write`, with otelcol's names and defaults. Plain
// data.
#pragma once

#include <string>
#include <string_view>

#include "config/section.h"
#include "export_client/client_endpoint.h"
#include "export_client/client_options.h"
#include "exporters/prometheus_remote_write/translator.h"
#include "exporters/prometheus_remote_write/write_table.h"
#include "prometheus/names.h"

namespace millrace::exporters {

struct RemoteWriteOptions : HttpClientSettings {
  RemoteWriteOptions();
  std::string endpoint;  // as written
  std::optional<ClientEndpoint> target;
  prometheus::Strategy strategy = prometheus::Strategy::kUnderscoreEscapingWithSuffixes;
  std::string metric_namespace = {};
  TranslatorOptions translation;
  WriteProtocol protocol = WriteProtocol::k1;
  WriteTable::Metadata metadata = WriteTable::Metadata::kNone;

  bool uses_tls() const { return target && target->scheme == EndpointScheme::kHttps; }
};

// `exporter` is the exporter's own section; the caller finishes it.
void read_options(config::Section& exporter, RemoteWriteOptions& into);

}  // namespace millrace::exporters
