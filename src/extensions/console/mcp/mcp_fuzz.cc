// The answer to any posted text is one JSON-RPC object with the id of the request or none, and a
// tool asks the API in encoded paths and queries only, with limits in the bounds of its schema.
#include <simdjson.h>

#include <algorithm>
#include <string>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "extensions/console/mcp/mcp_server.h"

namespace {

using millrace::transport::PageReply;

bool is_encoded(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-._~%+=&/").contains(c);
  });
}

PageReply answer_of_api(const std::string& path, const std::string& query) {
  MILLRACE_CHECK(path.starts_with("/api/v1/") && is_encoded(path));
  MILLRACE_CHECK(std::ranges::count(path, '/') <= 4 && is_encoded(query));
  const size_t at = query.rfind("limit=");
  if (at != std::string::npos) {
    const std::string_view limit = std::string_view(query).substr(at + 6);
    MILLRACE_CHECK(!limit.empty() && limit.size() <= 5 && limit != "0");
  }
  return {.body = "{}"};
}

void check_answer(const PageReply& reply, const std::string& id) {
  if (reply.status == 202) return MILLRACE_CHECK(reply.body.empty());
  simdjson::dom::parser parser;
  simdjson::dom::element answer;
  MILLRACE_CHECK(parser.parse(reply.body).get(answer) == simdjson::SUCCESS);
  MILLRACE_CHECK(std::string_view(answer["jsonrpc"]) == "2.0");
  const std::string given = simdjson::minify(simdjson::dom::element(answer["id"]));
  MILLRACE_CHECK(given == (id.empty() ? "null" : id));
  const bool has_result = answer["result"].error() == simdjson::SUCCESS;
  const bool has_error = answer["error"].error() == simdjson::SUCCESS;
  MILLRACE_CHECK(has_result != has_error);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace::extensions::console::mcp;
  static const McpServer server("1", answer_of_api);
  millrace::testing::FuzzInput input(data, size);
  constexpr std::string_view kVersions[] = {"", "2025-11-25", "2026-07-28", "2099-01-01"};
  const std::string_view version = kVersions[input.choice(std::size(kVersions))];
  millrace::transport::PageRequest request{.method = "POST", .path = "/mcp"};
  request.body = input.rest_text();
  request.fields = {{"content-type", "application/json"},
                    {"mcp-protocol-version", std::string(version)}};
  std::string id;
  if (const auto message = read_call_message(request.body, id)) {
    request.fields.push_back({"mcp-method", message->method});
    request.fields.push_back({"mcp-name", message->name});
  }
  check_answer(server.answer(request), id);
  return 0;
}
