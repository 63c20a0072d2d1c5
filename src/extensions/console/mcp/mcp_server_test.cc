#include "extensions/console/mcp/mcp_server.h"

#include <gtest/gtest.h>

namespace millrace::extensions::console::mcp {
namespace {

using transport::PageReply;
using transport::PageRequest;

McpServer make_server() {
  return McpServer("1.2", [](const std::string& path, const std::string&) {
    return PageReply{.body = "{\"path\":\"" + path + "\"}"};
  });
}

PageReply post(std::string body, std::vector<MetadataEntry> fields = {}) {
  fields.push_back({"content-type", "application/json"});
  return make_server().answer(
      {.method = "POST", .path = "/mcp", .fields = std::move(fields), .body = std::move(body)});
}

std::string call(std::string_view method, std::string_view params = "{}") {
  return R"({"jsonrpc":"2.0","id":1,"method":")" + std::string(method) + R"(","params":)" +
         std::string(params) + "}";
}

constexpr std::string_view kMeta =
    R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
    R"("io.modelcontextprotocol/clientCapabilities":{}})";

PageReply post_stateless(std::string_view method, std::string_view more = "",
                         std::string_view name = "") {
  std::vector<MetadataEntry> fields = {{"mcp-protocol-version", "2026-07-28"},
                                       {"mcp-method", std::string(method)}};
  if (!name.empty()) fields.push_back({"mcp-name", std::string(name)});
  return post(call(method, "{" + std::string(kMeta) + std::string(more) + "}"), fields);
}

TEST(McpServerTest, InitializeChoosesAVersion) {
  for (const auto& [asked, given] :
       std::vector<std::pair<std::string, std::string>>{{"2025-11-25", "2025-11-25"},
                                                        {"2025-06-18", "2025-06-18"},
                                                        {"2024-11-05", "2025-11-25"},
                                                        {"2099-01-01", "2025-11-25"}}) {
    const PageReply reply =
        post(call("initialize", R"({"protocolVersion":")" + asked + R"(","capabilities":{}})"));
    EXPECT_EQ(reply.status, 200);
    EXPECT_TRUE(reply.body.starts_with(R"({"jsonrpc":"2.0","id":1,"result":{"protocolVersion":")" +
                                       given + "\""))
        << reply.body;
    EXPECT_TRUE(reply.body.contains(R"("serverInfo":{"name":"millrace")"));
  }
}

TEST(McpServerTest, TheHandshakeEraIsServed) {
  const std::vector<MetadataEntry> fields = {{"mcp-protocol-version", "2025-11-25"}};
  EXPECT_EQ(post(R"({"jsonrpc":"2.0","method":"notifications/initialized"})", fields).status, 202);
  EXPECT_EQ(post(call("ping"), fields).body, R"({"jsonrpc":"2.0","id":1,"result":{}})");
  const PageReply list = post(call("tools/list"), fields);
  EXPECT_TRUE(list.body.contains(R"("tools":[{"name":)")) << list.body;
  EXPECT_FALSE(list.body.contains("resultType"));
  EXPECT_EQ(post(call("tools/call", R"({"name":"get_ledger"})"), fields).body,
            R"({"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":)"
            R"("{\"path\":\"/api/v1/ledger\"}"}],"isError":false}})");
}

TEST(McpServerTest, TheStatelessEraIsServed) {
  const PageReply discovered = post_stateless("server/discover");
  EXPECT_EQ(discovered.status, 200);
  for (const char* part : {R"("supportedVersions":["2026-07-28","2025-11-25","2025-06-18"])",
                           R"("resultType":"complete")", R"("cacheScope":"private")",
                           R"("io.modelcontextprotocol/serverInfo":{"name":"millrace")"}) {
    EXPECT_TRUE(discovered.body.contains(part)) << part << "\n" << discovered.body;
  }
  EXPECT_TRUE(post_stateless("tools/list").body.contains("\"ttlMs\":"));
  const PageReply called = post_stateless("tools/call", R"(,"name":"get_ledger")", "get_ledger");
  EXPECT_EQ(called.status, 200);
  EXPECT_TRUE(called.body.contains("resultType")) << called.body;
}

TEST(McpServerTest, FieldsMustAgreeWithTheBody) {
  const std::string body = call("tools/list", "{" + std::string(kMeta) + "}");
  const std::vector<std::vector<MetadataEntry>> wrong = {
      {},
      {{"mcp-protocol-version", "2026-07-28"}},
      {{"mcp-protocol-version", "2025-11-25"}, {"mcp-method", "tools/list"}},
      {{"mcp-protocol-version", "2026-07-28"}, {"mcp-method", "tools/call"}},
  };
  for (const auto& fields : wrong) {
    const PageReply reply = post(body, fields);
    EXPECT_EQ(reply.status, 400);
    EXPECT_TRUE(reply.body.contains("\"code\":-32020")) << reply.body;
  }
  EXPECT_TRUE(post_stateless("tools/call", R"(,"name":"get_ledger")", "other")
                  .body.contains("\"code\":-32020"));
  const PageReply bare = post(
      call("tools/list"), {{"mcp-protocol-version", "2026-07-28"}, {"mcp-method", "tools/list"}});
  EXPECT_TRUE(bare.body.contains("\"code\":-32602")) << bare.body;
}

TEST(McpServerTest, AnUnknownVersionIsToldTheKnownOnes) {
  const PageReply reply = post(call("server/discover"), {{"mcp-protocol-version", "2099-\xff"}});
  EXPECT_EQ(reply.status, 400);
  EXPECT_TRUE(reply.body.contains("\"code\":-32022")) << reply.body;
  EXPECT_TRUE(reply.body.contains(R"("supported":["2026-07-28",)")) << reply.body;
}

TEST(McpServerTest, UnknownMethodsAndToolsAreErrors) {
  EXPECT_TRUE(post(call("resources/list")).body.contains("\"code\":-32601"));
  EXPECT_EQ(post(call("resources/list")).status, 200);
  EXPECT_EQ(post_stateless("resources/list").status, 404);
  EXPECT_TRUE(post(call("tools/call", R"({"name":"x"})")).body.contains("\"code\":-32602"));
  const PageReply wrong = post(call("tools/call", R"({"name":"get_trace"})"));
  EXPECT_TRUE(wrong.body.contains(R"(trace_id is missing"}],"isError":true)")) << wrong.body;
}

TEST(McpServerTest, OnlyPostsOfJsonAreRead) {
  const McpServer server = make_server();
  const PageReply get = server.answer({.method = "GET", .path = "/mcp"});
  EXPECT_EQ(get.status, 405);
  EXPECT_EQ(get.fields.at(0).value, "POST");
  EXPECT_EQ(server.answer({.method = "DELETE", .path = "/mcp"}).status, 405);
  EXPECT_EQ(server.answer({.method = "POST", .path = "/mcp", .body = "{}"}).status, 415);
  PageRequest asks{.method = "POST", .path = "/mcp", .accept = "text/html"};
  asks.fields = {{"content-type", "application/json"}};
  EXPECT_EQ(server.answer(asks).status, 406);
  EXPECT_EQ(post("{").status, 400);
  EXPECT_EQ(post("{").body.substr(0, 30), R"({"jsonrpc":"2.0","id":null,"er)");
}

}  // namespace
}  // namespace millrace::extensions::console::mcp
