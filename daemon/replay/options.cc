#include "daemon/replay/options.h"

#include <CLI/CLI.hpp>

#include "daemon/otlp_client/choice.h"

namespace millrace::replay {

void add_replay_options(CLI::App& app, ReplayOptions& options) {
  app.add_option(
         "FILE", options.files,
         "dead-letter files, or files of the file exporter, backups too; read in that order")
      ->required();
  load::add_target_options(app, options);
  app.add_option("--destination", options.destination,
                 "only dead letters of the exporter of that name");
  app.add_option_function<std::string>(
         "--signal",
         [&options](const std::string& text) {
           for (const Signal signal : kSignals) {
             if (text == signal_name(signal)) options.signal = signal;
           }
           if (!options.signal) {
             throw CLI::ValidationError(
                 "--signal", "\"" + text + "\" is not one of traces|metrics|logs|profiles");
           }
         },
         "the signal of length-prefixed protobuf (default: guessed from its bytes)")
      ->type_name("traces|metrics|logs|profiles");
  app.add_flag("--dry-run", options.is_dry_run, "read everything and count, send nothing");
  app.add_option(
      "--rejected", options.rejected_file,
      "append requests that were not accepted to that file, as dead letters to replay again");
  app.add_option("--rate", options.rate, "items a second at most (default: no limit)")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--streams", options.streams,
                 "requests in flight (default 8); 1 keeps the order of the files")
      ->check(CLI::Range(1u, 1'000u));
  load::add_duration(app, "--timeout", options.timeout, "time limit of each attempt (default 10s)");
  app.add_option("--retries", options.retries_max,
                 "retries of a request after a retryable answer, with growing delays "
                 "(default 10)");
  load::add_choice<load::SummaryFormat>(
      app, "--summary", options.summary,
      {{"text", load::SummaryFormat::kText}, {"json", load::SummaryFormat::kJson}},
      "at the end (default text); json is one line");
}

std::string check_replay_options(const ReplayOptions& options) {
  if (options.is_dry_run && !options.rejected_file.empty()) {
    return "--dry-run sends nothing, so nothing can be rejected: leave --rejected out";
  }
  return load::check_target_options(options);
}

}  // namespace millrace::replay
