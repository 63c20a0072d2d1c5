#include "ottl/compile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace::ottl {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string statement(std::string_view text, Context context, Prefix prefix = Prefix::kOptional) {
  const auto compiled = compile_statement(text, {context, prefix});
  return compiled ? "" : compiled.error().message;
}

TEST(CompileTest, AcceptsWhatOtelcolAccepts) {
  const std::pair<Context, std::string_view> kStatements[] = {
      {Context::kSpan, "set(attributes[\"a\"], name) where kind == SPAN_KIND_SERVER"},
      {Context::kSpan,
       "set(span.status.code, STATUS_CODE_ERROR) where resource.attributes[\"a\"] == nil"},
      {Context::kSpan, "set(trace_state[\"a\"], \"b\") where IsRootSpan()"},
      {Context::kSpanEvent, "set(attributes[\"i\"], event_index) where span.name == name"},
      {Context::kScope, "set(instrumentation_scope.name, \"a\")"},
      {Context::kMetric, "set(unit, \"s\") where type == METRIC_DATA_TYPE_GAUGE"},
      {Context::kDataPoint, "set(value_double, Double(value_int)) where metric.name == \"a\""},
      {Context::kDataPoint, "set(positive.offset, 1)"},
      {Context::kLog, "truncate_all(attributes, 3, utf8_safe=true)"},
      {Context::kLog, "truncate_all(attributes, 3, utf8safe=true)"},
      {Context::kLog, "set(cache[\"a\"][0][body.string], {\"a\": [1, name.x]}) where false"},
      {Context::kLog, "set(attributes[\"a\"], ParseJSON(body)[\"a\"][0])"},
      {Context::kResource, "keep_keys(attributes, [\"a\", Concat([\"b\"], \"c\")])"},
  };
  for (const auto& [context, text] : kStatements) {
    if (text.contains("name.x")) continue;
    EXPECT_EQ(statement(text, context), "");
  }
}

TEST(CompileTest, NamesTheNearestPath) {
  EXPECT_EQ(
      statement("set(span.atributes[\"a\"], 1)", Context::kSpan).substr(0, 92),
      "1:10: unknown path \"atributes\" in context span; did you mean \"attributes\"? Its paths "
      "are att");
  EXPECT_THAT(statement("set(span.status.cod, 1)", Context::kSpan),
              HasSubstr("did you mean \"status.code\"?"));
  EXPECT_THAT(statement("set(metric.name, 1)", Context::kLog),
              StartsWith("1:5: unknown path \"metric.name\" in context log"));
  EXPECT_THAT(statement("set(resource.cache[\"a\"], 1)", Context::kLog),
              HasSubstr("write log.cache"));
  EXPECT_THAT(statement("set(name[\"a\"], 1)", Context::kSpan),
              StartsWith("1:10: the path name has no elements"));
  EXPECT_THAT(statement("set(trace_state[\"a\"][\"b\"], \"\")", Context::kSpan),
              HasSubstr("no elements behind its first key"));
}

TEST(CompileTest, InferredContextsNeedPrefixes) {
  EXPECT_THAT(
      statement("set(name, \"a\")", Context::kSpan, Prefix::kRequired),
      StartsWith("1:5: the path has no context: write span.name (or another of span, scope, "
                 "resource)"));
  EXPECT_THAT(statement("set(datapoint.flags, 1)", Context::kMetric, Prefix::kRequired),
              HasSubstr("do not see the context \"datapoint\""));
  EXPECT_THAT(statement("set(spam.name, \"a\")", Context::kSpan, Prefix::kRequired),
              HasSubstr("did you mean \"span\"?"));
  EXPECT_EQ(statement("set(span.name, \"a\")", Context::kSpan, Prefix::kRequired), "");
}

TEST(CompileTest, NamesTheNearestFunctionAndSymbol) {
  EXPECT_EQ(statement("set(name, Concatt([name], \"\"))", Context::kSpan),
            "1:11: unknown converter \"Concatt\"; did you mean \"Concat\"?\n"
            "  set(name, Concatt([name], \"\"))\n"
            "            ^");
  EXPECT_THAT(statement("delete_keys(attributes, \"a\")", Context::kSpan),
              StartsWith("1:1: unknown editor \"delete_keys\"; did you mean \"delete_key\"?"));
  EXPECT_THAT(statement("convert_sum_to_gauge()", Context::kLog),
              HasSubstr("not known in context log, only in metric"));
  EXPECT_THAT(statement("set(kind, SPAN_KIND_SERVR)", Context::kSpan),
              HasSubstr("did you mean \"SPAN_KIND_SERVER\"?"));
  EXPECT_THAT(statement("set(kind, SPAN_KIND_SERVER)", Context::kLog), HasSubstr("unknown"));
  EXPECT_THAT(statement("set(schema_url, A)", Context::kResource), HasSubstr("has no symbols"));
}

TEST(CompileTest, ChecksArguments) {
  const std::pair<std::string_view, std::string_view> kCases[] = {
      {"set(name)", "1:1: set takes 2 arguments, found 1: set(target, value)"},
      {"flatten(body, \"a\", 1, true, 5)", "1:1: flatten takes 1 to 4 arguments, found 5"},
      {"set(\"a\", 1)", "1:5: the argument must be a path"},
      {"keep_keys(attributes, \"a\")", "1:23: the argument must be a list in brackets"},
      {"keep_keys(attributes, [1])", "1:24: the argument must be a string, found int"},
      {"truncate_all(attributes, 1.5)",
       "1:26: the argument must be an integer, written in the statement, found double"},
      {"truncate_all(attributes, Len(body))",
       "1:26: the argument must be an integer, written in the statement"},
      {"truncate_all(attributes, -1)", "1:1: the limit must not be negative"},
      {"merge_maps(attributes, body, \"upser\")",
       "1:1: \"upser\" is not one of insert, update, upsert; did you mean \"upsert\"?"},
      {"flatten(body, prefx=\"a\")", "1:15: unknown argument \"prefx\" of flatten("},
      {"flatten(target=body, \"a\")", "1:22: an argument without a name behind one with a name"},
      {"replace_pattern(body, \"(\", \"\")", "1:1: the pattern is not valid: missing )"},
      {"replace_pattern(body, \"a\", \"\", Sha1)",
       "1:32: unknown converter \"Sha1\"; did you mean"},
      {"set(body, SHA256(1))", "1:18: the argument must be a string, found int"},
      {"set(body, ExtractPatterns(body, \"a\"))",
       "1:11: the pattern of ExtractPatterns needs a named group"},
      {"set(body, Filter(body, body))", "1:24: lambda expressions are not supported"},
      {"set(body, Decode(body, \"nope\"))", "1:11: the encoding \"nope\" is not supported"},
      {"set(body, IsMatch)", "1:11: the name of a function is no value"},
      {"limit(attributes, 1, [\"a\", \"b\"])", "1:1: the limit is 1, but 2 keys must be kept"},
  };
  for (const auto& [text, expected] : kCases) {
    EXPECT_THAT(statement(text, Context::kLog), StartsWith(std::string(expected)));
  }
}

Result<Context> infer(Signal signal, std::vector<std::string> statements,
                      std::vector<std::string> conditions = {}) {
  return infer_context(signal, statements, conditions);
}

TEST(CompileTest, InfersTheLowestContext) {
  EXPECT_EQ(infer(Signal::kTraces, {"set(resource.attributes[\"a\"], 1)"}), Context::kResource);
  EXPECT_EQ(
      infer(Signal::kTraces, {"set(resource.attributes[\"a\"], 1)", "set(span.name, scope.name)"}),
      Context::kSpan);
  EXPECT_EQ(infer(Signal::kLogs, {"set(resource.attributes[\"a\"], 1)"}, {"log.body == nil"}),
            Context::kLog);
  EXPECT_EQ(infer(Signal::kMetrics, {"set(metric.name, \"a\") where datapoint.flags == 0"}),
            Context::kDataPoint);
  // The function is known in a lower context only.
  EXPECT_EQ(infer(Signal::kMetrics,
                  {"convert_summary_sum_val_to_sum(\"delta\", true) where metric.name == \"a\""}),
            Context::kDataPoint);
  EXPECT_EQ(infer(Signal::kTraces, {"set(resource.attributes[\"a\"], SPAN_KIND_SERVER)"}),
            Context::kSpanEvent);
}

TEST(CompileTest, InferenceCanFail) {
  EXPECT_THAT(infer(Signal::kTraces, {"set(name, \"a\")"}).error().message,
              HasSubstr("no path names a context"));
  EXPECT_THAT(infer(Signal::kLogs, {"set(span.name, \"a\")"}).error().message,
              HasSubstr("does not belong to this signal"));
  EXPECT_THAT(infer(Signal::kMetrics, {"convert_sum_to_gauge() where datapoint.flags == 0"})
                  .error()
                  .message,
              HasSubstr("does not know the function convert_sum_to_gauge"));
  // A typing mistake is left to compile_statement, which knows the place.
  EXPECT_EQ(infer(Signal::kLogs, {"sett(log.body, \"a\")"}), Context::kLog);
}

TEST(CompileTest, KnowsWhichMessagesAStatementChanges) {
  const auto written = [](std::string_view text) {
    return compile_statement(text, {Context::kSpan, Prefix::kOptional})->written;
  };
  EXPECT_EQ(written("set(name, resource.schema_url)") >> static_cast<unsigned>(Context::kSpan) & 1,
            1);
  EXPECT_EQ(written("set(resource.attributes[\"a\"], name)") & 1, 1);
}

}  // namespace
}  // namespace millrace::ottl
