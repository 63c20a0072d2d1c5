#include "extensions/console/edge.h"

#include <algorithm>
#include <charconv>

#include "recent/edge_taps.h"

namespace millrace::extensions::console {
namespace {

std::optional<size_t> find_point(const Facts::Pipeline& pipeline, std::string_view text) {
  const size_t last = pipeline.processors.size();
  if (text == "in") return 0;
  if (text == "out") return last;
  const auto named = std::ranges::find(pipeline.processors, text);
  if (named != pipeline.processors.end()) {
    return static_cast<size_t>(named - pipeline.processors.begin()) + 1;
  }
  size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_number = error == std::errc() && end == text.data() + text.size();
  return is_number && number <= last ? std::optional(number) : std::nullopt;
}

}  // namespace

Result<EdgePoint> find_edge(const Facts& facts, std::string_view name) {
  const size_t at = std::min(name.rfind('@'), name.size());
  const std::string_view id = name.substr(0, at);
  const std::string_view point = at == name.size() ? "out" : name.substr(at + 1);
  const auto found = std::ranges::find(facts.pipelines, id, &Facts::Pipeline::id);
  if (found == facts.pipelines.end()) {
    std::string known;
    for (const Facts::Pipeline& pipeline : facts.pipelines) known += " " + pipeline.id;
    return fail(Code::kNotFound, "no pipeline \"" + std::string(id) + "\"; there are:" + known);
  }
  const auto number = find_point(*found, point);
  if (!number) {
    std::string known = "in out";
    for (const std::string& processor : found->processors) known += " " + processor;
    return fail(Code::kNotFound, "no point \"" + std::string(point) + "\" in " + found->id +
                                     "; there are 0 to " +
                                     std::to_string(found->processors.size()) + " and: " + known);
  }
  return EdgePoint{.pipeline = static_cast<size_t>(found - facts.pipelines.begin()),
                   .point = *number};
}

std::string edge_name(const Facts& facts, EdgePoint edge) {
  return facts.pipelines[edge.pipeline].id + "@" + std::to_string(edge.point);
}

std::string processor_at(const Facts& facts, EdgePoint edge) {
  return edge.point == 0 ? std::string()
                         : facts.pipelines[edge.pipeline].processors[edge.point - 1];
}

std::optional<std::string> why_closed(const Facts& facts, EdgePoint edge) {
  const Facts::Pipeline& pipeline = facts.pipelines[edge.pipeline];
  if (pipeline.steps[edge.point] >= recent::EdgeTaps::kPositionsMax) {
    return "only the first " + std::to_string(recent::EdgeTaps::kPositionsMax - 1) +
           " processors of a pipeline can be looked at";
  }
  if (edge.point >= pipeline.open_from) return std::nullopt;
  return "a redaction stands behind this point; show_before_redaction: true of the extension "
         "console opens it";
}

void write_edge(JsonWriter& json, const Facts& facts, EdgePoint edge) {
  const Facts::Pipeline& pipeline = facts.pipelines[edge.pipeline];
  json.open_object().member("edge", edge_name(facts, edge)).member("pipeline", pipeline.id);
  json.member("signal", signal_name(pipeline.signal)).count("point", edge.point);
  json.member("processor", processor_at(facts, edge)).key("closed");
  const auto closed = why_closed(facts, edge);
  closed ? json.text(*closed) : json.null();
  json.close_object();
}

void write_edges(JsonWriter& json, const Facts& facts) {
  json.open_object().key("edges").open_list();
  for (size_t pipeline = 0; pipeline < facts.pipelines.size(); ++pipeline) {
    for (size_t point = 0; point <= facts.pipelines[pipeline].processors.size(); ++point) {
      write_edge(json, facts, {.pipeline = pipeline, .point = point});
    }
  }
  json.close_list().close_object();
}

}  // namespace millrace::extensions::console
