// The tools that the server offers: what each is called, what it takes, and which answers of the
// console's API it consists of. Constant; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "extensions/console/mcp/call_message.h"

namespace millrace::extensions::console::mcp {

struct Parameter {
  std::string_view name;
  ToolArgument::Type type = ToolArgument::Type::kText;
  std::string_view description;
  bool is_required = false;
  // Of kInteger, as in the API; `most` 0: no bounds.
  uint64_t least = 0;
  uint64_t most = 0;
  uint64_t otherwise = 0;  // sent when the argument is not given; 0: nothing is
  // The name in the API's query; empty: `name`. "{}" puts the value into the path.
  std::string_view query_name = {};
  std::vector<std::string_view> choices = {};  // of kText; empty: any
};

// One GET of the API.
struct Part {
  std::string_view key;   // in the answer of a tool that has several; of a single one not used
  std::string_view path;  // "{}" stands for the parameter of the path
  std::string_view query = {};  // always sent
};

struct Tool {
  std::string_view name;
  std::string_view title;
  std::string_view description;
  std::vector<Part> parts;
  std::vector<Parameter> parameters = {};
};

std::span<const Tool> all_tools();
const Tool* find_tool(std::string_view name);

// The list of all tools as MCP describes them, with a schema for the arguments of each.
std::string tools_json();

}  // namespace millrace::extensions::console::mcp
