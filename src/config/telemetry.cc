#include "config/telemetry.h"

#include <algorithm>
#include <cctype>

#include "config/periodic_reader.h"
#include "yaml/scalar.h"

namespace millrace::config {
namespace {

void read_log_sampling(Section& sampling, LogOptions& into) {
  Duration tick = std::chrono::milliseconds(into.sampling_tick_ms);
  int64_t initial = into.sampling_initial;
  int64_t thereafter = into.sampling_thereafter;
  sampling.boolean("enabled", &into.sampling_enabled);
  sampling.duration("tick", &tick);
  sampling.integer("initial", &initial, {0, UINT32_MAX});
  sampling.integer("thereafter", &thereafter, {0, UINT32_MAX});
  into.sampling_tick_ms = std::chrono::duration_cast<std::chrono::milliseconds>(tick).count();
  into.sampling_initial = static_cast<uint32_t>(initial);
  into.sampling_thereafter = static_cast<uint32_t>(thereafter);
}

// otelcol's further names. There is nothing above an error here, so what hides errors there leaves
// errors alone to be seen.
bool read_other_level(const yaml::Node* level, LogLevel* into) {
  constexpr std::pair<std::string_view, LogLevel> kNames[] = {{"", LogLevel::kInfo},
                                                              {"warning", LogLevel::kWarn},
                                                              {"dpanic", LogLevel::kError},
                                                              {"panic", LogLevel::kError},
                                                              {"fatal", LogLevel::kError}};
  if (level == nullptr || level->kind != yaml::Node::Kind::kScalar) return false;
  const auto is_same_letter = [](unsigned char a, unsigned char b) { return std::tolower(a) == b; };
  for (const auto& [name, value] : kNames) {
    if (!std::ranges::equal(level->scalar, name, is_same_letter)) continue;
    *into = value;
    return true;
  }
  return false;
}

void read_log_level(Section& logs, LogLevel* into) {
  if (read_other_level(logs.find("level"), into)) return;
  logs.choice("level", into,
              {{"debug", static_cast<int>(LogLevel::kDebug)},
               {"info", static_cast<int>(LogLevel::kInfo)},
               {"warn", static_cast<int>(LogLevel::kWarn)},
               {"error", static_cast<int>(LogLevel::kError)}});
}

// stderr or stdout. A log that goes to a file as well in otelcol goes to the stream alone; the
// service manager keeps it.
void read_output_paths(Section& logs, TelemetryConfig& into) {
  std::vector<std::string> paths;
  logs.text_list("output_paths", &paths);
  if (paths.empty()) return;
  const auto is_stream = [](const std::string& path, std::string_view name) {
    return path == name || path == "/dev/" + std::string(name);
  };
  const auto has = [&](std::string_view name) {
    return std::ranges::any_of(paths,
                               [&](const std::string& path) { return is_stream(path, name); });
  };
  into.logs_to_stdout = has("stdout") && !has("stderr");
  for (const std::string& path : paths) {
    if (is_stream(path, into.logs_to_stdout ? "stdout" : "stderr")) continue;
    logs.warning_at("output_paths", "the log goes to " +
                                        std::string(into.logs_to_stdout ? "stdout" : "stderr") +
                                        " alone, and not to " + path + ", in this version");
  }
}

void read_logs(Section& logs, TelemetryConfig& into) {
  read_log_level(logs, &into.logs.level);
  logs.choice("encoding", &into.logs.encoding,
              {{"console", static_cast<int>(LogEncoding::kConsole)},
               {"json", static_cast<int>(LogEncoding::kJson)}});
  logs.section("sampling", [&](Section& sampling) { read_log_sampling(sampling, into.logs); });
  read_output_paths(logs, into);
  for (const char* key : {"development", "disable_caller", "disable_stacktrace",
                          "disable_zap_resource", "error_output_paths"}) {
    logs.ignored(key, "log lines carry neither callers nor stack traces here");
  }
  const yaml::Node* fields = logs.find("initial_fields");
  if (fields != nullptr && !fields->mapping.empty()) {
    logs.ignored("initial_fields", "log lines have no fixed fields in this version");
  }
  logs.ignored("processors", "the log goes to stderr or stdout and is not pushed in this version");
}

void read_prometheus(Section& prometheus, PrometheusReader& into) {
  prometheus.text("host", &into.host);
  int64_t port = into.port;
  prometheus.integer("port", &port, {0, UINT16_MAX});
  into.port = static_cast<uint16_t>(port);
  prometheus.boolean("without_scope_info", &into.without_scope_info);
  prometheus.boolean("without_units", &into.without_units);
  prometheus.boolean("without_type_suffix", &into.without_type_suffix);
  prometheus.ignored("with_resource_constant_labels", "the resource is in target_info");
}

void read_metrics(Section& metrics, TelemetryConfig& into) {
  metrics.choice("level", &into.metrics_level,
                 {{"none", static_cast<int>(MetricsLevel::kNone)},
                  {"basic", static_cast<int>(MetricsLevel::kBasic)},
                  {"normal", static_cast<int>(MetricsLevel::kNormal)},
                  {"detailed", static_cast<int>(MetricsLevel::kDetailed)}});
  metrics.ignored("views", "the set of metrics is fixed");
  // An address is a reader by now (migration/replacements.h), or none can be made of it.
  metrics.unsupported("address",
                      "write readers, with pull::exporter::prometheus::{host, port}; expected "
                      "host:port");
  std::vector<PrometheusReader> readers;
  const bool given = metrics.section_list("readers", [&](Section& reader) {
    reader.section("periodic",
                   [&](Section& periodic) { read_periodic(periodic, into.periodic_readers); });
    reader.section("pull", [&](Section& pull) {
      pull.section("exporter", [&](Section& exporter) {
        exporter.section("prometheus", [&](Section& prometheus) {
          read_prometheus(prometheus, readers.emplace_back());
        });
      });
    });
  });
  if (given) into.readers = std::move(readers);
}

// The list of names and values; a value of null leaves a default of that name out.
void read_resource_attributes(Section& resource, TelemetryConfig& into) {
  resource.section_list("attributes", [&into](Section& attribute) {
    std::string name;
    std::string value;
    attribute.text("name", &name);
    const bool has_value = attribute.text("value", &value);
    attribute.ignored("type", "attributes are text");
    if (name.empty()) return attribute.error("needs a name");
    into.resource.emplace_back(std::move(name),
                               has_value ? std::optional(std::move(value)) : std::nullopt);
  });
}

void read_resource(Section& telemetry, TelemetryConfig& into) {
  const yaml::Node* resource = telemetry.find("resource");
  if (resource == nullptr || resource->kind == yaml::Node::Kind::kNull) return;
  constexpr std::string_view kWritten = "attributes";
  constexpr std::string_view kIgnored[] = {"schema_url", "detectors", "detection/development"};
  constexpr std::string_view kOtherForm = "attributes_list";
  Section section(*resource, telemetry.diagnostics(), telemetry.path() + "::resource");
  for (const std::string_view key : kIgnored) {
    section.ignored(key, "the collector's own resource is what the configuration says");
  }
  section.unsupported(kOtherForm, "use attributes, a list of {name, value}");
  read_resource_attributes(section, into);
  // The older form: a mapping of names to values; null leaves a default out.
  for (const yaml::Node::Entry& entry : resource->mapping) {
    if (entry.key == kWritten || entry.key == kOtherForm ||
        std::ranges::find(kIgnored, entry.key) != std::end(kIgnored)) {
      continue;
    }
    if (section.has(kWritten)) {
      section.error_at(entry.key, "cannot stand beside attributes: move it into that list");
      continue;
    }
    std::string value;
    if (section.text(entry.key, &value)) {
      into.resource.emplace_back(entry.key, value);
    } else if (entry.value.kind == yaml::Node::Kind::kNull) {
      into.resource.emplace_back(entry.key, std::nullopt);
    }
  }
}

}  // namespace

void read_telemetry(Section& telemetry, TelemetryConfig& into) {
  telemetry.section("logs", [&](Section& logs) { read_logs(logs, into); });
  telemetry.section("metrics", [&](Section& metrics) { read_metrics(metrics, into); });
  telemetry.section("traces", [&](Section& traces) { read_own_traces(traces, into.traces); });
  read_resource(telemetry, into);
}

}  // namespace millrace::config
