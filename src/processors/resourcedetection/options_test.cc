#include "processors/resourcedetection/options.h"

#include <gtest/gtest.h>

#include <string>

#include "config/testing/read_section.h"
#include "processors/resourcedetection/detector.h"

namespace millrace::processors::resourcedetection {
namespace {

std::string read(std::string_view text, Options& into) {
  return testing::read_section(text, "processors::resource_detection",
                               [&](config::Section& section) { read_options(section, into); })
      .to_text();
}

TEST(OptionsTest, DefaultsAreOtelcols) {
  Options options;
  EXPECT_EQ(read("", options), "");
  ASSERT_EQ(options.detectors.size(), 1u);
  EXPECT_EQ(options.detectors[0].detector->name, "env");
  EXPECT_TRUE(options.override);
  EXPECT_EQ(options.timeout, 5s);
  EXPECT_EQ(options.refresh_interval, 0s);
  EXPECT_TRUE(options.retry.enabled);
  EXPECT_EQ(options.retry.initial_interval, 1s);
  EXPECT_EQ(options.start_limit(), 5s);
}

TEST(OptionsTest, EveryKeyIsRead) {
  Options options;
  const std::string found = read(
      "detectors: [' env ', system, ec2, eks, gcp, azure, k8s_api]\n"
      "override: false\ntimeout: 2s\nrefresh_interval: 1h\nfail_on_missing_metadata: true\n"
      "retry: {enabled: true, initial_interval: 2s, max_interval: 9s, max_elapsed_time: 1m, "
      "multiplier: 3, randomization_factor: 0}\n"
      "system: {hostname_sources: [cname, lookup], resource_attributes: {host.id: {enabled: true}, "
      "os.type: {enabled: false}}}\n"
      "ec2: {tags: ['^t'], tags_from_imds: true, max_attempts: 5, fail_on_missing_metadata: true}\n"
      "eks: {node_from_env_var: NODE, resource_attributes: {host.id: {enabled: true}}}\n"
      "gcp: {labels: [x]}\nazure: {tags: [x, y]}\n"
      "k8s_api: {auth_type: none, node_from_env_var: MY_NODE}\n",
      options);
  EXPECT_EQ(found, "");
  ASSERT_EQ(options.detectors.size(), 7u);
  EXPECT_FALSE(options.override);
  EXPECT_EQ(options.timeout, 2s);
  EXPECT_EQ(options.refresh_interval, 1h);
  EXPECT_EQ(options.start_limit(), 1min);
  EXPECT_EQ(options.retry.multiplier, 3);
  const DetectorOptions& system = options.detectors[1].options;
  EXPECT_EQ(system.host_name_sources,
            (std::vector{HostNameSource::kCname, HostNameSource::kLookup}));
  EXPECT_TRUE(system.wanted.contains("host.id"));
  EXPECT_FALSE(system.wanted.contains("os.type"));
  EXPECT_TRUE(system.fails_on_missing_metadata);
  EXPECT_EQ(options.detectors[2].options.tags.size(), 1u);
  EXPECT_EQ(options.detectors[2].options.max_attempts, 5);
  EXPECT_EQ(options.detectors[3].options.node_from_env_var, "NODE");
  EXPECT_EQ(options.detectors[4].options.tags.size(), 1u);
  EXPECT_EQ(options.detectors[5].options.tags.size(), 2u);
  EXPECT_FALSE(options.detectors[6].options.verifies_api_server);
}

struct WrongCase {
  const char* yaml;
  const char* said;
};

const WrongCase kWrong[] = {
    {"detectors: [sytem]", "invalid detector key: \"sytem\""},
    {"detectors: [process]", "invalid detector key: \"process\""},
    {"detectors: [heroku]", "otelcol's detector \"heroku\" is not in this version"},
    {"heroku: {}", "this detector of otelcol's is not in this version"},
    {"attributes: [host.name]", "removed it in v0.142"},
    {"timeout: 0", "timeout or retry::max_elapsed_time"},
    {"system: {hostname_sources: [wins]}", "found \"wins\""},
    {"system: {resource_attributes: {host.nme: {enabled: true}}}", "did you mean host.name?"},
    {"system: {resource_attributes: {host.name: {enabled: maybe}}}", "host.name::enabled"},
    {"ec2: {tags: [a]}", "tags_from_imds: true"},
    {"ec2: {tags: ['('], tags_from_imds: true}", "no regular expression"},
    {"k8s_api: {auth_type: kubeConfig}", "kubeConfig is not in this version"},
    {"k8s_api: {auth_type: basic}", "found \"basic\""},
    {"tls: {insecure: true}", "asked without it"},
    {"detector: [env]", "detectors"},
};

TEST(OptionsTest, EachMistakeIsNamed) {
  for (const WrongCase& c : kWrong) {
    Options options;
    const std::string found = read(c.yaml, options);
    EXPECT_TRUE(found.contains(c.said)) << c.yaml << "\n" << found;
    EXPECT_TRUE(found.contains("error")) << found;
  }
}

TEST(OptionsTest, OldNameOfADetectorIsAWarning) {
  Options options;
  const std::string found = read("detectors: [k8snode]\nk8snode: {auth_type: none}", options);
  EXPECT_TRUE(found.contains("warning") && found.contains("k8s_api")) << found;
  EXPECT_FALSE(options.detectors.at(0).options.verifies_api_server);
}

}  // namespace
}  // namespace millrace::processors::resourcedetection
