#include "receivers/prometheus/text_parser.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "receivers/prometheus/testing.h"

namespace millrace::receivers::prometheus {
namespace {

std::string parse(std::string_view body) { return parse_text(Format::kText, body); }

TEST(TextParserTest, LinesAreWhatTheySay) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"a 1\n", "sample __name__=\"a\" = 1\n"},
      {"a 1", "sample __name__=\"a\" = 1\n"},
      {"  a\t1 \n\n \n", "sample __name__=\"a\" = 1\n"},
      {"a{} 1\n", "sample __name__=\"a\" = 1\n"},
      {"a{b=\"c\",} 1 123\n", "sample __name__=\"a\" b=\"c\" = 1 @123\n"},
      {"a { b = \"c\" , d=\"\" } 1\n", "sample __name__=\"a\" b=\"c\" d=\"\" = 1\n"},
      {"a{b=\"\\\\ \\\" \\n \\x\"} 1\n", "sample __name__=\"a\" b=\"\\ \" \n \\x\" = 1\n"},
      {"{\"a.b\",\"c.d\"=\"e\"} 1\n", "sample __name__=\"a.b\" c.d=\"e\" = 1\n"},
      {"a +Inf\na -inf\na nan\n",
       "sample __name__=\"a\" = inf\nsample __name__=\"a\" = -inf\nsample __name__=\"a\" = NaN\n"},
      {"a 1e-400\n", "sample __name__=\"a\" = 0\n"},
      {"# HELP a b \\\\ c\\nd\n", "help a b \\ c\nd\n"},
      {"# TYPE a untyped\n", "type a unknown\n"},
      {"# a comment\n#another\n# HELPLESS\n", ""},
      {"# TYPE a histogram\na_bucket{le=\"1\"} 2\na_bucket{le=\"1e6\"} 2\n",
       "type a histogram\nsample __name__=\"a_bucket\" le=\"1.0\" = 2\n"
       "sample __name__=\"a_bucket\" le=\"1e+06\" = 2\n"},
  };
  for (const auto& [body, shown] : cases) EXPECT_EQ(parse(body), shown) << body;
}

TEST(TextParserTest, MistakesEndTheParsingAndAreNamed) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"<html>\n", "expected the name of a metric at byte 0 of the line \"<html>\""},
      {"a\n", "expected a value"},
      {"a 1 x\n", "expected a time in milliseconds"},
      {"a 1 -5\n", "expected a time in milliseconds"},
      {"a 1 2 3\n", "expected the end of the line"},
      {"a 0x1p-2\n", "expected a value"},
      {"a 1_000\n", "expected a value"},
      {"a 1e400\n", "expected a value"},
      {"a{b} 1\n", "expected '='"},
      {"a{b=c} 1\n", "in quotes"},
      {"a{b=\"c} 1\n", "in quotes"},
      {"a{b=\"c\"\n", "without a closing"},
      {"a{b=\"\xff\"} 1\n", "not UTF-8"},
      {"{\"a\",\"b\"} 1\n", "a second name"},
      {"{b=\"c\"} 1\n", "without the name"},
      {"# TYPE a rate\n", "expected counter"},
      {"# HELP \n", "expected the name"},
      {"# HELP a \xff\n", "not UTF-8"},
  };
  for (const auto& [body, message] : cases) {
    const std::string shown = parse(body);
    EXPECT_TRUE(shown.contains("error: ")) << body;
    EXPECT_TRUE(shown.contains(message)) << body << ": " << shown;
  }
}

TEST(TextParserTest, PiecesOfAnySizeGiveTheSame) {
  const std::string_view body =
      "# HELP a text of\n# TYPE a counter\na{b=\"c\\n\"} 1 7\n\na{b=\"d\"} 2\nb 3";
  const std::string whole = parse(body);
  for (size_t size = 1; size < body.size(); ++size) {
    EXPECT_EQ(parse_text(Format::kText, body, size), whole) << size;
  }
}

TEST(TextParserTest, ALineOfMoreThanAMebibyteIsAnErrorAndNotKept) {
  WritingSink sink;
  TextParser parser(sink);
  const std::string piece(64 << 10, 'x');
  Status status = parser.feed("# HELP a ");
  size_t fed = 0;
  for (; status && fed < 100; ++fed) status = parser.feed(piece);
  EXPECT_EQ(status.error().code, Code::kResourceExhausted);
  EXPECT_EQ(fed, 16u);
}

}  // namespace
}  // namespace millrace::receivers::prometheus
