// Events of the console's tap (src/extensions/console/openapi.json) as lines for a terminal. Each
// takes any JSON object. Pure; linear.
#pragma once

#include <string>
#include <vector>

#include "daemon/terminal_text/table.h"
#include "json_answer/json_answer.h"

namespace millrace::tap {

using json_answer::JsonAnswer;
using terminal_text::Layout;
using Lines = std::vector<std::string>;

Lines edge_list_lines(const JsonAnswer& edges, const Layout& layout);
// The events edge and sample.
Lines edge_lines(const JsonAnswer& edge, const Layout& layout);
enum class ShownFields : uint8_t { kAll, kChanged };
Lines sample_lines(const JsonAnswer& sample, ShownFields fields, const Layout& layout);

}  // namespace millrace::tap
