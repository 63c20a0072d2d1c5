#include "prometheus/labels.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace millrace::prometheus {
namespace {

class LabelsTest : public ::testing::Test {
 protected:
  LabelsTest() { builder_.begin(MetricKind::kGauge); }

  std::string text() {
    std::string made;
    builder_.append_to(made);
    return made;
  }

  const Namer namer_{Strategy::kUnderscoreEscapingWithSuffixes};
  LabelBuilder builder_{namer_};
};

TEST_F(LabelsTest, AreSortedByName) {
  builder_.add_attribute("2 cents", "a");
  builder_.add_attribute("_n", "b");
  builder_.add_attribute("p (q)", "c");
  EXPECT_EQ(text(), R"(_n="b",key_2_cents="a",p_q_="c")");
}

TEST_F(LabelsTest, WithOneNameAreJoinedInTheOrderOfKeys) {
  builder_.add_attribute("a_b", "2");
  builder_.add_attribute("a.b", "1");
  EXPECT_EQ(text(), R"(a_b="1;2")");
}

TEST_F(LabelsTest, AnEqualValueIsNotRepeated) {
  builder_.add_attribute("a_b", "1");
  builder_.add_attribute("a.b", "1");
  EXPECT_EQ(text(), R"(a_b="1")");
}

TEST_F(LabelsTest, AnEmptyValueIsJoinedToo) {
  builder_.add_attribute("a.b", "");
  builder_.add_attribute("a_b", "2");
  EXPECT_EQ(text(), R"(a_b=";2")");
}

TEST_F(LabelsTest, JobReplacesAnAttribute) {
  builder_.add_attribute("job", "p");
  builder_.set("job", "n/s");
  builder_.set("instance", "i");
  EXPECT_EQ(text(), R"(instance="i",job="n/s")");
}

TEST_F(LabelsTest, DefaultsGiveWayToAll) {
  builder_.set_default("env", "prod");
  builder_.set_default("zone", "a");
  builder_.add_attribute("env", "test");
  EXPECT_EQ(text(), R"(env="test",zone="a")");
}

TEST_F(LabelsTest, AResourceAttributeReplacesThePointsOfTheSameKey) {
  builder_.add_attribute("host.name", "p");
  builder_.add_attribute("host_name", "q");
  builder_.add_resource_attribute("host.name", "h");
  EXPECT_EQ(text(), R"(host_name="h;q")");
}

TEST_F(LabelsTest, ScopeAttributesDoNotRepeatItsFields) {
  builder_.add_scope("lib", "", "");
  EXPECT_TRUE(builder_.add_scope_attribute("version", "x"));
  EXPECT_TRUE(builder_.add_scope_attribute("short.name", "y"));
  EXPECT_EQ(text(), R"(otel_scope_name="lib",otel_scope_schema_url="",otel_scope_short_name="y",)"
                    R"(otel_scope_version="")");
}

TEST_F(LabelsTest, ValuesAreEscaped) {
  builder_.add_attribute("a", "\"\\\n\t\xC3\xA9");
  EXPECT_EQ(text(), "a=\"\\\"\\\\\\n\t\xC3\xA9\"");
}

TEST_F(LabelsTest, RefusesNamesThatPrometheusUses) {
  EXPECT_FALSE(builder_.add_attribute("__name__", "x"));
  EXPECT_FALSE(builder_.add_attribute("...", "x"));
  EXPECT_TRUE(builder_.add_attribute("le", "x"));
  builder_.begin(MetricKind::kHistogram);
  EXPECT_FALSE(builder_.add_attribute("le", "x"));
  EXPECT_TRUE(builder_.add_attribute("quantile", "x"));
  builder_.begin(MetricKind::kSummary);
  EXPECT_FALSE(builder_.add_attribute("quantile", "x"));
  EXPECT_TRUE(builder_.add_attribute("le", "x"));
  EXPECT_EQ(text(), "le=\"x\"");
}

TEST(LabelReaderTest, ReadsWhatTheBuilderMakes) {
  const std::vector<std::pair<std::string, std::string>> labels = {
      {"a", "x,y=\"z\""}, {"b", "\\n\n"}, {"c.d", ","}, {"e\"\\\nf=", "\\"}, {"g", ""}};
  const Namer namer(Strategy::kNoTranslation);
  LabelBuilder builder(namer);
  builder.begin(MetricKind::kGauge);
  for (const auto& [name, value] : labels) EXPECT_TRUE(builder.add_attribute(name, value));
  std::string text;
  builder.append_to(text);
  EXPECT_EQ(text,
            "a=\"x,y=\\\"z\\\"\",b=\"\\\\n\\n\",\"c.d\"=\",\","
            "\"e\\\"\\\\\\nf=\"=\"\\\\\",g=\"\"");
  std::vector<std::pair<std::string, std::string>> read;
  LabelReader reader(text);
  std::string_view name;
  std::string_view value;
  while (reader.next(&name, &value)) read.emplace_back(name, value);
  EXPECT_EQ(read, labels);
}

}  // namespace
}  // namespace millrace::prometheus
