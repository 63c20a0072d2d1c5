// Values that statements make are bounded and valid.
#include "ottl/evaluation.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <deque>
#include <string>
#include <vector>

#include "ottl/compile.h"
#include "ottl/testing/plain_record.h"

namespace millrace::ottl {
namespace {

// Runs statements on one log record whose attributes are given.
class OnLog {
 public:
  explicit OnLog(std::string_view attributes_json) {
    simdjson::dom::parser parser;
    bytes_ = testing::encode_log(
        testing::to_value(parser.parse(std::string(attributes_json)).value(), made_), made_);
    record_ = Record(Context::kLog, as_span(bytes_));
    item_.cache = &cache_;
    item_.records[static_cast<size_t>(Context::kLog)] = &record_;
  }

  // The error, or "".
  std::string run(std::string_view text) {
    auto statement = compile_statement(text, {Context::kLog, Prefix::kOptional});
    if (!statement) return statement.error().message;
    statements_.push_back(std::move(*statement));
    Evaluation evaluation(item_, scratch_);
    const auto done = evaluation.run(statements_.back());
    return done ? "" : done.error();
  }
  bool is_changed() const { return record_.is_changed(); }
  Value attributes() { return record_.read(Field::kAttributes, scratch_); }
  std::string written() const { return testing::encode(record_); }

 private:
  Scratch made_;
  Scratch scratch_;
  std::string bytes_;
  Record record_;
  Map cache_;
  Item item_;
  std::deque<CompiledStatement> statements_;
};

TEST(EvaluationTest, DeepJsonIsRefused) {
  const std::string deep = std::string(200, '[') + std::string(200, ']');
  OnLog log(R"({"a": ")" + deep + R"("})");
  EXPECT_NE(log.run("set(attributes[\"r\"], ParseJSON(attributes[\"a\"]))"), "");
  EXPECT_FALSE(log.is_changed());
}

TEST(EvaluationTest, AListThatGrowsWithoutEndIsBounded) {
  OnLog log(R"({"l": ["x"]})");
  size_t count = 0;
  // Each time the list has as many elements as before and itself.
  while (count < 1000 && log.run("append(attributes[\"l\"], attributes[\"l\"])").empty()) count++;
  EXPECT_LT(count, kValueLevelsMax);
}

TEST(EvaluationTest, ATextThatDoublesWithoutEndIsBounded) {
  OnLog log(R"({"t": "0123456789"})");
  size_t count = 0;
  while (count < 1000 &&
         log.run("replace_pattern(attributes[\"t\"], \"^.*$\", \"$0$0$0$0\")").empty()) {
    count++;
  }
  EXPECT_LT(count, 12u);
  // A statement that fails changes nothing.
  EXPECT_EQ(find_entry(log.attributes(), "t")->text.size(), 10u << (2 * count));
}

TEST(EvaluationTest, AnEmptyPatternOnALongTextIsBounded) {
  OnLog log(R"({"t": ")" + std::string(1 << 20, 'x') + R"("})");
  EXPECT_NE(log.run("replace_pattern(attributes[\"t\"], \"\", \"" + std::string(1000, 'y') + "\")"),
            "");
  EXPECT_FALSE(log.is_changed());
}

TEST(EvaluationTest, ManyKeysAreMergedInLinearTime) {
  std::string json = "{";
  for (size_t i = 0; i < 40'000; i++) {
    json += (i > 0 ? ",\"k" : "\"k") + std::to_string(i) + "\":1";
  }
  OnLog log(json + "}");
  EXPECT_EQ(log.run("set(cache[\"c\"], attributes) where Len(attributes) == 40000"), "");
  EXPECT_EQ(log.run("replace_all_patterns(attributes, \"key\", \"^k\", \"n\")"), "");
  EXPECT_EQ(count_entries(log.attributes()), 40'000u);
}

TEST(EvaluationTest, LinksAreNoEvents) {
  Scratch scratch;
  Record span(Context::kSpan, {});
  Map cache;
  Item item;
  item.cache = &cache;
  item.records[static_cast<size_t>(Context::kSpan)] = &span;
  Evaluation evaluation(item, scratch);
  const auto statement =
      compile_statement("set(events, links)", {Context::kSpan, Prefix::kOptional});
  EXPECT_FALSE(evaluation.run(*statement).has_value());
  EXPECT_FALSE(span.is_changed());
}

TEST(EvaluationTest, PartsOfBucketsAreWrittenWithTheirWhole) {
  Scratch scratch;
  Record point(Context::kDataPoint, {}, {}, otlp::MetricType::kExponentialHistogram);
  List counts;
  counts.elements = {Value::of_int(3), Value::of_int(4)};
  EXPECT_FALSE(point.write(Field::kPositiveOffset, Value::of_int(-2), scratch));
  EXPECT_FALSE(point.write(Field::kPositiveBucketCounts, Value::of_list(&counts), scratch));
  EXPECT_FALSE(point.write(Field::kNegative, point.read(Field::kPositive, scratch), scratch));
  EXPECT_FALSE(point.write(Field::kNegativeOffset, Value::of_int(5), scratch));
  const std::string bytes = testing::encode(point);
  const auto view =
      otlp::DataPointView::read(otlp::MetricType::kExponentialHistogram, as_span(bytes));
  EXPECT_EQ(view.positive.offset, -2);
  EXPECT_EQ(view.positive.bucket_counts, (std::vector<uint64_t>{3, 4}));
  EXPECT_EQ(view.negative.offset, 5);
  EXPECT_EQ(view.negative.bucket_counts, (std::vector<uint64_t>{3, 4}));
}

TEST(EvaluationTest, AMapWithTooManyKeysIsNotCopied) {
  std::string json = R"({"m": {"k0":1)";
  for (size_t i = 1; i < 200'000; i++) json += ",\"k" + std::to_string(i) + "\":1";
  OnLog log(json + "}}");
  EXPECT_NE(log.run("limit(attributes[\"m\"], 1, [\"k0\"])"), "");
}

TEST(EvaluationTest, AWrongTypeIsNamedAndSoIsNil) {
  Scratch scratch;
  Record record(Context::kLog, {});
  EXPECT_EQ(record.write(Field::kSeverityText, Value::of_int(1), scratch),
            "expected string, found int");
  EXPECT_EQ(record.write(Field::kSeverityText, Value(), scratch), "the path cannot be set to nil");
  EXPECT_FALSE(record.is_changed());
}

TEST(EvaluationTest, ASpanOfRpcIsNamedByWhatIsKnown) {
  const std::pair<std::string_view, std::string_view> kCases[] = {
      {R"({"rpc.system": "grpc"})", "grpc"},
      {R"({"rpc.system": "grpc", "rpc.method": "Get"})", "Get"},
      {R"({"rpc.system": "grpc", "rpc.service": "Shop"})", "Shop/*"},
      {R"({"rpc.system": "grpc", "rpc.service": "Shop", "rpc.method": "Get"})", "Shop/Get"},
      {R"({"rpc.service": "Shop"})", ""},
  };
  const auto statement =
      compile_statement("set_semconv_span_name(\"1.37.0\")", {Context::kSpan, Prefix::kOptional});
  ASSERT_TRUE(statement.has_value()) << statement.error().message;
  for (const auto& [attributes, expected] : kCases) {
    Scratch scratch;
    simdjson::dom::parser parser;
    Record span(Context::kSpan, {});
    const Value given = testing::to_value(parser.parse(std::string(attributes)).value(), scratch);
    EXPECT_FALSE(span.write(Field::kAttributes, given, scratch));
    EXPECT_FALSE(span.write(Field::kKind, Value::of_int(2), scratch));
    Item item;
    item.records[static_cast<size_t>(Context::kSpan)] = &span;
    Evaluation evaluation(item, scratch);
    EXPECT_TRUE(evaluation.run(*statement).has_value());
    EXPECT_EQ(span.read(Field::kName, scratch).text, expected) << attributes;
  }
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
