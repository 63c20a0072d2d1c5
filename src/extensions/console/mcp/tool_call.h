// Runs one tool: its arguments become the queries of the console's API, whose answers become its
// text. On the console's loop; costs what the API's answers cost, at most twice for each halving of
// the limit.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "extensions/console/mcp/call_message.h"
#include "extensions/console/mcp/tools.h"
#include "transport/server/page.h"

namespace millrace::extensions::console::mcp {

// The longest text of a tool. A longer answer is asked for again with half of the limit.
inline constexpr size_t kToolTextBytesMax = 120'000;

// The answer of the console's API to a GET that needs no token.
using AskApi =
    std::function<transport::PageReply(const std::string& path, const std::string& query)>;

struct ToolResult {
  std::string text;       // JSON, or what is wrong in words
  bool is_error = false;  // wrong arguments, an error of the API, an answer that is too long
};

ToolResult call_tool(const Tool& tool, std::span<const ToolArgument> arguments, const AskApi& ask);

}  // namespace millrace::extensions::console::mcp
