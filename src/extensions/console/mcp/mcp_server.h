// The Model Context Protocol over streamable HTTP, one answer for each POST. Enter here.
//
// Revision 2026-07-28: each request says its version and repeats its method in fields of HTTP;
// `server/discover` tells what the server can. Revisions 2025-11-25 and 2025-06-18: `initialize`,
// `notifications/initialized`, `ping`. All of them: `tools/list`, `tools/call`. There are no
// sessions, and no streams: the server never begins to speak.
//
// Belongs to the loop of the console's server. The caller has checked token, Host and Origin.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "extensions/console/mcp/call_message.h"
#include "extensions/console/mcp/tool_call.h"
#include "transport/server/page.h"

namespace millrace::extensions::console::mcp {

class McpServer {
 public:
  // `version`: of the program.
  McpServer(const std::string& version, AskApi ask);

  // The fields that answer() reads, for PageRoute::wanted_fields.
  static std::vector<std::string> wanted_fields();
  transport::PageReply answer(const transport::PageRequest& request) const;

 private:
  enum class Era { kHandshake, kStateless };
  transport::PageReply answer_message(const CallMessage& message,
                                      const transport::PageRequest& request) const;
  transport::PageReply answer_call(const CallMessage& message, Era era) const;
  transport::PageReply answer_initialize(const CallMessage& message) const;
  transport::PageReply result(const CallMessage& message, Era era, std::string members) const;

  const std::string server_info_;  // JSON
  const AskApi ask_;
  const std::string tools_;  // JSON
};

}  // namespace millrace::extensions::console::mcp
