// Functions do what they do in otelcol: recorded cases, and the examples of docs/ottl.md.
#include <gtest/gtest.h>
#include <simdjson.h>

#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "memory/testing/test_work.h"
#include "otlp/json/decode.h"
#include "ottl/compare.h"
#include "ottl/compile.h"
#include "ottl/conversion.h"
#include "ottl/converters.h"
#include "ottl/evaluation.h"
#include "ottl/testing/plain_record.h"

namespace millrace::ottl {
namespace {

struct Outcome {
  std::string refused;
  std::string error;
  std::string attributes;  // JSON
};

std::string to_json(const Value& value) {
  std::string json;
  append_json(value, &json);
  return json;
}

Outcome run_on_log(std::string_view statement, const Value& attributes, Scratch& scratch,
                   Value* after) {
  Outcome outcome;
  auto compiled = compile_statement(statement, {Context::kLog, Prefix::kRequired});
  if (!compiled) {
    outcome.refused = compiled.error().message;
    return outcome;
  }
  const std::string bytes = testing::encode_log(attributes, scratch);
  Record record(Context::kLog, as_span(bytes));
  Map cache;
  Random random(1);
  Item item;
  item.cache = &cache;
  item.random = &random;
  item.records[static_cast<size_t>(Context::kLog)] = &record;
  Evaluation evaluation(item, scratch);
  const auto done = evaluation.run(*compiled);
  if (!done) outcome.error = done.error();
  const std::string_view written = scratch.keep(testing::encode(record));
  *after = Record(Context::kLog, as_span(written)).read(Field::kAttributes, scratch);
  outcome.attributes = to_json(*after);
  return outcome;
}

// Known differences.
bool is_different(std::string_view statement) {
  for (const std::string_view part : {
           "SliceToMap([{\"a\": {",  // the form is not accepted there
       }) {
    if (statement.contains(part)) return true;
  }
  return false;
}

// The names of groups were views of a pattern that ended with the call.
TEST(FunctionsTest, ExtractPatternsKeysOutliveAPatternThatIsNoConstant) {
  Scratch scratch;
  Map* const before = scratch.make_map();
  before->entries.push_back({"text", Value::of_string("a-b")});
  before->entries.push_back(
      {"pattern",
       Value::of_string("(?P<a_name_too_long_to_lie_inside_a_string>[a-z])-(?P<second>.)")});
  Value after;
  const Outcome outcome = run_on_log(
      "set(log.attributes, ExtractPatterns(log.attributes[\"text\"], log.attributes[\"pattern\"]))",
      Value::of_map(before), scratch, &after);
  EXPECT_EQ(outcome.refused + outcome.error, "");
  EXPECT_NE(outcome.attributes.find("\"a_name_too_long_to_lie_inside_a_string\":\"a\""),
            std::string::npos)
      << outcome.attributes;
  EXPECT_NE(outcome.attributes.find("\"second\":\"b\""), std::string::npos);
}

TEST(FunctionsTest, DoWhatTheyDoInOtelcol) {
  simdjson::dom::parser parser;
  const simdjson::dom::element file =
      parser.load(MILLRACE_GOLDEN_DIR "/ottl/functions.json").value();
  size_t count = 0;
  for (const simdjson::dom::element item : file["cases"].get_array()) {
    const std::string_view statement = item["statement"];
    const std::string_view result = item["result"];
    Scratch scratch;
    const Value before =
        testing::to_value(file["records"][std::string_view(item["record"])], scratch);
    Value after;
    const Outcome outcome = run_on_log(statement, before, scratch, &after);
    count++;
    if (is_different(statement)) continue;
    if (result != "ok") {
      // A constant that otelcol refuses at the start may fail here when it runs.
      EXPECT_FALSE(outcome.refused.empty() && outcome.error.empty())
          << statement << " gives " << outcome.attributes;
      continue;
    }
    EXPECT_EQ(outcome.refused + outcome.error, "") << statement;
    const Value expected = testing::to_value(item["attributes"], scratch);
    EXPECT_TRUE(compare(after, expected, Comparison::kEqual))
        << statement << "\n  gives " << outcome.attributes << "\n  not   " << to_json(expected);
  }
  EXPECT_GE(count, 650u);
}

// --- The examples of the page.

class Sink final : public MetricSink {
 public:
  bool add(otlp::MessageBytes metric) override {
    metrics.emplace_back(as_text(metric));
    return true;
  }
  std::vector<std::string> metrics;
};

class Page {
 public:
  Page() {
    std::ifstream file(MILLRACE_DOCS_DIR "/ottl.md");
    for (std::string line; std::getline(file, line);) lines_.push_back(line);
  }
  const std::vector<std::string>& lines() const { return lines_; }

 private:
  std::vector<std::string> lines_;
};

std::string replace_all(std::string text, std::string_view from, std::string_view to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

// The cells of a row that are code, without their quotes.
std::vector<std::string> code_cells(std::string_view row) {
  std::vector<std::string> cells;
  row.remove_prefix(1);
  while (!row.empty()) {
    size_t end = row.find(" | ");
    if (end == std::string_view::npos) end = row.size();
    std::string_view cell = row.substr(0, end);
    row.remove_prefix(std::min(end + 2, row.size()));
    while (cell.starts_with(' ')) cell.remove_prefix(1);
    while (cell.ends_with(' ')) cell.remove_suffix(1);
    if (cell.size() > 1 && cell.starts_with('`') && cell.ends_with('`')) {
      cell = cell.substr(1, cell.size() - 2);
    }
    cells.push_back(replace_all(std::string(cell), "\\|", "|"));
  }
  return cells;
}

TEST(DocumentationTest, ExamplesOfValuesGiveWhatThePageSays) {
  bool of_converters = false;
  size_t count = 0;
  for (const std::string& line : Page().lines()) {
    if (line.starts_with("| statement |")) of_converters = false;
    if (line.starts_with("| converter |")) of_converters = true;
    if (!line.starts_with("| `")) continue;
    const std::vector<std::string> cells = code_cells(line);
    if (cells.size() < 3 || !cells[1].starts_with('{')) continue;
    std::string statement = replace_all(cells[0], "$$", "$");
    if (of_converters) statement = "set(log.attributes[\"r\"], " + statement + ")";
    Scratch scratch;
    simdjson::dom::parser parser;
    const Value before = testing::to_value(parser.parse(cells[1]).value(), scratch);
    Value after;
    const Outcome outcome = run_on_log(statement, before, scratch, &after);
    EXPECT_EQ(outcome.refused + outcome.error, "") << statement;
    Value expected = testing::to_value(parser.parse(cells[2]).value(), scratch);
    if (of_converters) after = find_entry(after, "r").value_or(Value());
    EXPECT_TRUE(compare(after, expected, Comparison::kEqual))
        << statement << "\n  gives " << outcome.attributes << "\n  not   " << to_json(expected);
    count++;
  }
  EXPECT_GE(count, 90u);
}

// The metrics of lines of OTLP/JSON.
Bytes read_metrics(const std::vector<std::string>& lines, otlp::json::Decoder& decoder,
                   ::millrace::testing::TestWork& own) {
  std::string json = R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[)";
  for (size_t i = 0; i < lines.size(); i++) json += (i > 0 ? "," : "") + lines[i];
  const auto bytes =
      decoder.decode_request(Signal::kMetrics, Bytes::copy_of(json + "]}]}]}"), own.work, 1 << 20);
  EXPECT_TRUE(bytes.has_value());
  return bytes ? *bytes : Bytes();
}

std::vector<std::string> metrics_of(const Bytes& request) {
  std::vector<std::string> metrics;
  const Rope rope(request);
  otlp::ResourceReader resources(rope);
  otlp::ResourceView resource;
  otlp::ScopeView scope;
  if (!resources.next(&resource) || !otlp::ScopeReader(resource).next(&scope)) return metrics;
  otlp::MessageReader reader(scope.bytes.view(), otlp::kScopeItems);
  for (otlp::MessageBytes metric; reader.next(&metric);) metrics.emplace_back(as_text(metric));
  return metrics;
}

// All fields in an order of their own, and messages in them too.
std::string canonical(std::string_view message) {
  std::vector<std::string> fields;
  wire::FieldReader reader(as_span(message));
  for (wire::Field field; reader.next(&field);) {
    const std::string number = std::to_string(field.number) + ":";
    if (field.type != wire::WireType::kLen) {
      fields.push_back(number + std::to_string(field.value));
      continue;
    }
    wire::FieldReader inside(field.bytes);
    wire::Field ignored;
    bool is_message = !field.bytes.empty();
    while (inside.next(&ignored)) {
    }
    is_message = is_message && inside.ok();
    fields.push_back(
        number + (is_message ? "{" + canonical(field.text()) + "}" : std::string(field.text())));
  }
  std::ranges::sort(fields);
  std::string text;
  for (const std::string& field : fields) text += field + ";";
  return text;
}

std::vector<std::string> run_on_metric(const std::string& statement, std::string_view metric) {
  const bool of_points = statement.starts_with("convert_summary_count") ||
                         statement.starts_with("convert_summary_sum") ||
                         statement.starts_with("merge_histogram");
  const Context context = of_points ? Context::kDataPoint : Context::kMetric;
  auto compiled = compile_statement(statement, {context, Prefix::kOptional});
  EXPECT_TRUE(compiled.has_value()) << statement;
  if (!compiled) return {};
  const auto view = otlp::MetricView::read(Bytes::copy_of(metric));
  Scratch scratch;
  Sink sink;
  Map cache;
  Random random(1);
  Record record(Context::kMetric, as_span(metric), {}, view.type);
  Item item;
  item.cache = &cache;
  item.random = &random;
  item.added_metrics = &sink;
  item.records[static_cast<size_t>(Context::kMetric)] = &record;
  Record point;
  if (of_points) {
    otlp::MessageBytes bytes;
    otlp::MessageReader(view.data.view(), otlp::kDataPoints).next(&bytes);
    point = Record(Context::kDataPoint, bytes, {}, view.type);
    item.records[static_cast<size_t>(Context::kDataPoint)] = &point;
  }
  Evaluation evaluation(item, scratch);
  const auto done = evaluation.run(*compiled);
  EXPECT_TRUE(done.has_value()) << statement;
  if (point.is_changed()) {
    wire::Writer points;
    points.bytes_field(otlp::kDataPoints, as_span(testing::encode(point)));
    Value messages = record.read(Field::kDataPoints, scratch);
    messages.wire = as_span(scratch.keep(points.to_string()));
    EXPECT_FALSE(record.write(Field::kDataPoints, messages, scratch));
  }
  std::vector<std::string> metrics = {canonical(testing::encode(record))};
  for (const std::string& added : sink.metrics) metrics.push_back(canonical(added));
  return metrics;
}

TEST(DocumentationTest, ExamplesOfMetricsGiveWhatThePageSays) {
  ::millrace::testing::TestWork own;
  otlp::json::Decoder decoder;
  const std::vector<std::string> lines = Page().lines();
  size_t count = 0;
  for (size_t i = 0; i < lines.size(); i++) {
    if (lines[i] != "```ottl") continue;
    const std::string statement = lines[i + 1];
    const std::vector<std::string> before = metrics_of(read_metrics({lines[i + 2]}, decoder, own));
    std::vector<std::string> after;
    for (i += 3; lines[i] != "```"; i++) after.push_back(lines[i]);
    std::vector<std::string> expected;
    for (const std::string& metric : metrics_of(read_metrics(after, decoder, own))) {
      expected.push_back(canonical(metric));
    }
    EXPECT_EQ(run_on_metric(statement, before.at(0)), expected) << statement;
    count++;
  }
  EXPECT_GE(count, 14u);
}

// The name of every function that runs stands on the page.
TEST(DocumentationTest, EveryFunctionThatRunsHasAPlace) {
  std::string page;
  for (const std::string& line : Page().lines()) page += line + "\n";
  for (const FunctionRule& rule : all_functions()) {
    if (find_converter(rule.function) == nullptr && find_editor(rule.function) == nullptr) continue;
    const std::string name(rule.name);
    EXPECT_TRUE(page.contains(name + "(") || page.contains("`" + name + "`")) << name;
  }
}

}  // namespace
}  // namespace millrace::ottl
