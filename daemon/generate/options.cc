#include "daemon/generate/options.h"

#include <CLI/CLI.hpp>
#include <map>

#include "daemon/generate/option_values.h"

namespace millrace::load {
namespace {

// Every value of the map by its name; CLI11 shows them in the help and in errors.
template <class Enum>
CLI::CheckedTransformer names(std::map<std::string, Enum> values) {
  return CLI::CheckedTransformer(std::move(values), CLI::ignore_case);
}

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
  app.add_option("--protocol", options.protocol, "grpc or http")
      ->transform(
          names<LoadProtocol>({{"grpc", LoadProtocol::kGrpc}, {"http", LoadProtocol::kHttp}}));
  app.add_option("--format", options.format, "protobuf or json (over HTTP)")
      ->transform(names<PayloadFormat>(
          {{"protobuf", PayloadFormat::kProtobuf}, {"json", PayloadFormat::kJson}}));
  app.add_option("--compression", options.compression, "none, gzip or zstd")
      ->transform(names<transport::ContentCoding>({{"none", transport::ContentCoding::kIdentity},
                                                   {"gzip", transport::ContentCoding::kGzip},
                                                   {"zstd", transport::ContentCoding::kZstd}}));
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
  app.add_option("--signal", options.signal, "traces, metrics or logs")
      ->transform(names<Signal>(
          {{"traces", Signal::kTraces}, {"metrics", Signal::kMetrics}, {"logs", Signal::kLogs}}));
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
  app.add_option("--total", options.total, "end after that many items (whole requests)");
  add_duration(app, "--duration", options.duration, "end after that time");
  add_duration(app, "--timeout", options.timeout, "of each attempt (default 10s)");
  app.add_option("--retries", options.retries_max,
                 "further attempts of a request after a retryable answer (default 0)");
  app.add_option("--generator-id", options.generator_id,
                 "number of this generator in the ids (default 1)");
  app.add_option("--first-sequence", options.first_sequence,
                 "number of the first item (default 0)");
  app.add_option("--seed", options.seed, "decides the content (default 1)");
  app.add_option("--summary", options.summary, "text (default) or json: one line at the end")
      ->transform(
          names<SummaryFormat>({{"text", SummaryFormat::kText}, {"json", SummaryFormat::kJson}}));
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
