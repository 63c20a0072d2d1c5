#include "daemon/run/start_fields.h"

#include <gtest/gtest.h>

#include <map>

#include "yaml/parse.h"

namespace millrace::daemon {
namespace {

std::map<std::string, std::string> fields(const char* yaml, yaml::Sources sources) {
  cli::Configuration configuration;
  configuration.root = *yaml::parse(yaml, "a.yaml");
  std::map<std::string, std::string> all;
  cli::CollectorArguments arguments{.sources = std::move(sources), .feature_gates = {}};
  for (const LogField& field : start_fields(arguments, configuration)) {
    all.emplace(field.key, field.value);
  }
  return all;
}

TEST(StartFieldsTest, TheProcessAndItsConfigurationAreNamed) {
  auto all = fields("a: 1", {.configs = {"/etc/millrace/a.yaml", "b.yaml"}, .sets = {}});
  for (const char* name : {"version", "commit", "pid"}) EXPECT_FALSE(all[name].empty()) << name;
  EXPECT_EQ(all["configuration"], "/etc/millrace/a.yaml b.yaml");
  EXPECT_EQ(all["configuration_sha256"].size(), 64u);
  EXPECT_NE(all["configuration_sha256"], fields("a: 2", {})["configuration_sha256"]);
}

TEST(StartFieldsTest, YamlOfTheCommandLineIsNotShown) {
  auto all = fields("a: 1", {.configs = {"yaml:a::password: hunter2"}, .sets = {"b=hunter2"}});
  EXPECT_EQ(all["configuration"], "yaml:... --set ...");
  EXPECT_EQ(fields("a: 1", {})["configuration"], "built-in");
}

}  // namespace
}  // namespace millrace::daemon
