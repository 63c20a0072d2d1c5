#include "receivers/prometheus/target.h"

#include <gtest/gtest.h>

#include <string>

#include "receivers/prometheus/target_groups.h"

namespace millrace::receivers::prometheus {
namespace {

ScrapeOptions options_of_job() {
  ScrapeOptions options;
  options.job_name = "j";
  options.params = {{"module", {"a b", "c"}}};
  return options;
}

TEST(TargetTest, LabelsAndUrlComeFromTheConfiguration) {
  const auto made = make_target(options_of_job(), {{"env", "e"}, {"own", "group"}},
                                {{"__address__", "h:1"}, {"own", "target"}});
  ASSERT_TRUE(made && *made);
  EXPECT_EQ((*made)->labels,
            (LabelList{{"env", "e"}, {"instance", "h:1"}, {"job", "j"}, {"own", "target"}}));
  EXPECT_EQ((*made)->url.host, "h");
  EXPECT_EQ((*made)->url.port, 1);
  EXPECT_EQ((*made)->url.path, "/metrics?module=a+b&module=c");
  EXPECT_EQ((*made)->url_text(), "http://h:1/metrics");
}

// As the blackbox exporter is used.
TEST(TargetTest, RelabellingMovesTheAddressToAParameter) {
  ScrapeOptions options = options_of_job();
  const auto add = [&](RelabelOptions rule) {
    options.relabel.push_back(*RelabelRule::make(std::move(rule)));
  };
  add({.source_labels = {"__address__"}, .target_label = "__param_target"});
  add({.source_labels = {"__param_target"}, .target_label = "instance"});
  add({.target_label = "__address__", .replacement = "blackbox:9115"});
  const auto made = make_target(options, {}, {{"__address__", "https.example"}});
  ASSERT_TRUE(made && *made);
  EXPECT_EQ((*made)->url.host, "blackbox");
  EXPECT_EQ((*made)->url.path, "/metrics?module=a+b&module=c&target=https.example");
  EXPECT_EQ((*made)->labels, (LabelList{{"instance", "https.example"}, {"job", "j"}}));
}

TEST(TargetTest, WhatIsNoTargetIsAnErrorAndWhatIsDroppedIsNone) {
  ScrapeOptions options = options_of_job();
  EXPECT_EQ(make_target(options, {}, {{"a", "b"}}).error().message, "no address");
  EXPECT_FALSE(make_target(options, {}, {{"__address__", "http://h:1"}}));
  EXPECT_FALSE(make_target(options, {{"__scrape_timeout__", "1h"}}, {{"__address__", "h:1"}}));
  EXPECT_FALSE(make_target(options, {{"__scheme__", "ftp"}}, {{"__address__", "h:1"}}));
  options.relabel.push_back(*RelabelRule::make({.action = RelabelAction::kDrop}));
  const auto dropped = make_target(options, {}, {{"__address__", "h:1"}});
  ASSERT_TRUE(dropped);
  EXPECT_FALSE(*dropped);
}

TEST(TargetTest, TargetsAreSpreadAndKeepTheirPlaceInTheInterval) {
  const ScrapeOptions options = options_of_job();
  Duration least = 1min;
  Duration most = 0s;
  for (int i = 0; i < 100; ++i) {
    const Target target =
        **make_target(options, {}, {{"__address__", "h" + std::to_string(i) + ":1"}});
    const Duration wait = time_to_next_scrape(target, WallTime(1000s));
    EXPECT_GT(wait, 0s);
    EXPECT_LE(wait, 1min);
    EXPECT_EQ(time_to_next_scrape(target, WallTime(1000s + wait)), 1min);
    least = std::min(least, wait);
    most = std::max(most, wait);
  }
  EXPECT_LT(least, 10s);
  EXPECT_GT(most, 50s);
}

TEST(TargetTest, TheOwnMachineHasNoAddress) {
  EXPECT_EQ(resource_attributes("j", "localhost:8888", false),
            (LabelList{{"service.name", "j"},
                       {"service.instance.id", "localhost:8888"},
                       {"server.port", "8888"},
                       {"url.scheme", "http"}}));
  EXPECT_EQ(resource_attributes("j", "[2001:db8::1]:9", true)[1].second, "2001:db8::1");
}

TEST(TargetGroupsTest, JsonAndYamlAreRead) {
  const auto json =
      parse_json_groups(R"([{"targets": ["a:1", "b:2"], "labels": {"x": "y"}}, {"targets": []}])");
  ASSERT_TRUE(json);
  ASSERT_EQ(json->size(), 2u);
  EXPECT_EQ((*json)[0].targets.size(), 2u);
  EXPECT_EQ((*json)[0].labels, (LabelList{{"x", "y"}}));
  const auto yaml = parse_yaml_groups("- targets: ['a:1']\n  labels: {x: y}\n", "f.yml");
  ASSERT_TRUE(yaml);
  EXPECT_EQ((*yaml)[0].targets, (std::vector<LabelList>{{{"__address__", "a:1"}}}));
  for (const char* bad : {"{}", "[1]", "[{\"targets\": 1}]", "[{\"targets\": [1]}]", "x", ""}) {
    EXPECT_FALSE(parse_json_groups(bad)) << bad;
  }
  for (const char* bad : {"a: b", "- 1", "- {targets: 1}", "- {target: [a]}", "[a"}) {
    EXPECT_FALSE(parse_yaml_groups(bad, "f.yml")) << bad;
  }
}

}  // namespace
}  // namespace millrace::receivers::prometheus
