#include "daemon/show/options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "daemon/otlp_client/choice.h"
#include "daemon/otlp_client/target.h"
#include "transport/client/web_url.h"

namespace millrace::show {
namespace {

using console_client::QueryText;

void add_common(CLI::App& app, ShowOptions& options) {
  console_client::add_target_options(app, options.target);
  app.add_flag("--json", options.prints_json, "the console's answer as it is");
}

void add_text(CLI::App& app, const char* name, std::string& into, const char* help,
              const char* kind = "TEXT") {
  app.add_option(name, into, help)->type_name(kind)->allow_extra_args(false);
}

void add_filters(CLI::App& app, TelemetryOptions& options) {
  add_text(app, "--service", options.service, "its service.name");
  add_text(app, "--run", options.run, "of the collector: current, earlier, or an instance id",
           "RUN");
  app.add_option("--attribute", options.attributes,
                 "key=value, or a key alone; may be repeated, and all must match")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
}

void add_limit(CLI::App& app, uint32_t& limit, uint32_t most) {
  app.add_option("--limit", limit, fmt::format("how many, at most {}", most))
      ->check(CLI::Range(uint32_t{1}, most));
}

std::string number_or_none(uint32_t number) { return number == 0 ? "" : std::to_string(number); }

std::string milliseconds(Duration duration) {
  if (duration == Duration(0)) return {};
  return fmt::format("{}", static_cast<double>(duration.count()) / 1e6);
}

void add_filters(QueryText& query, const TelemetryOptions& options) {
  query.add("service", options.service);
  query.add("run", options.run);
  for (const std::string& attribute : options.attributes) query.add("attribute", attribute);
}

}  // namespace

void add_traces_options(CLI::App& app, TracesOptions& options) {
  app.add_option("trace_id", options.trace_id, "shows the spans of this trace");
  add_filters(app, options);
  add_text(app, "--operation", options.operation, "the name of any span");
  load::add_duration(app, "--min-duration", options.min_duration, "at least, like 250ms");
  load::add_duration(app, "--max-duration", options.max_duration, "at most");
  app.add_flag("--error", options.only_errors, "only traces with a failed span");
  app.add_option("--sort", options.sort, "default recent")
      ->type_name("recent|duration|errors")
      ->check(CLI::IsMember({"recent", "duration", "errors"}));
  add_limit(app, options.limit, 10'000);
  add_text(app, "--cursor", options.cursor, "continues the list", "CURSOR");
  app.add_option("--offset", options.offset, "the first span of one trace");
  add_common(app, options);
}

void add_logs_options(CLI::App& app, LogsOptions& options) {
  add_filters(app, options);
  load::add_choice<uint32_t>(
      app, "--severity", options.severity,
      {{"trace", 1}, {"debug", 5}, {"info", 9}, {"warn", 13}, {"error", 17}, {"fatal", 21}},
      "at least");
  add_text(app, "--text", options.text, "part of the body");
  add_text(app, "--trace-id", options.trace_id, "of this trace", "ID");
  add_limit(app, options.limit, 1000);
  add_text(app, "--before", options.before, "continues the list with older records", "CURSOR");
  app.add_flag("-f,--follow", options.follows, "goes on with new records until Ctrl-C");
  add_common(app, options);
}

void add_metrics_options(CLI::App& app, MetricsOptions& options) {
  app.add_option("metric", options.metric, "shows the series of this metric");
  add_filters(app, options);
  add_text(app, "--name", options.name, "part of the name");
  add_limit(app, options.limit, 200);
  add_common(app, options);
}

void add_ledger_options(CLI::App& app, ShowOptions& options) { add_common(app, options); }

std::string asked_by(const TracesOptions& options) {
  QueryText query;
  query.add("limit", number_or_none(options.limit));
  if (!options.trace_id.empty()) {
    query.add("offset", number_or_none(options.offset));
    return query.behind("/api/v1/traces/" + transport::encode_path_segment(options.trace_id));
  }
  add_filters(query, options);
  query.add("operation", options.operation);
  query.add("min_duration_ms", milliseconds(options.min_duration));
  query.add("max_duration_ms", milliseconds(options.max_duration));
  query.add_flag("error", options.only_errors);
  query.add("sort", options.sort);
  query.add("cursor", options.cursor);
  return query.behind("/api/v1/traces");
}

std::string asked_by(const LogsOptions& options, const std::string& after) {
  QueryText query;
  add_filters(query, options);
  query.add("severity", number_or_none(options.severity));
  query.add("text", options.text);
  query.add("trace_id", options.trace_id);
  query.add("limit", number_or_none(options.limit));
  query.add("before", options.before);
  query.add("after", after);
  return query.behind("/api/v1/logs");
}

std::string asked_by(const MetricsOptions& options) {
  QueryText query;
  if (options.metric.empty()) {
    query.add("service", options.service);
    query.add("run", options.run);
    query.add("name", options.name);
    return query.behind("/api/v1/metrics");
  }
  query.add("metric", options.metric);
  add_filters(query, options);
  query.add("limit", number_or_none(options.limit));
  return query.behind("/api/v1/series");
}

}  // namespace millrace::show
