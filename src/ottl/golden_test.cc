// Statements that otelcol accepts or refuses at start-up are accepted or refused here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <string>
#include <vector>

#include "ottl/compile.h"
#include "ottl/testing/golden_file.h"

namespace millrace::ottl {
namespace {

using testing::signal_of;
using testing::split_statements;

// The error, or nothing.
std::string compile(Signal signal, std::string_view context_text, std::string_view text) {
  const std::vector<std::string> statements = split_statements(text);
  Surroundings in{Context::kResource, Prefix::kRequired};
  if (const auto context = find_context(context_text)) {
    in = {*context, Prefix::kOptional};
  } else {
    const auto inferred = infer_context(signal, statements, {});
    if (!inferred) return inferred.error().message;
    in.context = *inferred;
  }
  for (const std::string& statement : statements) {
    const auto compiled = compile_statement(statement, in);
    if (!compiled) return compiled.error().message;
  }
  return {};
}

// Refused by otelcol, accepted here: the call fails when it runs, or its form means nothing else.
bool is_accepted_here_only(std::string_view statement) {
  for (const std::string_view part : {"Double(\"x\")", "Bool(\"x\")", "SliceToMap([{"}) {
    if (statement.contains(part)) return true;
  }
  return false;
}

TEST(GoldenTest, AcceptsAndRefusesAsOtelcolDoes) {
  simdjson::dom::parser parser;
  const simdjson::dom::element golden = parser.load(MILLRACE_GOLDEN_DIR "/transform.json").value();
  size_t count = 0;
  for (const simdjson::dom::element item : golden["cases"].get_array()) {
    const std::string_view statement = item["statement"];
    const bool is_refused = std::string_view(item["result"]) == "refused";
    const std::string failure =
        compile(signal_of(item["fixture"]), std::string_view(item["context"]), statement);
    if (failure.contains("not supported")) continue;
    EXPECT_EQ(!failure.empty(), is_refused && !is_accepted_here_only(statement))
        << statement << "\n"
        << failure;
    count++;
  }
  EXPECT_GE(count, 700u);
}

}  // namespace
}  // namespace millrace::ottl
