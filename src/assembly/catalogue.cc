#include "assembly/catalogue.h"

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "assembly/function_factory.h"
#include "assembly/kafka_exporter_kind.h"
#include "assembly/tls_files.h"
#include "exporters/debug/debug_exporter.h"
#include "exporters/file/file_exporter.h"
#include "exporters/nop/nop_exporter.h"
#include "exporters/otlp/exporter.h"
#include "exporters/prometheus/prometheus_exporter.h"
#include "exporters/prometheus_remote_write/remote_write_exporter.h"
#include "extensions/basicauth/basic_auth.h"
#include "extensions/bearertokenauth/bearer_token_auth.h"
#include "extensions/headers_setter/headers_setter.h"
#include "extensions/oauth2client/oauth2_client.h"
#include "extensions/without_effect/without_effect.h"
#include "receivers/jaeger/jaeger.h"
#include "receivers/kafka/kafka.h"
#include "receivers/nop/nop.h"
#include "receivers/otlp/otlp.h"
#include "receivers/prometheus/prometheus.h"
#include "receivers/zipkin/zipkin.h"

namespace millrace::assembly {
namespace {

using config::ComponentKind;
using config::Section;

// Certificates are read while the configuration is checked, so that `validate` shows what is wrong.
template <class Options>
std::shared_ptr<Options> load_tls_of(Section& section, Options options) {
  auto shared = std::make_shared<Options>(std::move(options));
  if (section.has_errors()) return shared;
  if (shared->uses_tls() && say_unreadable_files(section, shared->tls.options)) return shared;
  if (Status loaded = exporters::load_tls(*shared, shared->uses_tls()); !loaded)
    section.error(loaded.error().message);
  return shared;
}

void warn_of_clear_text(Section& section, bool has_auth, bool uses_tls) {
  if (!has_auth || uses_tls) return;
  section.warning_at("auth", "the credentials go over the wire in clear text; use tls");
}

metrics::Labels http_labels(const std::optional<exporters::ClientEndpoint>& target) {
  if (!target) return {};
  return {{"server_address", target->host},
          {"server_port", std::to_string(target->port)},
          // As otelcol's, without the query, which may be a key.
          {"url_path", target->path.substr(0, target->path.find('?'))}};
}

ExporterReading read_otlp_grpc(Section& section) {
  exporters::GrpcOptions read;
  exporters::read_grpc_options(section, read);
  const auto options = load_tls_of(section, std::move(read));
  warn_of_clear_text(section, options->auth.has_value(), options->uses_tls());
  return {.factory = std::make_shared<FunctionFactory>(
              [options](const ExporterParts& parts,
                        Signal) -> Result<std::unique_ptr<pipeline::Exporter>> {
                return exporters::make_otlp_grpc_exporter(parts.loop, *options, parts.pool.budget(),
                                                          parts.log, parts.credentials,
                                                          &parts.long_work);
              },
              [options](Signal) {
                return metrics::Labels{{"server_address", options->target.host},
                                       {"server_port", std::to_string(options->target.port)}};
              },
              options->response_counters),
          .helper = options->helper,
          .auth = options->auth,
          .client_tls = options->tls_context};
}

ExporterReading read_otlp_http(Section& section) {
  exporters::HttpOptions read;
  exporters::read_http_options(section, read);
  const auto options = load_tls_of(section, std::move(read));
  warn_of_clear_text(section, options->auth.has_value(), options->uses_tls());
  return {.factory = std::make_shared<FunctionFactory>(
              [options](const ExporterParts& parts,
                        Signal) -> Result<std::unique_ptr<pipeline::Exporter>> {
                return exporters::make_otlp_http_exporter(parts.loop, *options, parts.pool.budget(),
                                                          parts.log, parts.credentials,
                                                          &parts.long_work);
              },
              [options](Signal signal) { return http_labels(options->targets[index_of(signal)]); },
              options->response_counters),
          .helper = options->helper,
          .auth = options->auth,
          .client_tls = options->tls_context};
}

// An exporter without a queue in otelcol gets a small one here all the same: a slow terminal or
// disk then slows only its own destination.
config::ExporterHelperConfig helper_with(const config::SendingQueueConfig& queue) {
  config::ExporterHelperConfig helper;
  helper.timeout = 0s;
  if (queue.enabled) helper.queue = queue;
  return helper;
}

// Files that one debug exporter's workers share, by path; opened when the first of them is made.
using DebugFiles = std::map<std::string, std::shared_ptr<exporters::FileWriter>>;

Result<exporters::TryWrite> open_debug_output(const std::string& path, const ExporterParts& parts,
                                              DebugFiles& files) {
  const bool is_error = path == "stderr" || path == "/dev/stderr";
  if (is_error || path == "stdout" || path == "/dev/stdout") {
    const Outputs& outputs = parts.outputs_of_process;
    io::TextOutput* const output = is_error ? outputs.standard_error : outputs.standard_output;
    if (output != nullptr)
      return [output](std::string_view text) { return output->try_write(text); };
    return [log = &parts.unsampled_log](std::string_view text) {
      log->log_block(LogLevel::kInfo, text);
      return true;
    };
  }
  std::shared_ptr<exporters::FileWriter>& file = files[path];
  if (file == nullptr) {
    auto opened =
        exporters::make_file_writer({.path = path, .append = true}, parts.files, parts.wall_clock);
    if (!opened) return fail(opened.error());
    file = *std::move(opened);
  }
  return [file](std::string_view text) { return file->write_record(as_span(text)).has_value(); };
}

ExporterReading read_debug(Section& section) {
  exporters::DebugOptions options;
  exporters::read_options(section, &options);
  const config::ExporterHelperConfig helper = helper_with(options.queue);
  const std::string id = section.path().substr(section.path().find("::") + 2);
  auto files = std::make_shared<DebugFiles>();
  return {
      .factory = std::make_shared<FunctionFactory>(
          [options, id, files](const ExporterParts& parts,
                               Signal) -> Result<std::unique_ptr<pipeline::Exporter>> {
            if (options.use_internal_logger) {
              return exporters::make_debug_exporter(
                  options,
                  exporters::make_log_sink(parts.unsampled_log, parts.outputs_of_process.log, id),
                  parts.loop, parts.pool, parts.long_work);
            }
            std::vector<exporters::TryWrite> writes;
            for (const std::string& path : options.output_paths) {
              auto write = open_debug_output(path, parts, *files);
              if (!write) return fail(write.error());
              writes.push_back(*std::move(write));
            }
            return exporters::make_debug_exporter(options,
                                                  exporters::make_text_sink(std::move(writes)),
                                                  parts.loop, parts.pool, parts.long_work);
          }),
      .helper = helper,
      .joins_requests = false};
}

ExporterReading read_file(Section& section) {
  exporters::FileOptions options;
  exporters::read_options(section, &options);
  // One writer for all signals and workers, opened when the first exporter is made.
  auto writer = std::make_shared<std::shared_ptr<exporters::FileWriter>>();
  return {.factory = std::make_shared<FunctionFactory>(
              [options, writer](const ExporterParts& parts,
                                Signal) -> Result<std::unique_ptr<pipeline::Exporter>> {
                if (*writer == nullptr) {
                  auto opened = exporters::make_file_writer(options, parts.files, parts.wall_clock);
                  if (!opened) return fail(opened.error());
                  *writer = std::move(*opened);
                }
                return exporters::make_file_exporter(options, *writer, parts.loop,
                                                     parts.pool.budget(), parts.long_work);
              }),
          .helper = options.helper,
          .joins_requests = false,
          .writes = WrittenFile{.path = options.path, .makes_directory = options.create_directory}};
}

ExporterReading read_nop(Section& section) {
  exporters::NopOptions options;
  exporters::read_options(section, &options);
  return {.factory = std::make_shared<FunctionFactory>(
              [options](const ExporterParts& parts,
                        Signal) -> Result<std::unique_ptr<pipeline::Exporter>> {
                return exporters::make_nop_exporter(options, parts.loop);
              }),
          .helper = helper_with({}),
          .joins_requests = false};
}

exporters::PrometheusParts prometheus_parts(const ExporterParts& parts) {
  return {.name = parts.name,
          .worker = parts.worker,
          .worker_count = parts.worker_count,
          .loop = parts.loop,
          .pool = parts.pool,
          .long_work = parts.long_work,
          .log = parts.log,
          .metrics = parts.metrics};
}

ExporterReading read_prometheus(Section& section) {
  exporters::PrometheusOptions options;
  exporters::read_options(section, &options);
  config::ExporterHelperConfig helper = helper_with(options.queue);
  // One batch at a time, so that the points of a series come in their order.
  helper.queue.num_consumers = 1;
  std::vector<reception::Listener> listeners = {exporters::listener_of(options)};
  const auto hub = exporters::make_prometheus_hub(std::move(options));
  return {
      .factory = std::make_shared<FunctionFactory>(
          [hub](const ExporterParts& parts, Signal) -> Result<std::unique_ptr<pipeline::Exporter>> {
            return exporters::make_prometheus_exporter(hub, prometheus_parts(parts));
          },
          FunctionFactory::LabelsOf(), nullptr,
          [hub](const ExporterParts& parts) {
            return exporters::make_prometheus_page(hub, prometheus_parts(parts));
          }),
      .helper = helper,
      .listeners = std::move(listeners)};
}

ExporterReading read_prometheus_remote_write(Section& section) {
  exporters::RemoteWriteOptions read;
  exporters::read_options(section, read);
  const auto options = load_tls_of(section, std::move(read));
  warn_of_clear_text(section, options->auth.has_value(), options->uses_tls());
  return {
      .factory = std::make_shared<FunctionFactory>(
          [options](const ExporterParts& parts,
                    Signal) -> Result<std::unique_ptr<pipeline::Exporter>> {
            return exporters::make_remote_write_exporter(*options,
                                                         {.name = parts.name,
                                                          .loop = parts.loop,
                                                          .budget = parts.pool.budget(),
                                                          .long_work = parts.long_work,
                                                          .log = parts.log,
                                                          .metrics = parts.metrics},
                                                         parts.credentials);
          },
          [options](Signal) { return http_labels(options->target); }, options->response_counters),
      .helper = options->helper,
      .auth = options->auth,
      .client_tls = options->tls_context};
}

// Makes an extension from the options that it has read.
template <class Options, void (*read)(Section&, Options&),
          Result<access::AuthExtension> (*make)(const Options&)>
std::shared_ptr<access::AuthExtension> read_auth_extension(Section& section) {
  Options options;
  read(section, options);
  if (section.has_errors()) return nullptr;
  auto made = make(options);
  if (made) return std::make_shared<access::AuthExtension>(std::move(*made));
  section.error(made.error().message);
  return nullptr;
}

constexpr config::ComponentType extension(std::string_view type) {
  return {.kind = ComponentKind::kExtension, .type = type};
}
constexpr config::ComponentType exporter(std::string_view type, uint8_t signals) {
  return {.kind = ComponentKind::kExporter, .type = type, .signals = signals};
}

constexpr uint8_t kOnlyMetrics = 1U << index_of(Signal::kMetrics);

constexpr std::array kReceivers = {
    receivers::kOtlp,           receivers::kafka::kKafka,
    receivers::nop::kNop,       receivers::prometheus::kPrometheus,
    receivers::zipkin::kZipkin, receivers::jaeger::kJaeger,
};

constexpr std::array kAuthExtensions = {
    AuthKind{extension("basicauth"),
             read_auth_extension<extensions::BasicAuthOptions, extensions::read_basic_auth,
                                 extensions::make_basic_auth>},
    AuthKind{
        extension("bearertokenauth"),
        read_auth_extension<extensions::BearerTokenAuthOptions, extensions::read_bearer_token_auth,
                            extensions::make_bearer_token_auth>},
    AuthKind{extension("headers_setter"),
             read_auth_extension<extensions::HeadersSetterOptions, extensions::read_headers_setter,
                                 extensions::make_headers_setter>},
    AuthKind{extension("oauth2client"),
             read_auth_extension<extensions::OAuth2ClientOptions, extensions::read_oauth2_client,
                                 extensions::make_oauth2_client>},
};

constexpr std::array kExporters = {
    ExporterKind{exporter("otlp_grpc", config::kAllSignals), read_otlp_grpc},
    ExporterKind{exporter("otlp_http", config::kAllSignals), read_otlp_http},
    ExporterKind{exporter("debug", config::kAllSignals), read_debug},
    ExporterKind{exporter("file", config::kAllSignals), read_file},
    ExporterKind{exporter("kafka", config::kAllSignals), read_kafka},
    ExporterKind{exporter("nop", config::kAllSignals), read_nop},
    ExporterKind{exporter("prometheus", kOnlyMetrics), read_prometheus},
    ExporterKind{exporter("prometheus_remote_write", kOnlyMetrics), read_prometheus_remote_write},
};

}  // namespace

std::span<const reception::ReceiverKind> receiver_kinds() { return kReceivers; }
std::span<const AuthKind> auth_kinds() { return kAuthExtensions; }
std::span<const ExporterKind> exporter_kinds() { return kExporters; }

config::Catalog catalog() {
  std::vector<config::ComponentType> types = {
      {.kind = ComponentKind::kExtension, .type = "health_check"},
      {.kind = ComponentKind::kExtension, .type = "file_storage"},
      {.kind = ComponentKind::kExtension, .type = "zpages"},
      {.kind = ComponentKind::kExtension, .type = "console"},
  };
  for (const extensions::WithoutEffect& kind : extensions::extensions_without_effect()) {
    types.push_back(extension(kind.type));
  }
  for (const reception::ReceiverKind& kind : kReceivers) types.push_back(kind.type);
  for (const AuthKind& kind : kAuthExtensions) types.push_back(kind.type);
  for (const ConnectorKind& kind : connector_kinds()) types.push_back(kind.type);
  for (const ExporterKind& kind : kExporters) types.push_back(kind.type);
  for (const ProcessorKind& kind : processor_kinds()) types.push_back(kind.type);
  return config::Catalog(std::move(types));
}

}  // namespace millrace::assembly
