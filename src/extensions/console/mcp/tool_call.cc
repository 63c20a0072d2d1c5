#include "extensions/console/mcp/tool_call.h"

#include <algorithm>
#include <charconv>
#include <expected>
#include <optional>

#include "base/json_string.h"
#include "transport/client/web_url.h"

namespace millrace::extensions::console::mcp {
namespace {

using Type = ToolArgument::Type;
using transport::encode_form_text;

constexpr std::string_view kInPath = "{}";
constexpr std::string_view kLimit = "limit";

// The arguments as the API takes them.
struct Asked {
  std::string query;    // all but the limit
  std::string in_path;  // encoded
  uint64_t limit = 0;   // 0: the tool has none
};

std::string_view expectation(Type type) {
  switch (type) {
    case Type::kInteger:
      return "an integer";
    case Type::kReal:
      return "a number";
    case Type::kBoolean:
      return "true or false";
    case Type::kTextList:
      return "a list of strings";
    case Type::kText:
    case Type::kOther:
      break;
  }
  return "a string";
}

bool has_type(const ToolArgument& given, const Parameter& wanted) {
  return given.type == wanted.type || (wanted.type == Type::kReal && given.type == Type::kInteger);
}

std::optional<uint64_t> number_in(const std::string& text, const Parameter& wanted) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (number < wanted.least || (wanted.most != 0 && number > wanted.most)) return std::nullopt;
  return number;
}

// What is wrong with the value, in words; empty: nothing.
std::string complaint(const ToolArgument& given, const Parameter& wanted) {
  const std::string name(wanted.name);
  if (!has_type(given, wanted)) return name + ": expected " + std::string(expectation(wanted.type));
  if (wanted.type == Type::kInteger && !number_in(given.values.front(), wanted)) {
    return name + ": expected an integer from " + std::to_string(wanted.least) + " to " +
           std::to_string(wanted.most);
  }
  if (!wanted.choices.empty() &&
      std::ranges::find(wanted.choices, given.values.front()) == wanted.choices.end()) {
    std::string all;
    for (const std::string_view choice : wanted.choices) {
      all += (all.empty() ? "" : ", ") + std::string(choice);
    }
    return name + ": expected one of " + all;
  }
  return {};
}

void add_value(Asked& asked, const Parameter& wanted, const std::string& value) {
  if (wanted.query_name == kInPath) {
    asked.in_path = transport::encode_path_segment(value);
  } else if (wanted.name == kLimit) {
    asked.limit = number_in(value, wanted).value_or(wanted.least);
  } else {
    const std::string_view name = wanted.query_name.empty() ? wanted.name : wanted.query_name;
    if (!asked.query.empty()) asked.query += '&';
    asked.query += std::string(name) + "=" + encode_form_text(value);
  }
}

// Of repeated members the last counts.
const ToolArgument* last_of(std::span<const ToolArgument> arguments, std::string_view name) {
  const ToolArgument* last = nullptr;
  for (const ToolArgument& given : arguments) {
    if (given.name == name) last = &given;
  }
  return last;
}

std::expected<Asked, std::string> ask_of(const Tool& tool,
                                         std::span<const ToolArgument> arguments) {
  for (const ToolArgument& given : arguments) {
    if (std::ranges::find(tool.parameters, given.name, &Parameter::name) == tool.parameters.end()) {
      return std::unexpected(std::string(tool.name) + " has no argument " +
                             json_string(given.name));
    }
  }
  Asked asked;
  for (const Parameter& wanted : tool.parameters) {
    if (const ToolArgument* given = last_of(arguments, wanted.name)) {
      if (std::string wrong = complaint(*given, wanted); !wrong.empty()) {
        return std::unexpected(std::move(wrong));
      }
      for (const std::string& value : given->values) add_value(asked, wanted, value);
    } else if (wanted.is_required) {
      return std::unexpected(std::string(wanted.name) + " is missing");
    } else if (wanted.otherwise != 0) {
      add_value(asked, wanted, std::to_string(wanted.otherwise));
    }
  }
  return asked;
}

std::string path_of(const Part& part, const Asked& asked) {
  std::string path(part.path);
  if (const size_t at = path.find(kInPath); at != std::string::npos) {
    path.replace(at, kInPath.size(), asked.in_path);
  }
  return path;
}

std::string query_of(const Part& part, const Asked& asked, uint64_t limit) {
  std::string query(part.query);
  const auto add = [&query](const std::string& more) {
    if (!query.empty() && !more.empty()) query += '&';
    query += more;
  };
  add(asked.query);
  if (limit != 0) add("limit=" + std::to_string(limit));
  return query;
}

// The answer of one part of at most `bytes_max`.
ToolResult ask_part(const Part& part, const Asked& asked, const AskApi& ask, size_t bytes_max) {
  for (uint64_t limit = asked.limit;; limit /= 2) {
    transport::PageReply reply = ask(path_of(part, asked), query_of(part, asked, limit));
    if (reply.status != 200) return {.text = std::move(reply.body), .is_error = true};
    if (reply.body.size() <= bytes_max) return {.text = std::move(reply.body)};
    if (limit <= 1) {
      return {.text = "the answer has " + std::to_string(reply.body.size()) +
                      " bytes, more than the " + std::to_string(bytes_max) +
                      " that a tool may give: narrow it with the tool's arguments",
              .is_error = true};
    }
  }
}

}  // namespace

ToolResult call_tool(const Tool& tool, std::span<const ToolArgument> arguments, const AskApi& ask) {
  const auto asked = ask_of(tool, arguments);
  if (!asked) return {.text = asked.error(), .is_error = true};
  if (tool.parts.size() == 1) return ask_part(tool.parts[0], *asked, ask, kToolTextBytesMax);
  // Names, quotes and commas beside the answers of the parts.
  constexpr size_t kFrameBytes = 256;
  const size_t bytes_max = (kToolTextBytesMax - kFrameBytes) / tool.parts.size();
  ToolResult whole{.text = "{"};
  for (const Part& part : tool.parts) {
    ToolResult answer = ask_part(part, *asked, ask, bytes_max);
    if (answer.is_error) return answer;
    if (whole.text.size() > 1) whole.text += ',';
    append_json_string(whole.text, part.key);
    whole.text += ":" + answer.text;
  }
  whole.text += '}';
  return whole;
}

}  // namespace millrace::extensions::console::mcp
