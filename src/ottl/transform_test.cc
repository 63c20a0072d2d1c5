// Statements do to whole requests what otelcol does to them, in every context: the recorded cases
// of the transform processor (tests/golden/processors), without the processor.
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
#include "ottl/testing/naive_walk.h"

namespace millrace::ottl {
namespace {

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

Signal signal_named(std::string_view name) {
  return name == "traces" ? Signal::kTraces : name == "logs" ? Signal::kLogs : Signal::kMetrics;
}

// Groups of statements, or the statements of one group without a context.
std::vector<Json> groups_of(const Json& config) {
  std::vector<Json> groups;
  for (const char* key : {"trace_statements", "metric_statements", "log_statements"}) {
    Json list;
    if (config[key].get(list) != simdjson::SUCCESS) continue;
    if (list.at(0).is_string()) return {list};
    for (const Json group : list.get_array()) groups.push_back(group);
  }
  return groups;
}

// The error at the start, or nothing.
std::string compile(Signal signal, const Json& group, Context* context,
                    std::vector<CompiledStatement>* compiled) {
  std::string_view name;
  Json list = group;
  if (group.is_object()) {
    list = group["statements"].value();
    if (group["context"].get(name) != simdjson::SUCCESS) name = "";
  }
  std::vector<std::string> statements;
  for (const Json statement : list.get_array()) {
    statements.emplace_back(statement.get_string().value());
  }
  Surroundings in{Context::kResource, Prefix::kRequired};
  if (const auto named = find_context(name)) {
    in = {*named, Prefix::kOptional};
  } else {
    const auto inferred = infer_context(signal, statements, {});
    if (!inferred) return inferred.error().message;
    in.context = *inferred;
  }
  *context = in.context;
  for (const std::string& statement : statements) {
    auto one = compile_statement(statement, in);
    if (!one) return one.error().message;
    compiled->push_back(std::move(*one));
  }
  return {};
}

// "refused: …", "failed: …", or the request afterwards.
std::string run(Requests& requests, Signal signal, const Json& config, std::string request) {
  std::string_view error_mode;
  const bool stops =
      config["error_mode"].get(error_mode) == simdjson::SUCCESS && error_mode == "propagate";
  for (const Json& group : groups_of(config)) {
    Context context{};
    std::vector<CompiledStatement> compiled;
    const std::string refused = compile(signal, group, &context, &compiled);
    if (!refused.empty()) return "refused: " + refused;
    testing::NaiveWalk walk(signal, context, compiled);
    if (!stops) walk.ignore_errors();
    request = walk.run(request);
    if (stops && !walk.error().empty()) return "failed: " + walk.error();
  }
  return requests.canonical_json(signal, request);
}

std::string expected(Requests& requests, Signal signal, const Json& one) {
  for (const char* kind : {"refused", "failed"}) {
    if (one[kind].error() == simdjson::SUCCESS) return kind;
  }
  const Json output = *one["output"].get_array().value().begin();
  return requests.canonical_json(signal, requests.read(signal, output));
}

void do_what_otelcol_does(const char* path, size_t least) {
  simdjson::dom::parser parser;
  const Json file = parser.load(path).value();
  Requests requests;
  size_t count = 0;
  for (const Json one : file["cases"].get_array()) {
    // Groups with conditions of their own are the processor's.
    const std::string_view name = one["name"];
    if (one["deviation"].error() == simdjson::SUCCESS || name.contains("conditions")) continue;
    const Signal signal = signal_named(one["signal"]);
    const Json before = file["requests"][std::string_view(one["request"])];
    const std::string here = run(requests, signal, one["config"], requests.read(signal, before));
    const std::string there = expected(requests, signal, one);
    const bool is_error = there == "refused" || there == "failed";
    EXPECT_TRUE(is_error ? here.starts_with(there) : here == there) << name << "\n-- here:\n"
                                                                    << here << "\n-- otelcol:\n"
                                                                    << there;
    count++;
  }
  EXPECT_GE(count, least);
}

TEST(TransformTest, DoesToRequestsWhatOtelcolDoes) {
  do_what_otelcol_does(MILLRACE_GOLDEN_DIR "/processors/transform_statements.json", 700);
}

TEST(TransformTest, DoesToMetricsWhatOtelcolDoes) {
  do_what_otelcol_does(MILLRACE_GOLDEN_DIR "/processors/transform_metrics.json", 28);
}

}  // namespace
}  // namespace millrace::ottl
