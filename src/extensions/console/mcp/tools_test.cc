#include "extensions/console/mcp/tools.h"

#include <gtest/gtest.h>

#include <vector>

#include "extensions/console/mcp/tool_call.h"

namespace millrace::extensions::console::mcp {
namespace {

using Type = ToolArgument::Type;

struct FakeApi {
  std::vector<std::string> asked;
  std::function<transport::PageReply(const std::string& path, const std::string& query)> answer =
      [](const auto&, const auto&) { return transport::PageReply{.body = "{}"}; };

  ToolResult call(std::string_view tool, const std::vector<ToolArgument>& arguments = {}) {
    return call_tool(*find_tool(tool), arguments,
                     [this](const std::string& path, const std::string& query) {
                       asked.push_back(path + "?" + query);
                       return answer(path, query);
                     });
  }
};

TEST(ToolsTest, ArgumentsBecomeAQuery) {
  FakeApi api;
  const ToolResult result =
      api.call("search_traces", {{"service", Type::kText, {"a b&c"}},
                                 {"min_duration_ms", Type::kInteger, {"5"}},
                                 {"error", Type::kBoolean, {"true"}},
                                 {"attributes", Type::kTextList, {"k=v", "w"}},
                                 {"limit", Type::kInteger, {"7"}}});
  EXPECT_FALSE(result.is_error) << result.text;
  EXPECT_EQ(api.asked,
            (std::vector<std::string>{"/api/v1/traces?service=a+b%26c&min_duration_ms=5&error=true&"
                                      "attribute=k%3Dv&attribute=w&limit=7"}));
}

TEST(ToolsTest, AnIdIsPartOfThePath) {
  FakeApi api;
  api.call("get_trace", {{"trace_id", Type::kText, {"../status?x"}}});
  EXPECT_EQ(api.asked, (std::vector<std::string>{"/api/v1/traces/..%2Fstatus%3Fx?limit=50"}));
}

TEST(ToolsTest, WrongArgumentsAreNamed) {
  FakeApi api;
  const std::vector<std::tuple<std::string, std::vector<ToolArgument>, std::string>> cases = {
      {"get_trace", {}, "trace_id is missing"},
      {"get_trace", {{"trace_id", Type::kInteger, {"1"}}}, "trace_id: expected a string"},
      {"search_traces", {{"limit", Type::kInteger, {"0"}}}, "limit: expected an integer from 1"},
      {"search_traces", {{"limit", Type::kInteger, {"-1"}}}, "limit: expected an integer from 1"},
      {"search_traces", {{"limit", Type::kReal, {"1.5"}}}, "limit: expected an integer"},
      {"search_traces", {{"sort", Type::kText, {"x"}}}, "sort: expected one of recent, duration"},
      {"search_traces", {{"attributes", Type::kOther, {}}}, "expected a list of strings"},
      {"get_status", {{"x", Type::kText, {"y"}}}, "get_status has no argument \"x\""},
  };
  for (const auto& [tool, arguments, words] : cases) {
    const ToolResult result = api.call(tool, arguments);
    EXPECT_TRUE(result.is_error) << tool;
    EXPECT_TRUE(result.text.contains(words)) << result.text;
  }
  EXPECT_TRUE(api.asked.empty());
}

TEST(ToolsTest, ALongAnswerIsAskedForWithHalfOfTheLimit) {
  FakeApi api;
  api.answer = [](const std::string&, const std::string& query) {
    const size_t limit = std::stoul(query.substr(query.find("limit=") + 6));
    return transport::PageReply{.body = std::string(limit * 50'000, 'x')};
  };
  EXPECT_EQ(api.call("search_logs", {{"limit", Type::kInteger, {"9"}}}).text.size(), 100'000u);
  EXPECT_EQ(api.asked.size(), 3u);  // 9, 4, 2
  api.answer = [](const auto&, const auto&) {
    return transport::PageReply{.body = std::string(kToolTextBytesMax + 1, 'x')};
  };
  const ToolResult never = api.call("search_logs");
  EXPECT_TRUE(never.is_error);
  EXPECT_TRUE(never.text.contains("narrow it")) << never.text;
}

TEST(ToolsTest, SeveralPartsAreOneObject) {
  FakeApi api;
  EXPECT_EQ(api.call("list_errors").text, R"({"traces":{},"logs":{},"refusals":{}})");
  EXPECT_EQ(api.asked, (std::vector<std::string>{"/api/v1/traces?error=true&limit=10",
                                                 "/api/v1/logs?severity=17&limit=10",
                                                 "/api/v1/refusals?limit=10"}));
}

TEST(ToolsTest, AnErrorOfTheApiIsTheToolsError) {
  FakeApi api;
  api.answer = [](const auto&, const auto&) {
    return transport::PageReply{.status = 404, .body = "no such trace"};
  };
  const ToolResult result = api.call("get_trace", {{"trace_id", Type::kText, {"x"}}});
  EXPECT_TRUE(result.is_error);
  EXPECT_EQ(result.text, "no such trace");
}

}  // namespace
}  // namespace millrace::extensions::console::mcp
