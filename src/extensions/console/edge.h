// The points of a pipeline that can be looked at, by name: "traces@0" in front of the first
// processor, "traces@2" behind the second, "traces@in", "traces@out", "traces@attributes/region"
// behind that one; "traces" alone is "traces@out".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "extensions/console/json_writer.h"
#include "extensions/console/source.h"

namespace millrace::extensions::console {

struct EdgePoint {
  size_t pipeline = 0;  // index into Facts::pipelines
  size_t point = 0;     // the number of listed processors in front of it
};

// kNotFound: says what there is.
Result<EdgePoint> find_edge(const Facts& facts, std::string_view name);
std::string edge_name(const Facts& facts, EdgePoint edge);  // "traces@1"
// The listed processor in front of the point; empty: none.
std::string processor_at(const Facts& facts, EdgePoint edge);
// Why it cannot be looked at; nothing: it can.
std::optional<std::string> why_closed(const Facts& facts, EdgePoint edge);

void write_edge(JsonWriter& json, const Facts& facts, EdgePoint edge);
void write_edges(JsonWriter& json, const Facts& facts);

}  // namespace millrace::extensions::console
