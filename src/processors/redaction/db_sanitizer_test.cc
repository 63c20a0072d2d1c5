// The rest is in tests/golden/processors/redaction_queries.json, as otelcol does it.
#include "processors/redaction/db_sanitizer.h"

#include <gtest/gtest.h>

#include <string>

#include "memory/testing/test_work.h"
#include "processors/redaction/json_mask.h"
#include "processors/redaction/redis_mask.h"
#include "processors/redaction/sql_mask.h"

namespace millrace::processors::redaction {
namespace {

std::string sql(std::string_view text, SqlDialect dialect = SqlDialect::kAnsi) {
  testing::TestWork own;
  ReservedText out(own.work, "masking");
  mask_sql(text, dialect, out);
  return std::string(out.view());
}
std::string redis(std::string_view text) {
  testing::TestWork own;
  ReservedText out(own.work, "masking");
  mask_redis(text, out);
  return std::string(out.view());
}
std::string json(std::string_view text) {
  testing::TestWork own;
  ReservedText out(own.work, "masking");
  return mask_json(text, out) ? std::string(out.view()) : "no JSON";
}

TEST(SqlMaskTest, LiteralsBecomeQuestionMarks) {
  EXPECT_EQ(sql(" SELECT a1 FROM t WHERE b = 'x''y' AND c IN (1, -2.5e3) "),
            "SELECT a? FROM t WHERE b = ?? AND c IN (?, ?)");
  EXPECT_EQ(sql("a IS NULL OR true"), "a IS ? OR ?");
}

TEST(SqlMaskTest, AStringWithoutItsEndIsMaskedToTheEnd) {
  EXPECT_EQ(sql("a = 'secret 1"), "a = ?");
  EXPECT_EQ(sql("a = 'secret\\"), "a = ?");
}

TEST(SqlMaskTest, DoubleQuotesAreStringsInMySql) {
  EXPECT_EQ(sql("a = \"x1\" # 5"), "a = \"x?\" # ?");
  EXPECT_EQ(sql("a = \"x1\" # 5", SqlDialect::kMySql), "a = ? # 5");
}

TEST(RedisMaskTest, OnlyValuesAreMasked) {
  EXPECT_EQ(redis("SET k \"a b\" EX 10\nget k\nAUTH u p"), "SET k ? EX 10\nget k\nAUTH ?");
  EXPECT_EQ(redis("mset a 1 b 2"), "mset a ? b ?");
}

TEST(JsonMaskTest, KeysAndStructureStay) {
  EXPECT_EQ(json(R"( {"a": [1, "x", {"b": null}], "c": {}} )"),
            R"({"a":["?","?",{"b":"?"}],"c":{}} )");
  for (const char* text : {"", "{", "{\"a\"}", "[1,]", "1 2", "\"\\x\"", "01", "nul"}) {
    EXPECT_EQ(json(text), "no JSON") << text;
  }
}

TEST(JsonMaskTest, LevelsAreBounded) {
  const auto nested = [](size_t levels) {
    return std::string(levels, '[') + std::string(levels, ']');
  };
  EXPECT_EQ(json(nested(10'000)), nested(10'000));
  EXPECT_EQ(json(nested(10'001)), "no JSON");
}

TEST(DbSanitizerTest, AQueryWithoutASystemIsMaskedInLogsOnly) {
  DbSanitizerOptions options;
  options.languages[0] = {.is_enabled = true, .attributes = {"q"}};
  testing::TestWork own;
  DbSanitizer sanitizer(options, own.work);
  EXPECT_EQ(sanitizer.of_attribute("q", "a = 1", "", true), "a = ?");
  EXPECT_EQ(sanitizer.of_attribute("q", "a = 1", "", false), std::nullopt);
  EXPECT_EQ(sanitizer.of_attribute("q", "a = 1", "MySQL", false), "a = ?");
  EXPECT_EQ(sanitizer.of_attribute("q", "a = \"x\"", "mysql", false), "a = ?");
  EXPECT_EQ(sanitizer.of_attribute("q", "a = 1", "redis", true), std::nullopt);
  EXPECT_EQ(sanitizer.of_attribute("other", "a = 1", "mysql", true), std::nullopt);
}

TEST(DbSanitizerTest, WithoutMemoryItFails) {
  DbSanitizerOptions options;
  options.languages[0] = {.is_enabled = true, .attributes = {"q"}};
  testing::TestWork own(64 << 10);
  DbSanitizer sanitizer(options, own.work);
  static_cast<void>(sanitizer.of_body(std::string(1 << 20, 'a')));
  EXPECT_TRUE(sanitizer.failure());
}

}  // namespace
}  // namespace millrace::processors::redaction
