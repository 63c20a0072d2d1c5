// Statements do to whole requests what otelcol does to them, in every context.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <string>
#include <vector>

#include "memory/testing/test_work.h"
#include "otlp/json/decode.h"
#include "otlp/json/encode.h"
#include "ottl/compile.h"
#include "ottl/testing/golden_file.h"
#include "ottl/testing/naive_walk.h"

namespace millrace::ottl {
namespace {

using testing::signal_of;
using testing::split_statements;

using Json = simdjson::dom::element;

// Objects by their keys, and lists of entries of a map too: their order has no meaning.
std::string canonical(const Json& json) {
  std::vector<std::string> parts;
  if (json.is_object()) {
    for (const auto field : json.get_object().value_unsafe()) {
      const std::string value = canonical(field.value);
      // An empty message may be absent as well.
      if (value != "{}") parts.push_back(std::string(field.key) + ":" + value);
    }
  } else if (json.is_array()) {
    bool are_entries = false;
    for (const Json element : json.get_array().value_unsafe()) {
      are_entries |= element.is_object() && element["key"].error() == simdjson::SUCCESS;
      parts.push_back(canonical(element));
    }
    if (!are_entries) parts.insert(parts.begin(), "[");
  } else if (json.is_double()) {
    // The last digits of logarithms are the library's.
    return fmt::format("{:.12g}", json.get_double().value_unsafe());
  } else {
    return simdjson::minify(json);
  }
  if (parts.empty() || parts[0] != "[") std::ranges::sort(parts);
  std::string text = "{";
  for (const std::string& part : parts) text += part + ",";
  return text + "}";
}

class Requests {
 public:
  std::string read(Signal signal, const Json& json) {
    const auto bytes =
        decoder_.decode_request(signal, Bytes::copy_of(simdjson::minify(json)), own_.work, 1 << 20);
    EXPECT_TRUE(bytes.has_value());
    return std::string(as_text(bytes->view()));
  }
  std::string canonical_json(Signal signal, const std::string& request) {
    std::string text;
    EXPECT_TRUE(otlp::json::encode_request(signal, as_span(request), &text).has_value());
    return canonical(parser_.parse(text).value());
  }

 private:
  ::millrace::testing::TestWork own_;
  otlp::json::Decoder decoder_;
  simdjson::dom::parser parser_;
};

// Known differences.
bool is_different(std::string_view statement) {
  for (const std::string_view part : {
           "set(attributes[\"r\"], attributes)",  // there the copy has the new key
           "set(cache[\"c\"], cache)",            // the same
           "bucket_counts)",                      // counts can be copied to attributes here
           "event_index)",                        // there it is known to no processor
           "convert_exponential_histogram_to",    // there a minimum that is absent is 0
       }) {
    if (!statement.contains(" where ") && statement.contains(part)) return true;
  }
  if (statement.contains("where event_index")) return true;
  return false;
}

// False when a statement is not supported.
bool compile(Signal signal, std::string_view context, std::string_view text, Surroundings* in,
             std::vector<CompiledStatement>* compiled) {
  const std::vector<std::string> statements = split_statements(text);
  if (const auto named = find_context(context)) {
    *in = {*named, Prefix::kOptional};
  } else {
    const auto inferred = infer_context(signal, statements, {});
    EXPECT_TRUE(inferred.has_value()) << text;
    *in = {*inferred, Prefix::kRequired};
  }
  for (const std::string& statement : statements) {
    auto one = compile_statement(statement, *in);
    if (!one) return false;
    compiled->push_back(std::move(*one));
  }
  return true;
}

TEST(TransformTest, DoesToRequestsWhatOtelcolDoes) {
  simdjson::dom::parser parser;
  const Json file = parser.load(MILLRACE_GOLDEN_DIR "/transform.json").value();
  Requests requests;
  size_t count = 0;
  for (const Json item : file["cases"].get_array()) {
    const std::string_view statement = item["statement"];
    const std::string_view result = item["result"];
    if (result == "refused" || is_different(statement)) continue;
    const Signal signal = signal_of(item["fixture"]);
    Surroundings in;
    std::vector<CompiledStatement> compiled;
    if (!compile(signal, item["context"], statement, &in, &compiled)) continue;
    const Json fixture = file["fixtures"][std::string_view(item["fixture"])];
    Json expected;
    if (item["output"].get(expected) != simdjson::SUCCESS) expected = fixture;
    testing::NaiveWalk walk(signal, in.context, compiled);
    const std::string after = walk.run(requests.read(signal, fixture));
    count++;
    EXPECT_EQ(!walk.error().empty(), result == "error") << statement << ": " << walk.error();
    if (result == "error") continue;
    EXPECT_EQ(requests.canonical_json(signal, after),
              requests.canonical_json(signal, requests.read(signal, expected)))
        << statement;
  }
  EXPECT_GE(count, 694u);
}

// The groups of a configuration, one after the other.
std::string run_groups(const Json& groups, std::string request) {
  for (const Json group : groups.get_array()) {
    std::string_view context;
    if (group["context"].get(context) != simdjson::SUCCESS) context = "";
    Surroundings in;
    std::vector<CompiledStatement> compiled;
    std::string text;
    for (const Json statement : group["statements"].get_array()) {
      text += (text.empty() ? "" : " ;; ") + std::string(std::string_view(statement));
    }
    EXPECT_TRUE(compile(Signal::kMetrics, context, text, &in, &compiled)) << text;
    testing::NaiveWalk walk(Signal::kMetrics, in.context, compiled);
    walk.ignore_errors();
    request = walk.run(request);
  }
  return request;
}

TEST(TransformTest, DoesToMetricsWhatOtelcolDoes) {
  simdjson::dom::parser parser;
  const Json file = parser.load(MILLRACE_GOLDEN_DIR "/metrics.json").value();
  Requests requests;
  size_t count = 0;
  for (const Json item : file["cases"].get_array()) {
    const std::string_view name = item["name"];
    const Json groups = item["config"]["metric_statements"];
    // Different: an absent minimum stays absent, and set() with nil does nothing, as up to v0.160.
    const bool is_different = name.starts_with("explicit bounds") || name.contains("conditions") ||
                              name == "no exemplars, no points";
    if (is_different) continue;
    const Json before = file["requests"][std::string_view(item["request"])];
    const std::string after = run_groups(groups, requests.read(Signal::kMetrics, before));
    const Json expected = *item["output"].get_array().value().begin();
    EXPECT_EQ(requests.canonical_json(Signal::kMetrics, after),
              requests.canonical_json(Signal::kMetrics, requests.read(Signal::kMetrics, expected)))
        << name;
    count++;
  }
  EXPECT_GE(count, 28u);
}

}  // namespace
}  // namespace millrace::ottl
