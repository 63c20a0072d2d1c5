#include "extensions/console/mcp/call_message.h"

#include <gtest/gtest.h>

namespace millrace::extensions::console::mcp {
namespace {

CallMessage read(std::string_view body) {
  std::string id;
  auto message = read_call_message(body, id);
  EXPECT_TRUE(message) << body << ": " << message.error().message;
  if (!message) return {};
  EXPECT_EQ(message->id, id);
  return *std::move(message);
}

TEST(CallMessageTest, ARequestIsReadWithItsArguments) {
  const CallMessage message =
      read(R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"t","arguments":)"
           R"({"a":"x","b":3,"c":1.5,"d":true,"e":["p","q"],"f":{},"g":null,"h":[1]}}})");
  EXPECT_EQ(message.id, "7");
  EXPECT_EQ(message.method, "tools/call");
  EXPECT_EQ(message.name, "t");
  using Type = ToolArgument::Type;
  const std::vector<std::tuple<std::string, Type, std::vector<std::string>>> wanted = {
      {"a", Type::kText, {"x"}},
      {"b", Type::kInteger, {"3"}},
      {"c", Type::kReal, {"1.5"}},
      {"d", Type::kBoolean, {"true"}},
      {"e", Type::kTextList, {"p", "q"}},
      {"f", Type::kOther, {}},
      {"h", Type::kOther, {}}};
  ASSERT_EQ(message.arguments.size(), wanted.size());
  for (size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_EQ(std::tuple(message.arguments[i].name, message.arguments[i].type,
                         message.arguments[i].values),
              wanted[i]);
  }
}

TEST(CallMessageTest, IdsAreTextsAndNumbers) {
  EXPECT_EQ(read(R"({"jsonrpc":"2.0","id":"a\"b","method":"ping"})").id, R"("a\"b")");
  EXPECT_EQ(read(R"({"jsonrpc":"2.0","id":-1,"method":"ping"})").id, "-1");
  EXPECT_EQ(read(R"({"jsonrpc":"2.0","method":"notifications/initialized"})").id, "");
}

TEST(CallMessageTest, AResponseHasNoMethod) {
  const CallMessage message = read(R"({"jsonrpc":"2.0","id":1,"result":{}})");
  EXPECT_EQ(message.method, "");
}

TEST(CallMessageTest, TheEnvelopeIsRead) {
  const CallMessage message = read(R"({"jsonrpc":"2.0","id":1,"method":"m","params":{"_meta":)"
                                   R"({"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
                                   R"("io.modelcontextprotocol/clientCapabilities":{}}}})");
  EXPECT_EQ(message.meta_version, "2026-07-28");
  EXPECT_TRUE(message.has_meta_capabilities);
}

TEST(CallMessageTest, FaultsHaveTheirCode) {
  const std::string deep = std::string(100, '[') + std::string(100, ']');
  const std::vector<std::tuple<std::string, RpcCode, std::string>> cases = {
      {"", RpcCode::kParseError, ""},
      {"{", RpcCode::kParseError, ""},
      {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}", RpcCode::kParseError, ""},
      {R"({"jsonrpc":"2.0","id":1,"method":"m","params":)" + deep + "}", RpcCode::kParseError, ""},
      {"[]", RpcCode::kInvalidRequest, ""},
      {R"([{"jsonrpc":"2.0","id":1,"method":"ping"}])", RpcCode::kInvalidRequest, ""},
      {R"({"jsonrpc":"2.0","id":null,"method":"ping"})", RpcCode::kInvalidRequest, ""},
      {R"({"jsonrpc":"2.0","id":{},"method":"ping"})", RpcCode::kInvalidRequest, ""},
      {R"({"jsonrpc":"1.0","id":1,"method":"ping"})", RpcCode::kInvalidRequest, "1"},
      {R"({"jsonrpc":"2.0","id":1})", RpcCode::kInvalidRequest, "1"},
      {R"({"jsonrpc":"2.0","id":1,"method":3})", RpcCode::kInvalidRequest, "1"},
      {R"({"jsonrpc":"2.0","id":1,"method":"m","params":[]})", RpcCode::kInvalidParams, "1"},
      {R"({"jsonrpc":"2.0","id":1,"method":"m","params":{"arguments":[]}})",
       RpcCode::kInvalidParams, "1"},
  };
  for (const auto& [body, code, known_id] : cases) {
    std::string id;
    const auto message = read_call_message(body, id);
    ASSERT_FALSE(message) << body;
    EXPECT_EQ(message.error().code, code) << body;
    EXPECT_EQ(id, known_id) << body;
  }
}

}  // namespace
}  // namespace millrace::extensions::console::mcp
