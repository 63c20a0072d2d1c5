#include "daemon/generate/options.h"

#include <CLI/CLI.hpp>

#include "daemon/generate/choice.h"
#include "daemon/generate/option_values.h"

namespace millrace::load {
namespace {

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

void add_destination_options(CLI::App& app, GenerateOptions& options) {
  app.add_option("--endpoint", options.endpoint,
                 "host:port or http(s)://host:port (default localhost:4317, HTTP localhost:4318)");
  add_choice<LoadProtocol>(app, "--protocol", options.protocol,
                           {{"grpc", LoadProtocol::kGrpc}, {"http", LoadProtocol::kHttp}},
                           "default grpc");
  add_choice<PayloadFormat>(
      app, "--format", options.format,
      {{"protobuf", PayloadFormat::kProtobuf}, {"json", PayloadFormat::kJson}},
      "default protobuf; json over HTTP only");
  add_choice<transport::ContentCoding>(app, "--compression", options.compression,
                                       {{"none", transport::ContentCoding::kIdentity},
                                        {"gzip", transport::ContentCoding::kGzip},
                                        {"zstd", transport::ContentCoding::kZstd}},
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
      ->type_name("NAME=VALUE");
  app.add_option("--ca-file", options.tls.ca_file, "certificate authorities for https (PEM)");
  app.add_option("--cert-file", options.tls.cert_file, "client certificate (PEM)");
  app.add_option("--key-file", options.tls.key_file, "key of the client certificate (PEM)");
  app.add_flag("--insecure-skip-verify", options.tls.skip_verify,
               "accept any certificate of the server");
}

}  // namespace

void add_generate_options(CLI::App& app, GenerateOptions& options) {
  add_destination_options(app, options);
  add_choice<Signal>(
      app, "--signal", options.signal,
      {{"traces", Signal::kTraces}, {"metrics", Signal::kMetrics}, {"logs", Signal::kLogs}},
      "what to send (default traces)");
  app.add_option("--items-per-request", options.items_per_request,
                 "spans, metric points or log records in a request (default 100)")
      ->check(CLI::Range(1u, 100'000u));
  app.add_option("--rate", options.rate,
                 "items a second, kept whatever the answers do; 0 (default): as fast as answers "
                 "come")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--connections", options.connections, "connections (default 1)")
      ->check(CLI::Range(1u, 10'000u));
  app.add_option("--streams", options.streams, "requests in flight per connection (default 8)")
      ->check(CLI::Range(1u, 10'000u));
  app.add_option("--total", options.total,
                 "end after that many items, rounded up to whole requests");
  add_duration(app, "--duration", options.duration, "end after that time");
  add_duration(app, "--timeout", options.timeout, "of each attempt (default 10s)");
  app.add_option("--retries", options.retries_max,
                 "further attempts of a request after a retryable answer (default 0)");
  app.add_option("--generator-id", options.generator_id,
                 "number of this generator in the ids (default 1)");
  app.add_option("--first-sequence", options.first_sequence,
                 "number of the first item (default 0)");
  app.add_option("--seed", options.seed, "decides the content (default 1)");
  add_choice<SummaryFormat>(app, "--summary", options.summary,
                            {{"text", SummaryFormat::kText}, {"json", SummaryFormat::kJson}},
                            "at the end (default text); json is one line");
}

std::string check_generate_options(const GenerateOptions& options) {
  if (options.format == PayloadFormat::kJson && options.protocol == LoadProtocol::kGrpc) {
    return "--format json needs --protocol http: OTLP over gRPC is protobuf only";
  }
  if (options.tls.cert_file.empty() != options.tls.key_file.empty()) {
    return "--cert-file and --key-file go together";
  }
  if (const auto endpoint = parse_endpoint(options.endpoint, 4317); !endpoint) {
    return endpoint.error().message;
  }
  return {};
}

}  // namespace millrace::load
