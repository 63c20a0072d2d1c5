#include "daemon/otlp_client/target.h"

#include <CLI/CLI.hpp>
#include <utility>

#include "daemon/otlp_client/choice.h"
#include "daemon/otlp_client/option_values.h"
#include "io/tls.h"

namespace millrace::load {
namespace {

constexpr uint16_t kGrpcPort = 4317;
constexpr uint16_t kHttpPort = 4318;

std::string path_of(Signal signal) {
  if (signal == Signal::kProfiles) return "/v1development/profiles";
  return "/v1/" + std::string(signal_name(signal));
}

}  // namespace

void add_duration(CLI::App& app, const char* name, Duration& into, const std::string& help) {
  app.add_option_function<std::string>(
         name,
         [name, &into](const std::string& text) {
           const auto duration = parse_duration(text);
           if (!duration) {
             throw CLI::ValidationError(name,
                                        "\"" + text + "\" is not a duration like 200ms or 5s");
           }
           into = *duration;
         },
         help)
      ->type_name("DURATION");
}

void add_target_options(CLI::App& app, TargetOptions& options) {
  app.add_option("--endpoint", options.endpoint,
                 "host:port or http(s)://host:port (default localhost:4317, HTTP localhost:4318)");
  add_choice<LoadProtocol>(app, "--protocol", options.protocol,
                           {{"grpc", LoadProtocol::kGrpc}, {"http", LoadProtocol::kHttp}},
                           "default grpc");
  add_choice<compress::Coding>(app, "--compression", options.compression,
                               {{"none", compress::Coding::kIdentity},
                                {"gzip", compress::Coding::kGzip},
                                {"zstd", compress::Coding::kZstd}},
                               "of the bodies (default none)");
  app.add_option_function<std::vector<std::string>>(
         "--header",
         [&options](const std::vector<std::string>& texts) {
           for (const std::string& text : texts) {
             const auto header = parse_header(text);
             if (!header) {
               throw CLI::ValidationError("--header", "\"" + text + "\" is not name=value");
             }
             options.headers.push_back(*header);
           }
         },
         "name=value, sent with each request; may be repeated")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  app.add_option("--ca-file", options.tls.ca_file, "certificate authorities for https (PEM)");
  app.add_option("--cert-file", options.tls.cert_file, "client certificate (PEM)");
  app.add_option("--key-file", options.tls.key_file, "key of the client certificate (PEM)");
  app.add_flag("--insecure-skip-verify", options.tls.skip_verify,
               "accept any certificate of the server");
}

std::string check_target_options(const TargetOptions& options) {
  if (options.tls.cert_file.empty() != options.tls.key_file.empty()) {
    return "--cert-file and --key-file go together";
  }
  if (const auto endpoint = parse_endpoint(options.endpoint, kGrpcPort); !endpoint) {
    return endpoint.error().message;
  }
  return {};
}

Result<transport::ClientOptions> client_options(const TargetOptions& options,
                                                std::string user_agent, uint32_t connections_max) {
  const bool http = options.protocol == LoadProtocol::kHttp;
  auto endpoint = parse_endpoint(options.endpoint, http ? kHttpPort : kGrpcPort);
  if (!endpoint) return fail(endpoint.error());
  transport::ClientOptions client;
  client.host = endpoint->host;
  client.port = endpoint->port;
  client.scheme = endpoint->tls ? "https" : "http";
  for (const Signal signal : kSignals) {
    client.paths[index_of(signal)] = endpoint->path + path_of(signal);
  }
  client.headers = options.headers;
  client.user_agent = std::move(user_agent);
  client.connections_max = http ? connections_max : 1;
  client.reconnect_initial = 100ms;
  client.reconnect_max = 1s;
  if (endpoint->tls) {
    io::TlsOptions tls;
    tls.ca_file = options.tls.ca_file;
    tls.cert_file = options.tls.cert_file;
    tls.key_file = options.tls.key_file;
    tls.insecure_skip_verify = options.tls.skip_verify;
    auto context = io::make_tls_client_context(tls);
    if (!context) return fail(context.error());
    client.tls = *std::move(context);
  }
  return client;
}

std::unique_ptr<transport::Client> make_client(io::Loop& loop, LoadProtocol protocol,
                                               const transport::ClientOptions& options) {
  return protocol == LoadProtocol::kGrpc ? transport::make_grpc_client(loop, options)
                                         : transport::make_http_client(loop, options);
}

}  // namespace millrace::load
