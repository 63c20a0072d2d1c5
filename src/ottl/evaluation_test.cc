// Statements do to spans and log records, their scopes and their resources what otelcol does.
#include "ottl/evaluation.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <string>
#include <vector>

#include "memory/testing/test_work.h"
#include "otlp/json/decode.h"
#include "ottl/compile.h"
#include "ottl/record_writer.h"

namespace millrace::ottl {
namespace {

struct Parts {
  Bytes resource_x;
  Bytes scope_x;
  Bytes resource;
  Bytes scope;
  Bytes item;  // the first
};

class Requests {
 public:
  Parts read(Signal signal, const simdjson::dom::element& json) {
    const auto bytes =
        decoder_.decode_request(signal, Bytes::copy_of(simdjson::minify(json)), own_.work, 1 << 20);
    EXPECT_TRUE(bytes.has_value());
    const Rope rope(*bytes);
    otlp::ResourceReader resources(rope);
    otlp::ResourceView resource;
    otlp::ScopeView scope;
    EXPECT_TRUE(resources.next(&resource));
    EXPECT_TRUE(otlp::ScopeReader(resource).next(&scope));
    otlp::MessageBytes item;
    otlp::MessageReader(scope.bytes.view(), otlp::kScopeItems).next(&item);
    return {resource.bytes, scope.bytes, resource.resource, scope.scope,
            Bytes(scope.bytes.chunk(), item.data(), item.size())};
  }

 private:
  testing::TestWork own_;
  otlp::json::Decoder decoder_;
};

std::string sorted_any(std::span<const uint8_t> any);

// A field with the maps inside of it sorted. KeyValue.value and AnyValue.kvlist_value are known by
// their place.
std::string sorted_field(const wire::Field& field, bool is_attribute) {
  if (!is_attribute) return std::string(as_text(field.whole));
  const auto pair = otlp::KeyValueView::read(field.bytes);
  return std::to_string(field.number) + std::string(pair.key) + "=" + sorted_any(pair.value);
}

std::string sorted_any(std::span<const uint8_t> any) {
  const auto view = otlp::AnyValueView::read(any);
  if (view.type != otlp::AnyValueView::Type::kKvlist &&
      view.type != otlp::AnyValueView::Type::kArray) {
    return std::string(as_text(any));
  }
  std::vector<std::string> parts;
  otlp::ElementReader elements(view);
  for (otlp::MessageBytes element; elements.next(&element);) {
    if (view.type == otlp::AnyValueView::Type::kArray) {
      parts.push_back(sorted_any(element));
      continue;
    }
    const auto pair = otlp::KeyValueView::read(element);
    parts.push_back(std::string(pair.key) + "=" + sorted_any(pair.value));
  }
  const bool is_map = view.type == otlp::AnyValueView::Type::kKvlist;
  if (is_map) std::ranges::sort(parts);
  std::string text = is_map ? "{" : "[";
  for (const std::string& part : parts) text += part + ",";
  return text;
}

// The fields of a message in an order of their own: that of attributes has no meaning.
std::string sorted(std::span<const uint8_t> message, Context context) {
  const WireField* const attributes =
      find_wire_field(context, otlp::MetricType::kNone, Field::kAttributes);
  const WireField* const body = find_wire_field(context, otlp::MetricType::kNone, Field::kBody);
  std::vector<std::string> fields;
  wire::FieldReader reader(message);
  for (wire::Field field; reader.next(&field);) {
    if (field.type == wire::WireType::kLen ? field.bytes.empty() : field.value == 0) continue;
    if (context == Context::kSpan && field.number == 15) {
      fields.push_back("status" + sorted(field.bytes, Context::kMetric));
    } else if (body != nullptr && field.number == body->number) {
      fields.push_back("body" + sorted_any(field.bytes));
    } else {
      fields.push_back(
          sorted_field(field, attributes != nullptr && field.number == attributes->number));
    }
  }
  std::ranges::sort(fields);
  std::string text;
  for (const std::string& field : fields) text += field + "\n";
  return text;
}

std::string written(const Record& record) {
  if (!record.is_changed()) return sorted(record.bytes(), record.context());
  wire::Writer writer;
  write_record(record, &writer);
  return sorted(writer.view(), record.context());
}

std::vector<std::string> split_statements(std::string_view text) {
  std::vector<std::string> statements;
  for (size_t end = text.find(" ;; "); end != std::string_view::npos; end = text.find(" ;; ")) {
    statements.emplace_back(text.substr(0, end));
    text.remove_prefix(end + 4);
  }
  statements.emplace_back(text);
  return statements;
}

struct Golden {
  std::string_view statement;
  bool is_error;
  Context context;
};

// Runs the statements; false when one of them is not supported.
bool check(const Golden& golden, const Parts& before, const Parts& after) {
  Scratch scratch;
  Record resource(Context::kResource, before.resource.view(), before.resource_x.view());
  Record scope(Context::kScope, before.scope.view(), before.scope_x.view());
  Record record(golden.context, before.item.view());
  Map cache;
  Item item;
  item.cache = &cache;
  item.records[static_cast<size_t>(Context::kResource)] = &resource;
  item.records[static_cast<size_t>(Context::kScope)] = &scope;
  item.records[static_cast<size_t>(golden.context)] = &record;
  std::vector<CompiledStatement> statements;
  for (const std::string& text : split_statements(golden.statement)) {
    auto compiled = compile_statement(text, {golden.context, Prefix::kOptional});
    if (!compiled) return false;
    statements.push_back(std::move(*compiled));
  }
  Evaluation evaluation(item, scratch);
  std::string error;
  for (const CompiledStatement& statement : statements) {
    const auto done = evaluation.run(statement);
    if (!done) error = done.error();
    if (!done) break;
  }
  EXPECT_EQ(!error.empty(), golden.is_error) << golden.statement << ": " << error;
  if (golden.is_error) return true;
  EXPECT_EQ(written(record), sorted(after.item.view(), golden.context)) << golden.statement;
  EXPECT_EQ(written(resource), sorted(after.resource.view(), Context::kResource))
      << golden.statement;
  EXPECT_EQ(written(scope), sorted(after.scope.view(), Context::kScope)) << golden.statement;
  return true;
}

// Known differences.
bool is_different(std::string_view statement) {
  for (const std::string_view part : {
           "set(attributes[\"r\"], attributes)",  // there the copy has the new key
           "set(cache[\"c\"], cache)",            // the same
       }) {
    if (!statement.contains(" where ") && statement.contains(part)) return true;
  }
  return false;
}

TEST(EvaluationTest, DoesWhatOtelcolDoes) {
  simdjson::dom::parser parser;
  const simdjson::dom::element file = parser.load(MILLRACE_GOLDEN_DIR "/transform.json").value();
  Requests requests;
  size_t count = 0;
  for (const simdjson::dom::element item : file["cases"].get_array()) {
    const std::string_view context = item["context"];
    if ((context != "span" && context != "log") || std::string_view(item["result"]) == "refused") {
      continue;
    }
    const std::string_view statement = item["statement"];
    if (is_different(statement)) continue;
    const Signal signal = context == "span" ? Signal::kTraces : Signal::kLogs;
    const simdjson::dom::element fixture = file["fixtures"][std::string_view(item["fixture"])];
    simdjson::dom::element output;
    if (item["output"].get(output) != simdjson::SUCCESS) output = fixture;
    const Golden golden{statement, std::string_view(item["result"]) == "error",
                        context == "span" ? Context::kSpan : Context::kLog};
    count += check(golden, requests.read(signal, fixture), requests.read(signal, output)) ? 1 : 0;
  }
  EXPECT_GE(count, 549u);
}

TEST(EvaluationTest, ACycleThroughTheCacheIsBounded) {
  Scratch scratch;
  Record record(Context::kLog, {});
  Map cache;
  Item item;
  item.cache = &cache;
  item.records[static_cast<size_t>(Context::kLog)] = &record;
  const auto statement =
      compile_statement("set(cache[\"a\"], cache)", {Context::kLog, Prefix::kOptional});
  Evaluation evaluation(item, scratch);
  size_t count = 0;
  while (count < 1000 && evaluation.run(*statement)) count++;
  EXPECT_EQ(count, kValueLevelsMax - 1);
}

TEST(EvaluationTest, SubstringDoesNotCutACharacter) {
  Scratch scratch;
  const Item item;
  Evaluation evaluation(item, scratch);
  const auto test = [&](std::string_view text) {
    const auto condition = compile_condition(text, {Context::kLog, Prefix::kOptional});
    return evaluation.test(*condition).value_or(false);
  };
  EXPECT_TRUE(test("Substring(\"a\u00e9\", 1, 2) == \"\u00e9\""));
  EXPECT_FALSE(test("Substring(\"a\u00e9\", 1, 1) != nil"));
}

}  // namespace
}  // namespace millrace::ottl
