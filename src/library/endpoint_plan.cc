#include "library/endpoint_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <optional>
#include <utility>

#include "exporters/otlp/exporter.h"
#include "exporters/otlp/options.h"
#include "library/buffer.h"
#include "library/config_error.h"

namespace millrace::library {
namespace {

using v1::Endpoint;

// Whether `name` is a token of RFC 9110, section 5.6.2, in lower case.
bool is_header_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < ' ' && c != '\t') || byte == 0x7f;
}

class EndpointFactory final : public assembly::ExporterFactory {
 public:
  explicit EndpointFactory(exporters::GrpcOptions options) : grpc_(std::move(options)) {}
  explicit EndpointFactory(exporters::HttpOptions options) : http_(std::move(options)) {}
  Result<std::unique_ptr<pipeline::Exporter>> make(const assembly::ExporterParts& parts,
                                                   Signal) override {
    if (grpc_)
      return exporters::make_otlp_grpc_exporter(parts.loop, *grpc_, parts.pool.budget(), parts.log,
                                                nullptr, &parts.long_work);
    return exporters::make_otlp_http_exporter(parts.loop, *http_, parts.pool.budget(), parts.log,
                                              nullptr, &parts.long_work);
  }
  std::shared_ptr<const exporters::ResponseCounters> response_counters() const override {
    return grpc_ ? grpc_->response_counters : http_->response_counters;
  }

 private:
  std::optional<exporters::GrpcOptions> grpc_;
  std::optional<exporters::HttpOptions> http_;
};

bool is_http(const Endpoint& endpoint) {
  if (endpoint.protocol != v1::Protocol::kAuto) {
    return endpoint.protocol != v1::Protocol::kGrpc;
  }
  const auto parsed = exporters::parse_http_endpoint(endpoint.url);
  return parsed && (parsed->port == 4318 || !parsed->path.empty());
}

config::ExporterHelperConfig helper_of(const Endpoint& endpoint) {
  config::ExporterHelperConfig helper;
  helper.timeout = std::chrono::milliseconds(endpoint.timeout_ms);
  helper.required = endpoint.required;
  helper.queue.num_consumers = endpoint.concurrency_max;
  helper.retry.enabled = endpoint.retry_for_ms != 0;
  helper.retry.initial_interval =
      std::chrono::milliseconds(std::max(endpoint.retry_initial_ms, 1U));
  helper.retry.max_interval =
      std::chrono::milliseconds(std::max({endpoint.retry_max_ms, endpoint.retry_initial_ms, 1U}));
  helper.retry.max_elapsed_time = std::chrono::milliseconds(endpoint.retry_for_ms);
  return helper;
}

Wrong fill_client(const Endpoint& endpoint, const std::string& where,
                  exporters::ClientSettings& options) {
  switch (endpoint.compression) {
    case v1::Compression::kNone:
      options.compression = compress::Coding::kIdentity;
      break;
    case v1::Compression::kGzip:
      options.compression = compress::Coding::kGzip;
      break;
    case v1::Compression::kZstd:
      options.compression = compress::Coding::kZstd;
      break;
  }
  for (const auto& [name, value] : endpoint.headers) {
    MetadataEntry entry{.name = name, .value = value};
    for (char& c : entry.name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (!is_header_name(entry.name)) {
      return invalid(fmt::format("{}.headers: \"{}\" is not a header name", where, name));
    }
    if (!entry.name.ends_with("-bin") && std::ranges::any_of(value, is_control)) {
      // The value is a secret and is not shown.
      return invalid(
          fmt::format("{}.headers: control characters in the value of \"{}\"", where, name));
    }
    options.headers.push_back(std::move(entry));
  }
  options.tls.options.ca_file = endpoint.tls.ca_file;
  options.tls.options.cert_file = endpoint.tls.certificate_file;
  options.tls.options.key_file = endpoint.tls.key_file;
  options.tls.options.server_name_override = endpoint.tls.server_name;
  options.tls.options.insecure_skip_verify = endpoint.tls.skip_verification;
  return {};
}

Wrong fill_grpc(const Endpoint& endpoint, const std::string& where,
                exporters::GrpcOptions& options) {
  options.endpoint = endpoint.url;
  auto target = exporters::parse_grpc_endpoint(endpoint.url);
  if (!target) return invalid(where + ": " + target.error().message);
  options.target = std::move(*target);
  // Only https means TLS, as in SDKs.
  options.tls.insecure = options.target.scheme != exporters::EndpointScheme::kHttps;
  return fill_client(endpoint, where, options);
}

Wrong fill_http(const Endpoint& endpoint, const std::string& where,
                exporters::HttpOptions& options) {
  options.endpoint = endpoint.url;
  options.encoding = endpoint.protocol == v1::Protocol::kHttpJson ? exporters::Encoding::kJson
                                                                  : exporters::Encoding::kProto;
  auto target = exporters::parse_http_endpoint(endpoint.url);
  if (!target) return invalid(where + ": " + target.error().message);
  if (target->path.find('?') != std::string::npos) {
    return invalid(where +
                   ": a URL with a query is not supported, the signal's path is added to it");
  }
  for (size_t signal = 0; signal < kBufferedSignals; ++signal) {
    options.targets[signal] = *target;
    options.targets[signal]->path += "/v1/" + std::string(signal_name(kSignals[signal]));
  }
  return fill_client(endpoint, where, options);
}

}  // namespace

v1::Result<EndpointPlan> plan_of_endpoint(const Endpoint& endpoint, const std::string& where) {
  if (auto wrong = check_range(where + ".timeout_ms", endpoint.timeout_ms, 1, 3'600'000)) {
    return std::move(*wrong);
  }
  if (auto wrong = check_range(where + ".concurrency_max", endpoint.concurrency_max, 1, 1000)) {
    return std::move(*wrong);
  }
  EndpointPlan plan;
  plan.exporter.helper = helper_of(endpoint);
  Status loaded;
  if (is_http(endpoint)) {
    plan.kind = "otlp_http";
    exporters::HttpOptions options;
    if (auto wrong = fill_http(endpoint, where, options)) return std::move(*wrong);
    loaded = exporters::load_tls(options, options.uses_tls());
    plan.exporter.factory = std::make_shared<EndpointFactory>(std::move(options));
  } else {
    plan.kind = "otlp_grpc";
    exporters::GrpcOptions options;
    if (auto wrong = fill_grpc(endpoint, where, options)) return std::move(*wrong);
    loaded = exporters::load_tls(options, options.uses_tls());
    plan.exporter.factory = std::make_shared<EndpointFactory>(std::move(options));
  }
  if (!loaded) return invalid(where + ".tls: " + loaded.error().message);
  return plan;
}

}  // namespace millrace::library
