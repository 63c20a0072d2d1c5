// The parsers and relabelling against Prometheus's own, as tests/golden/scrape records them.
#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "receivers/prometheus/relabel.h"
#include "receivers/prometheus/relabel_options.h"
#include "receivers/prometheus/testing.h"
#include "yaml/parse.h"

namespace millrace::receivers::prometheus {
namespace {

using simdjson::dom::element;

class GoldenTest : public ::testing::Test {
 protected:
  simdjson::dom::array cases_of(const std::string& name) {
    std::ostringstream text;
    text << std::ifstream(MILLRACE_GOLDEN_DIR "/" + name, std::ios::binary).rdbuf();
    text_ = simdjson::padded_string(text.str());
    return parser_.parse(text_)["cases"].get_array();
  }

  // Why the result may differ from Prometheus's: empty where it may not.
  static std::string deviation_of(std::string_view body, std::string_view shown) {
    if (shown.contains("__name__=\" ") || shown.contains("__name__=\"\t")) {
      return "blanks in front of a name are no part of it here";
    }
    bool is_quoted = false;
    for (size_t i = 0; i < body.size(); ++i) {
      if (body[i] == '\\')
        ++i;
      else if (body[i] == '"')
        is_quoted = !is_quoted;
      else if (body[i] == '\n' && is_quoted)
        return "a line end in a quoted text is an error here";
    }
    return "";
  }

  void compare(const std::string& name, Format format) {
    size_t count = 0;
    size_t deviations = 0;
    for (const element one : cases_of(name)) {
      const std::string_view body = one["body"];
      const std::string_view shown = one["shown"];
      std::string own = parse_text(format, body);
      if (own.contains("error: ")) own = "error";
      ++count;
      if (own == shown) continue;
      ++deviations;
      EXPECT_NE(deviation_of(body, shown), "") << body << "\nPrometheus:\n"
                                               << shown << "\nhere:\n"
                                               << own;
    }
    EXPECT_GT(count, 1000u);
    EXPECT_LT(deviations, count / 10);
  }

  simdjson::dom::parser parser_;
  simdjson::padded_string text_;
};

TEST_F(GoldenTest, TextIsReadAsPrometheusReadsIt) { compare("text.json", Format::kText); }
TEST_F(GoldenTest, OpenMetricsIsReadAsPrometheusReadsIt) {
  compare("openmetrics.json", Format::kOpenMetrics);
}

std::string text_of(simdjson::dom::object labels) {
  std::vector<std::string> parts;
  for (const auto member : labels) {
    parts.push_back(std::string(member.key) + "=" + std::string(std::string_view(member.value)));
  }
  std::ranges::sort(parts);
  std::string text;
  for (const std::string& part : parts) text += part + "\n";
  return text;
}

TEST_F(GoldenTest, LabelsAreRewrittenAsPrometheusRewritesThem) {
  size_t count = 0;
  for (const element one : cases_of("relabel.json")) {
    ++count;
    const std::string rule = simdjson::to_string(one["rule"]);
    const auto root = yaml::parse("rules: [" + rule + "]", "rule");
    ASSERT_TRUE(root) << root.error().message;
    config::Diagnostics diagnostics;
    config::Section section(*root, diagnostics, "r");
    const std::vector<RelabelRule> rules = read_relabel_rules(section, "rules");
    bool is_refused = false;
    static_cast<void>(one["refused"].get(is_refused));
    EXPECT_EQ(diagnostics.has_errors(), is_refused) << rule << diagnostics.to_text();
    if (is_refused || diagnostics.has_errors()) continue;
    LabelSet labels;
    for (const auto member : simdjson::dom::object(one["labels"])) {
      labels.set(member.key, std::string_view(member.value));
    }
    const bool is_kept = relabel(rules, labels) == RelabelRule::Outcome::kKept;
    simdjson::dom::object output;
    const bool is_kept_there = one["output"].get(output) == simdjson::SUCCESS;
    EXPECT_EQ(is_kept, is_kept_there) << simdjson::to_string(one);
    if (!is_kept || !is_kept_there) continue;
    labels.sort();
    std::string own;
    for (const Label& label : labels.all()) {
      own += std::string(label.name) + "=" + std::string(label.value) + "\n";
    }
    EXPECT_EQ(own, text_of(output)) << simdjson::to_string(one);
  }
  EXPECT_GT(count, 1000u);
}

}  // namespace
}  // namespace millrace::receivers::prometheus
