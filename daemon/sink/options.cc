#include "daemon/sink/options.h"

#include <CLI/CLI.hpp>

#include "daemon/otlp_client/choice.h"
#include "daemon/otlp_client/option_values.h"

namespace millrace::load {
namespace {

template <class Take>
void add_duration(CLI::App& app, const char* name, const std::string& help, Take take) {
  app.add_option_function<std::string>(
         name,
         [name, take](const std::string& text) {
           const auto duration = parse_duration(text);
           if (!duration) {
             throw CLI::ValidationError(name,
                                        "\"" + text + "\" is not a duration like 200ms or 5s");
           }
           take(*duration);
         },
         help)
      ->type_name("DURATION");
}

void add_misbehaviour_options(CLI::App& app, Misbehaviour& how) {
  add_duration(app, "--delay", "wait before each answer", [&how](Duration d) { how.delay = d; });
  app.add_option(
         "--rate", how.items_per_second,
         "simulate a back end that processes so many items a second, one request after the other")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--refuse-probability", how.refuse_probability,
                 "share of requests that are refused, 0 to 1")
      ->check(CLI::Range(0.0, 1.0));
  app.add_option_function<std::string>(
         "--refuse-code",
         [&how](const std::string& text) {
           const auto code = parse_code(text);
           if (!code || *code == Code::kOk) {
             throw CLI::ValidationError("--refuse-code", "\"" + text + "\" is not a gRPC code");
           }
           how.refuse_code = *code;
         },
         "gRPC code of refusals, by name or number (default unavailable)")
      ->type_name("CODE");
  add_duration(app, "--retry-after", "delay to request with each refusal",
               [&how](Duration d) { how.retry_after = d; });
  app.add_option("--fail-every", how.fail_every, "answer every n-th request with INTERNAL");
  app.add_option("--hang", how.hang_every, "never answer every n-th request");
  app.add_option("--cut-after", how.cut_every, "close all connections after every n requests");
  app.add_option("--partial", how.partial_count, "report n items of each request as rejected");
  app.add_option("--seed", how.seed, "seed for choosing refused requests (default 1)");
}

}  // namespace

void add_sink_options(CLI::App& app, SinkOptions& options) {
  app.add_option("--endpoint", options.endpoints,
                 "host:port to listen on, for gRPC and HTTP alike (default localhost:4317); may be "
                 "repeated");
  app.add_option("--tls-cert-file", options.tls_cert_file, "certificate (PEM): serve TLS");
  app.add_option("--tls-key-file", options.tls_key_file, "key of the certificate (PEM)");
  app.add_flag("--check-ids", options.check_ids,
               "check the generator's ids for loss and duplicates, and show latencies");
  app.add_option(
      "--expect", options.expect,
      "end when that many items have arrived; exit 0 if each arrived exactly once, else 1");
  app.add_option(
      "--acknowledged", options.acknowledged_files,
      "a generator's file of items answered OK: exit 1 if any of them did not arrive; may "
      "be repeated, implies --check-ids");
  add_duration(app, "--settle", "wait for duplicates after the last expected item (default 300ms)",
               [&options](Duration d) { options.settle = d; });
  add_duration(app, "--duration", "end after that time; exit 1 if items are still expected",
               [&options](Duration d) { options.duration = d; });
  add_duration(app, "--interval",
               "between lines of progress (0: none; default 1s, on a terminal one live line)",
               [&options](Duration d) { options.interval = d; });
  app.add_option(
      "--record", options.record_file,
      "append each accepted request: 4 bytes of length (big endian), then the protobuf message");
  add_choice<SummaryFormat>(app, "--summary", options.summary,
                            {{"text", SummaryFormat::kText}, {"json", SummaryFormat::kJson}},
                            "at the end (default text); json is one line");
  add_misbehaviour_options(app, options.misbehaviour);
}

std::string check_sink_options(const SinkOptions& options) {
  if (options.tls_cert_file.empty() != options.tls_key_file.empty()) {
    return "--tls-cert-file and --tls-key-file go together";
  }
  for (const std::string& text : options.endpoints) {
    const auto endpoint = parse_endpoint(text, 4317);
    if (!endpoint) return endpoint.error().message;
    if (!endpoint->path.empty()) return "endpoint \"" + text + "\": a sink serves no other path";
  }
  return {};
}

}  // namespace millrace::load
