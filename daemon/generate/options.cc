#include "daemon/generate/options.h"

#include <CLI/CLI.hpp>

#include "daemon/otlp_client/choice.h"

namespace millrace::load {

void add_generate_options(CLI::App& app, GenerateOptions& options) {
  add_target_options(app, options);
  add_choice<PayloadFormat>(
      app, "--format", options.format,
      {{"protobuf", PayloadFormat::kProtobuf}, {"json", PayloadFormat::kJson}},
      "default protobuf; json over HTTP only");
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
  add_duration(app, "--timeout", options.timeout, "time limit of each attempt (default 10s)");
  app.add_option("--retries", options.retries_max,
                 "retries of a request after a retryable answer (default 0)");
  app.add_option("--acknowledged", options.acknowledged_file,
                 "write the numbers of the items that were answered OK to this file, for a sink's "
                 "--acknowledged");
  app.add_option("--generator-id", options.generator_id,
                 "id of this generator in the numbered ids (default 1)");
  app.add_option("--first-sequence", options.first_sequence,
                 "number of the first item (default 0)");
  app.add_option("--seed", options.seed, "seed of the content (default 1)");
  add_choice<SummaryFormat>(app, "--summary", options.summary,
                            {{"text", SummaryFormat::kText}, {"json", SummaryFormat::kJson}},
                            "at the end (default text); json is one line");
}

std::string check_generate_options(const GenerateOptions& options) {
  if (options.format == PayloadFormat::kJson && options.protocol == LoadProtocol::kGrpc) {
    return "--format json needs --protocol http: OTLP over gRPC is protobuf only";
  }
  return check_target_options(options);
}

}  // namespace millrace::load
