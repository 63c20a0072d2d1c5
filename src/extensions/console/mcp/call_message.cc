#include "extensions/console/mcp/call_message.h"

// As in json_answer: misuse of the parser is not checked at run time.
#define SIMDJSON_DEVELOPMENT_CHECKS 0
#include <simdjson.h>

#include <utility>

namespace millrace::extensions::console::mcp {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

constexpr size_t kDepthMax = 64;
constexpr std::string_view kMetaVersion = "io.modelcontextprotocol/protocolVersion";
constexpr std::string_view kMetaCapabilities = "io.modelcontextprotocol/clientCapabilities";

std::unexpected<RpcFault> fault(RpcCode code, std::string message) {
  return std::unexpected(RpcFault{.code = code, .message = std::move(message)});
}

std::optional<element> member(const object& in, std::string_view name) {
  std::optional<element> found;
  for (const simdjson::dom::key_value_pair each : in) {
    if (each.key == name) found = each.value;
  }
  return found;
}

std::optional<std::string> text_member(const object& in, std::string_view name) {
  const auto found = member(in, name);
  std::string_view text;
  if (!found || found->get_string().get(text) != simdjson::SUCCESS) return std::nullopt;
  return std::string(text);
}

void add_texts(const element& list, ToolArgument& into) {
  for (const element each : simdjson::dom::array(list)) {
    std::string_view text;
    if (each.get_string().get(text) != simdjson::SUCCESS) {
      into.type = ToolArgument::Type::kOther;
      into.values.clear();
      return;
    }
    into.values.emplace_back(text);
  }
  into.type = ToolArgument::Type::kTextList;
}

ToolArgument argument_of(std::string_view name, const element& value) {
  using Type = ToolArgument::Type;
  ToolArgument made{.name = std::string(name)};
  switch (value.type()) {
    case simdjson::dom::element_type::STRING:
      made.type = Type::kText;
      made.values.emplace_back(std::string_view(value));
      break;
    case simdjson::dom::element_type::BOOL:
      made.type = Type::kBoolean;
      made.values.emplace_back(bool(value) ? "true" : "false");
      break;
    case simdjson::dom::element_type::INT64:
    case simdjson::dom::element_type::UINT64:
      made.type = Type::kInteger;
      made.values.push_back(simdjson::minify(value));
      break;
    case simdjson::dom::element_type::DOUBLE:
      made.type = Type::kReal;
      made.values.push_back(simdjson::minify(value));
      break;
    case simdjson::dom::element_type::ARRAY:
      add_texts(value, made);
      break;
    default:
      break;
  }
  return made;
}

void read_meta(const object& meta, CallMessage& into) {
  into.has_meta_capabilities = member(meta, kMetaCapabilities).has_value();
  into.meta_version = text_member(meta, kMetaVersion);
}

std::optional<RpcFault> read_params(const element& value, CallMessage& into) {
  object params;
  if (value.get_object().get(params) != simdjson::SUCCESS) {
    return RpcFault{.code = RpcCode::kInvalidParams, .message = "params must be an object"};
  }
  into.version = text_member(params, "protocolVersion").value_or("");
  into.name = text_member(params, "name").value_or("");
  object inner;
  if (const auto meta = member(params, "_meta")) {
    if (meta->get_object().get(inner) == simdjson::SUCCESS) read_meta(inner, into);
  }
  const auto arguments = member(params, "arguments");
  if (!arguments || arguments->is_null()) return std::nullopt;
  if (arguments->get_object().get(inner) != simdjson::SUCCESS) {
    return RpcFault{.code = RpcCode::kInvalidParams, .message = "arguments must be an object"};
  }
  for (const simdjson::dom::key_value_pair each : inner) {
    if (!each.value.is_null()) into.arguments.push_back(argument_of(each.key, each.value));
  }
  return std::nullopt;
}

}  // namespace

std::expected<CallMessage, RpcFault> read_call_message(std::string_view body, std::string& id) {
  simdjson::dom::parser parser;
  element root;
  simdjson::error_code error = parser.allocate(body.size() + 1, kDepthMax);
  if (error == simdjson::SUCCESS) error = parser.parse(body.data(), body.size()).get(root);
  if (error != simdjson::SUCCESS) {
    return fault(RpcCode::kParseError,
                 std::string("the body is not JSON: ") + simdjson::error_message(error));
  }
  object message;
  if (root.get_object().get(message) != simdjson::SUCCESS) {
    return fault(RpcCode::kInvalidRequest, "the body must be one JSON-RPC object");
  }
  CallMessage made;
  if (const auto given = member(message, "id")) {
    if (!given->is_string() && !given->is_number()) {
      return fault(RpcCode::kInvalidRequest, "id must be a string or a number");
    }
    made.id = id = simdjson::minify(*given);
  }
  if (text_member(message, "jsonrpc") != "2.0") {
    return fault(RpcCode::kInvalidRequest, "jsonrpc must be \"2.0\"");
  }
  const bool is_response = member(message, "result") || member(message, "error");
  if (const auto method = member(message, "method"); method || !is_response) {
    made.method = text_member(message, "method").value_or("");
    if (made.method.empty()) return fault(RpcCode::kInvalidRequest, "method must be a string");
  }
  if (const auto params = member(message, "params")) {
    if (auto wrong = read_params(*params, made)) return std::unexpected(*std::move(wrong));
  }
  return made;
}

}  // namespace millrace::extensions::console::mcp
