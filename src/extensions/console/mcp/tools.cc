#include "extensions/console/mcp/tools.h"

#include <algorithm>

#include "base/json_string.h"

namespace millrace::extensions::console::mcp {
namespace {

using Type = ToolArgument::Type;

Parameter service() { return {.name = "service", .description = "service.name of the resource"}; }
Parameter run() {
  return {.name = "run", .description = "of the collector: current, earlier, or an instance_id"};
}
Parameter attributes() {
  return {.name = "attributes",
          .type = Type::kTextList,
          .description =
              "key=value, or a key alone; of the item, its resource or its scope; all "
              "of them must match",
          .query_name = "attribute"};
}
Parameter limit(uint64_t otherwise, uint64_t most) {
  return {.name = "limit",
          .type = Type::kInteger,
          .description = "how many at most; fewer come where the answer would be too long",
          .least = 1,
          .most = most,
          .otherwise = otherwise};
}

std::vector<Tool> telemetry_tools() {
  return {
      {.name = "list_services",
       .title = "Services",
       .description = "The services seen in recent traces, with their spans and errors, and the "
                      "calls between them.",
       .parts = {{.key = {}, .path = "/api/v1/service-map"}}},
      {.name = "search_traces",
       .title = "Search traces",
       .description = "Recent traces: trace_id, root, duration, spans, errors and services of "
                      "each. get_trace has the spans.",
       .parts = {{.key = {}, .path = "/api/v1/traces"}},
       .parameters = {service(),
                      {.name = "operation", .description = "the name of any span of the trace"},
                      {.name = "min_duration_ms", .type = Type::kReal, .description = "at least"},
                      {.name = "max_duration_ms", .type = Type::kReal, .description = "at most"},
                      {.name = "error",
                       .type = Type::kBoolean,
                       .description = "true: only traces with a failed span"},
                      attributes(),
                      run(),
                      {.name = "sort",
                       .description = "recent is the default",
                       .choices = {"recent", "duration", "errors"}},
                      limit(20, 500),
                      {.name = "cursor", .description = "next_cursor of the answer before"}}},
      {.name = "get_trace",
       .title = "One trace",
       .description = "The spans of a trace in the order of the tree, with attributes, events, "
                      "links and status; its log records; its critical path.",
       .parts = {{.key = {}, .path = "/api/v1/traces/{}"}},
       .parameters = {{.name = "trace_id",
                       .description = "32 hexadecimal digits",
                       .is_required = true,
                       .query_name = "{}"},
                      {.name = "offset",
                       .type = Type::kInteger,
                       .description = "the first span; next_offset of the answer before",
                       .most = 10'000'000},
                      limit(50, 10'000)}},
      {.name = "search_logs",
       .title = "Search log records",
       .description = "Recent log records, the newest first, with their attributes and trace ids.",
       .parts = {{.key = {}, .path = "/api/v1/logs"}},
       .parameters = {service(),
                      {.name = "severity",
                       .type = Type::kInteger,
                       .description = "at least this severity number: 5 debug, 9 info, 13 warn, "
                                      "17 error, 21 fatal",
                       .least = 1,
                       .most = 24},
                      {.name = "text", .description = "part of the body, case does not matter"},
                      {.name = "trace_id", .description = "32 hexadecimal digits"},
                      attributes(),
                      run(),
                      limit(20, 1000),
                      {.name = "before", .description = "next_cursor of the answer before"}}},
      {.name = "list_metrics",
       .title = "Metrics",
       .description = "The metrics seen lately: type, unit, temporality, services, number of "
                      "series. get_metric has the points.",
       .parts = {{.key = {}, .path = "/api/v1/metrics"}},
       .parameters = {service(), {.name = "name", .description = "part of the name"}, run()}},
      {.name = "get_metric",
       .title = "One metric",
       .description = "The series of one metric with their recent points and exemplars, and the "
                      "number of distinct values of each attribute.",
       .parts = {{.key = {}, .path = "/api/v1/series"}},
       .parameters = {{.name = "metric", .description = "its whole name", .is_required = true},
                      service(),
                      attributes(),
                      run(),
                      limit(5, 200)}},
      {.name = "list_attributes",
       .title = "Attributes",
       .description = "The attribute keys seen lately and their most frequent values, for filters.",
       .parts = {{.key = {}, .path = "/api/v1/attributes"}},
       .parameters = {{.name = "signal",
                       .description = "all signals when it is not given",
                       .choices = {"traces", "metrics", "logs"}},
                      {.name = "prefix", .description = "of the key"},
                      limit(30, 500)}},
      {.name = "list_errors",
       .title = "Errors",
       .description = "What went wrong lately: traces with a failed span, log records of severity "
                      "error and above, and requests that the collector refused.",
       .parts = {{.key = "traces", .path = "/api/v1/traces", .query = "error=true"},
                 {.key = "logs", .path = "/api/v1/logs", .query = "severity=17"},
                 {.key = "refusals", .path = "/api/v1/refusals"}},
       .parameters = {service(), limit(10, 200)}},
  };
}

std::vector<Tool> collector_tools() {
  return {
      {.name = "get_status",
       .title = "Collector status",
       .description = "Whether the collector accepts data, where it listens, what is wrong with it "
                      "now (alerts), and its memory.",
       .parts = {{.key = "status", .path = "/api/v1/status"},
                 {.key = "memory", .path = "/api/v1/memory"}}},
      {.name = "list_senders",
       .title = "Senders",
       .description = "Who sends to the collector: service, SDK, protocol, compression, counts.",
       .parts = {{.key = {}, .path = "/api/v1/senders"}}},
      {.name = "get_pipelines",
       .title = "Pipelines",
       .description = "The graph of receivers, processors, connectors and exporters, and the state "
                      "of each destination: queue, retries, breaker, last answer.",
       .parts = {{.key = {}, .path = "/api/v1/pipelines"}}},
      {.name = "get_ledger",
       .title = "Ledger",
       .description = "What became of each item: delivered, filtered, sampled out, rejected, "
                      "dropped for which reason, held now.",
       .parts = {{.key = {}, .path = "/api/v1/ledger"}}},
  };
}

std::vector<Tool> make_tools() {
  std::vector<Tool> tools = telemetry_tools();
  for (Tool& tool : collector_tools()) tools.push_back(std::move(tool));
  return tools;
}

const std::vector<Tool>& tools() {
  static const std::vector<Tool> all = make_tools();
  return all;
}

std::string_view type_name(Type type) {
  switch (type) {
    case Type::kInteger:
      return "integer";
    case Type::kReal:
      return "number";
    case Type::kBoolean:
      return "boolean";
    case Type::kTextList:
      return "array";
    case Type::kText:
    case Type::kOther:
      break;
  }
  return "string";
}

void append_parameter(std::string& out, const Parameter& parameter) {
  append_json_string(out, parameter.name);
  out += ":{\"type\":\"" + std::string(type_name(parameter.type)) + "\",\"description\":";
  append_json_string(out, parameter.description);
  if (parameter.type == Type::kTextList) out += R"(,"items":{"type":"string"})";
  if (parameter.type == Type::kInteger) {
    out += ",\"minimum\":" + std::to_string(parameter.least);
    if (parameter.most != 0) out += ",\"maximum\":" + std::to_string(parameter.most);
  }
  if (parameter.otherwise != 0) out += ",\"default\":" + std::to_string(parameter.otherwise);
  for (size_t i = 0; i < parameter.choices.size(); ++i) {
    out += i == 0 ? ",\"enum\":[" : ",";
    append_json_string(out, parameter.choices[i]);
  }
  out += parameter.choices.empty() ? "}" : "]}";
}

void append_tool(std::string& out, const Tool& tool) {
  out += "{\"name\":";
  append_json_string(out, tool.name);
  out += ",\"title\":";
  append_json_string(out, tool.title);
  out += ",\"description\":";
  append_json_string(out, tool.description);
  out += R"(,"inputSchema":{"type":"object","properties":{)";
  std::string required;
  for (const Parameter& parameter : tool.parameters) {
    if (&parameter != tool.parameters.data()) out += ',';
    append_parameter(out, parameter);
    if (!parameter.is_required) continue;
    if (!required.empty()) required += ',';
    append_json_string(required, parameter.name);
  }
  out += '}';
  if (!required.empty()) out += ",\"required\":[" + required + "]";
  out += R"(,"additionalProperties":false},)"
         R"("annotations":{"readOnlyHint":true,"openWorldHint":false}})";
}

}  // namespace

std::span<const Tool> all_tools() { return tools(); }

const Tool* find_tool(std::string_view name) {
  const auto found = std::ranges::find(tools(), name, &Tool::name);
  return found == tools().end() ? nullptr : &*found;
}

std::string tools_json() {
  std::string out = "[";
  for (const Tool& tool : tools()) {
    if (out.size() > 1) out += ',';
    append_tool(out, tool);
  }
  return out + "]";
}

}  // namespace millrace::extensions::console::mcp
