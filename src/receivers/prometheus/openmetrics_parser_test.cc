#include "receivers/prometheus/openmetrics_parser.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "receivers/prometheus/testing.h"

namespace millrace::receivers::prometheus {
namespace {

std::string parse(std::string_view body) { return parse_text(Format::kOpenMetrics, body); }

TEST(OpenMetricsParserTest, LinesAreWhatTheySay) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"# EOF\n", ""},
      {"# EOF", ""},
      {"# TYPE a_seconds counter\n# UNIT a_seconds seconds\n# HELP a_seconds b \\\"c\\n\n"
       "a_seconds_total{d=\"e\"} 1.0 2.5 # {trace_id=\"f\"} 0.5 1.25\na_seconds_created 7\n# EOF\n",
       "type a_seconds counter\nunit a_seconds seconds\nhelp a_seconds b \"c\n\n"
       "sample __name__=\"a_seconds_total\" d=\"e\" = 1 @2500 # trace_id=\"f\" = 0.5 @1250\n"
       "sample __name__=\"a_seconds_created\" = 7\n"},
      {"a{b=\"c\",} 1 # {} 2\n# EOF\n", "sample __name__=\"a\" b=\"c\" = 1 # = 2\n"},
      {"# TYPE a stateset\n{\"a.b\"} 1\n# EOF\n", "type a stateset\nsample __name__=\"a.b\" = 1\n"},
  };
  for (const auto& [body, shown] : cases) EXPECT_EQ(parse(body), shown) << body;
}

TEST(OpenMetricsParserTest, MistakesEndTheParsingAndAreNamed) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", "does not end with"},
      {"a 1\n", "does not end with"},
      {"# EOF\na 1\n", "behind \"# EOF\""},
      {"# EOF\n\n", "behind \"# EOF\""},
      {"\n# EOF\n", "expected the name"},
      {"# a comment\n# EOF\n", "expected HELP, TYPE, UNIT or EOF"},
      {"a  1\n# EOF\n", "expected a value"},
      {"a{b=\"c\"}1\n# EOF\n", "expected a blank"},
      {"a{b=\"c\" d=\"e\"} 1\n# EOF\n", "expected ',' or '}'"},
      {"a 1 x\n# EOF\n", "expected a time"},
      {"a 1 NaN\n# EOF\n", "expected a time"},
      {"a 1 2 3\n# EOF\n", "expected an exemplar"},
      {"a 1 # {b=\"c\"}\n# EOF\n", "value of the exemplar"},
      {"# TYPE a untyped\n# EOF\n", "an unknown type"},
      {"# UNIT a seconds\n# EOF\n", "does not end with the unit"},
      {"# HELP a\n# EOF\n", "expected a blank"},
  };
  for (const auto& [body, message] : cases) {
    const std::string shown = parse(body);
    EXPECT_TRUE(shown.contains("error: ")) << body;
    EXPECT_TRUE(shown.contains(message)) << body << ": " << shown;
  }
}

TEST(OpenMetricsParserTest, PiecesOfAnySizeGiveTheSame) {
  const std::string_view body =
      "# TYPE a counter\na_total{b=\"c\"} 1 # {d=\"e\"} 2 3\n# HELP a x\n# EOF\n";
  const std::string whole = parse(body);
  EXPECT_FALSE(whole.contains("error"));
  for (size_t size = 1; size < body.size(); ++size) {
    EXPECT_EQ(parse_text(Format::kOpenMetrics, body, size), whole) << size;
  }
}

}  // namespace
}  // namespace millrace::receivers::prometheus
