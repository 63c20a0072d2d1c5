// One message of the Model Context Protocol: a JSON-RPC 2.0 request or notification, read from the
// body of a POST. Any thread.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::extensions::console::mcp {

inline constexpr size_t kMessageBytesMax = 256 << 10;

// The codes of JSON-RPC 2.0 section 5.1, and those that MCP adds.
enum class RpcCode : int {
  kParseError = -32700,
  kInvalidRequest = -32600,
  kMethodNotFound = -32601,
  kInvalidParams = -32602,
  kHeaderMismatch = -32020,
  kUnsupportedVersion = -32022,
};

struct RpcFault {
  RpcCode code = RpcCode::kInvalidRequest;
  std::string message;
  std::string data = {};  // JSON; empty: none
};

// A member of the arguments of a tool.
struct ToolArgument {
  enum class Type : uint8_t { kText, kInteger, kReal, kBoolean, kTextList, kOther };
  std::string name;
  Type type = Type::kOther;
  std::vector<std::string> values = {};  // as text; one, but for a list; none for kOther
};

struct CallMessage {
  // The id as JSON, a string or a number; empty: a notification, which is not answered.
  std::string id;
  std::string method;  // empty: a response, which this server never waits for
  // Members of `params` that this server reads; empty where they were not sent.
  std::string version;  // of `initialize`
  std::string name;     // of `tools/call`
  std::vector<ToolArgument> arguments = {};
  // Of `_meta`: what every request of the revision 2026-07-28 says.
  std::optional<std::string> meta_version = {};
  bool has_meta_capabilities = false;
};

// Linear in the text, which may have 64 levels. `id` receives the id as soon as it is known, also
// of a message with a fault. Of repeated members the last counts.
std::expected<CallMessage, RpcFault> read_call_message(std::string_view body, std::string& id);

}  // namespace millrace::extensions::console::mcp
