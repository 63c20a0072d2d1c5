#include "daemon/cli/command_line.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <map>
#include <optional>
#include <sstream>

#include "daemon/cli/process_world.h"
#include "yaml/parse.h"

namespace millrace::cli {
namespace {

class CommandLineTest : public testing::Test {
 protected:
  CommandLineTest() {
    using enum config::ComponentKind;
    program.catalog = config::Catalog({{kReceiver, "otlp"},
                                       {kProcessor, "attributes", config::kNoProfiles},
                                       {kExporter, "debug"},
                                       {kExporter, "otlp_grpc"}});
    program.world = {[](const std::string&) { return std::nullopt; },
                     [this](const std::string& path) -> Result<std::string> {
                       if (!files.contains(path)) {
                         return fail(Code::kNotFound, path + ": no such file");
                       }
                       return files[path];
                     }};
    program.default_configuration =
        "receivers: {otlp: }\nexporters: {debug: }\n"
        "service: {pipelines: {traces: {receivers: [otlp], "
        "exporters: [debug]}}}\n";
    program.check_components = [](const config::Document& read, config::Diagnostics& diagnostics) {
      for (const config::Component& component : read.components) {
        config::Section section(component.node, diagnostics, component.path);
        std::string text;
        section.secret("key", &text);
        section.finish();
      }
    };
    program.run = [this](const CollectorArguments& arguments, Configuration configuration) {
      ++runs;
      ran = arguments;
      document = std::move(configuration.document);
      return kExitOk;
    };
    program.write_out = [this](std::string_view text) { out += text; };
    program.write_error = [this](std::string_view text) { err += text; };
    files["good.yaml"] = program.default_configuration;
    files["bad.yaml"] =
        "receivers: {otlp: {kye: 1}}\nexporters: {debug: }\n"
        "service: {pipelines: {traces: {receivers: [otlp], "
        "exporters: [debug2]}}}\n";
    files["secret.yaml"] = "exporters: {debug: {key: hunter2}}\n";
  }

  int call(std::vector<const char*> words) {
    out.clear();
    err.clear();
    words.insert(words.begin(), "millrace");
    return run_command_line(static_cast<int>(words.size()), words.data(), program);
  }

  Program program;
  std::map<std::string, std::string> files;
  std::string out;
  std::string err;
  int runs = 0;
  CollectorArguments ran;
  config::Document document;
};

TEST_F(CommandLineTest, WithoutArgumentsTheBuiltInConfigurationRuns) {
  EXPECT_EQ(call({}), 0) << err;
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(document.pipelines.size(), 1u);
}

TEST_F(CommandLineTest, ConfigsAndSetsAreCollected) {
  EXPECT_EQ(call({"--config", "good.yaml", "--config=yaml:exporters: {debug: }", "--set",
                  "service.telemetry.logs.level=debug"}),
            0)
      << err;
  EXPECT_EQ(ran.sources.configs,
            (std::vector<std::string>{"good.yaml", "yaml:exporters: {debug: }"}));
  EXPECT_EQ(document.telemetry.logs.level, LogLevel::kDebug);
}

TEST_F(CommandLineTest, SetKeepsBracketsAndCommas) {
  EXPECT_EQ(call({"--set=exporters.debug/x={}", "--set",
                  "service.pipelines.traces.exporters=[debug,debug/x]"}),
            0)
      << err;
  EXPECT_EQ(document.pipelines[0].exporters.size(), 2u);
}

TEST_F(CommandLineTest, BadConfigurationDoesNotRun) {
  EXPECT_EQ(call({"--config", "bad.yaml"}), 1);
  EXPECT_EQ(runs, 0);
  EXPECT_TRUE(err.starts_with("Error: the configuration has mistakes:\nbad.yaml:1:20: error: "))
      << err;
  EXPECT_EQ(call({"--config", "none.yaml"}), 1);
  EXPECT_EQ(err, "Error: --config none.yaml: none.yaml: no such file\n");
}

TEST_F(CommandLineTest, WithJsonLogsTheMistakesOfAStartAreJson) {
  EXPECT_EQ(call({"--config", "bad.yaml", "--set", "service.telemetry.logs.encoding=json"}), 1);
  std::istringstream lines(err);
  size_t count = 0;
  std::string line;
  for (; std::getline(lines, line); ++count) {
    EXPECT_TRUE(line.starts_with("{\"ts\":")) << line;
    EXPECT_TRUE(line.ends_with("}")) << line;
    if (count == 0) EXPECT_NE(line.find("\"place\":\"bad.yaml:1:20\""), line.npos) << line;
  }
  EXPECT_EQ(count, 4u) << err;  // with a warning, and the last that names the whole
  EXPECT_NE(err.find("\"level\":\"error\",\"msg\":\"the start failed\""), err.npos) << err;
  EXPECT_EQ(
      call({"validate", "--config", "bad.yaml", "--set", "service.telemetry.logs.encoding=json"}),
      1);
  EXPECT_TRUE(err.starts_with("Error: the configuration has mistakes:\n")) << err;
}

TEST_F(CommandLineTest, DoctorGetsTheConfigurationRightOrWrong) {
  DoctorArguments asked;
  std::optional<bool> was_read;
  size_t mistakes = 0;
  program.doctor = [&](const DoctorArguments& arguments, Result<Configuration> configuration) {
    asked = arguments;
    was_read = configuration.has_value();
    if (configuration) mistakes = configuration->diagnostics.all().size();
    return kExitError;
  };
  EXPECT_EQ(call({"doctor", "--config", "bad.yaml", "--json", "--timeout", "1500ms"}), 1) << err;
  EXPECT_TRUE(asked.prints_json);
  EXPECT_EQ(asked.timeout, 1500ms);
  EXPECT_EQ(was_read, true);
  EXPECT_EQ(mistakes, 3u);
  EXPECT_EQ(call({"doctor", "--config", "none.yaml"}), 1) << err;
  EXPECT_EQ(was_read, false);
  EXPECT_EQ(call({"doctor", "--timeout", "5"}), kExitUsage);
  EXPECT_NE(err.find("\"5\" is not a duration"), std::string::npos) << err;
  EXPECT_EQ(runs, 0);
}

TEST_F(CommandLineTest, ValidateIsSilentWithoutMistakes) {
  EXPECT_EQ(call({"validate", "--config", "good.yaml"}), 0);
  EXPECT_EQ(out + err, "");
  EXPECT_EQ(call({"validate", "--config=bad.yaml"}), 1);
  EXPECT_NE(err.find("references exporter \"debug2\" which is not configured"), std::string::npos);
  EXPECT_EQ(runs, 0);
}

TEST_F(CommandLineTest, WhatOtelcolRemovedRunsWithAWarning) {
  files["old.yaml"] =
      "receivers: {otlp: }\nexporters:\n  logging:\n"
      "service: {pipelines: {traces: {receivers: [otlp], exporters: [logging]}}}\n";
  program.check_components = nullptr;
  EXPECT_EQ(call({"--config", "old.yaml"}), 0) << err;
  ASSERT_EQ(document.components.size(), 2u);
  EXPECT_EQ(document.components[document.pipelines[0].exporters[0]].id.text, "debug");
  EXPECT_EQ(call({"validate", "--config", "old.yaml"}), 0);
  EXPECT_TRUE(err.starts_with("old.yaml:3:3: warning: exporters::logging: otelcol has removed"))
      << err;
  EXPECT_NE(err.find("\n            verbosity: normal\n"), err.npos) << err;
}

TEST_F(CommandLineTest, MigratePrintsTheConfigurationToWrite) {
  files["old.yaml"] = "exporters:\n  logging:  # mine\n    verbosity: ${V}\n";
  EXPECT_EQ(call({"migrate", "--config", "old.yaml"}), 0) << err;
  EXPECT_NE(out.find("  debug:  # mine\n"), out.npos) << out;
  EXPECT_NE(out.find("    verbosity: ${V}\n"), out.npos) << out;
  EXPECT_TRUE(err.starts_with("old.yaml:2:3: exporters::logging: otelcol has removed")) << err;
  EXPECT_EQ(call({"migrate", "--config", "good.yaml"}), 0);
  EXPECT_EQ(out, files["good.yaml"]);
  EXPECT_EQ(err, "");
  EXPECT_EQ(call({"migrate", "--config", "none.yaml"}), 1);
  EXPECT_EQ(call({"migrate"}), kExitUsage);
  EXPECT_EQ(runs, 0);
}

TEST_F(CommandLineTest, ValidateExplainsEveryKey) {
  EXPECT_EQ(call({"validate", "--explain", "--config", "good.yaml"}), 0) << err;
  EXPECT_EQ(out,
            "good.yaml:1:13  same           receivers::otlp\n"
            "good.yaml:2:13  same           exporters::debug\n"
            "good.yaml:3:32  same           service::pipelines::traces::receivers\n"
            "good.yaml:3:51  same           service::pipelines::traces::exporters\n"
            "4 keys: 4 same, 0 means, 0 ignored, 0 not supported, 0 unknown\n");
  EXPECT_EQ(call({"validate", "--explain", "--config", "bad.yaml"}), 1);
  EXPECT_NE(out.find("unknown        receivers::otlp::kye"), out.npos) << out;
  EXPECT_TRUE(err.starts_with("Error: the configuration has mistakes:\n")) << err;
}

TEST_F(CommandLineTest, PrintConfigHidesSecrets) {
  EXPECT_EQ(call({"print-config", "--config", "good.yaml", "--config", "secret.yaml"}), 0) << err;
  EXPECT_NE(out.find("key: '[REDACTED]'"), std::string::npos) << out;
  EXPECT_EQ(call({"print-initial-config", "--config", "secret.yaml", "--mode", "unredacted",
                  "--format=json"}),
            0);
  EXPECT_NE(out.find("\"key\": \"hunter2\""), std::string::npos) << out;
  EXPECT_EQ(call({"print-config", "--config", "bad.yaml", "--validate"}), 1);
  EXPECT_EQ(call({"print-config", "--mode", "loud"}), 2);
}

TEST_F(CommandLineTest, UnknownFlagSaysTheNearest) {
  EXPECT_EQ(call({"--confg", "x.yaml"}), 2);
  EXPECT_TRUE(err.starts_with("Error: unknown flag --confg; did you mean --config?\n")) << err;
  EXPECT_EQ(call({"print-config", "--fromat=json"}), 2);
  EXPECT_TRUE(err.starts_with("Error: unknown flag --fromat; did you mean --format?\n")) << err;
  EXPECT_EQ(call({"valdate"}), 2);
  EXPECT_TRUE(err.starts_with("Error: unknown command \"valdate\"; did you mean validate?\n"))
      << err;
  EXPECT_EQ(call({"--config"}), 2);
  EXPECT_EQ(runs, 0);
}

TEST_F(CommandLineTest, VersionInThreeSpellings) {
  for (const char* word : {"version", "-v", "--version"}) {
    EXPECT_EQ(call({word}), 0);
    EXPECT_TRUE(out.starts_with("millrace version ")) << out;
  }
}

TEST_F(CommandLineTest, HelpGoesToStdout) {
  EXPECT_EQ(call({"--help"}), 0);
  EXPECT_NE(out.find("print-config"), std::string::npos);
  EXPECT_EQ(call({"validate", "--help"}), 0);
  EXPECT_NE(out.find("--config"), std::string::npos);
  EXPECT_EQ(runs, 0);
}

TEST_F(CommandLineTest, HelpForAnUnknownCommandIsAnError) {
  EXPECT_EQ(call({"valdate", "--help"}), 2);
  EXPECT_TRUE(err.starts_with("Error: unknown command \"valdate\"; did you mean validate?\n"))
      << err;
  EXPECT_TRUE(out.empty()) << out;
}

TEST_F(CommandLineTest, ComponentsAreYamlInOtelcolsShape) {
  EXPECT_EQ(call({"components"}), 0);
  const auto root = yaml::parse(out, "components");
  ASSERT_TRUE(root.has_value()) << root.error().message;
  EXPECT_EQ(root->find("buildinfo")->find("command")->scalar, "millrace");
  const yaml::Node& attributes = root->find("processors")->sequence[0];
  EXPECT_EQ(attributes.find("name")->scalar, "attributes");
  EXPECT_EQ(attributes.find("stability")->mapping.size(), 3u);
  EXPECT_EQ(root->find("connectors")->sequence.size(), 0u);
}

TEST_F(CommandLineTest, FeatureGatesAreListedAndChecked) {
  EXPECT_EQ(call({"featuregate"}), 0);
  EXPECT_TRUE(out.starts_with("ID ")) << out;
  EXPECT_EQ(call({"featuregate", "nope"}), 1);
  EXPECT_EQ(call({"--feature-gates", "-service.partialReload,service.profilesSupport"}), 0) << err;
  EXPECT_EQ(call({"--feature-gates=service.partialReload"}), 1);
  EXPECT_EQ(call({"--feature-gates", "no.such"}), 1);
  EXPECT_EQ(runs, 1);
}

TEST_F(CommandLineTest, UnknownFeatureGateNamesTheNearest) {
  EXPECT_EQ(call({"--feature-gates", "service.profileSupport"}), 1);
  EXPECT_TRUE(err.contains("did you mean \"service.profilesSupport\"?")) << err;
  EXPECT_EQ(runs, 0);
}

TEST_F(CommandLineTest, CompletionKnowsEveryCommandAndItsFlags) {
  bool checks_ids = false;
  program.commands.push_back(
      {.name = "sink",
       .description = "what isn't lost",
       .add_options = [&](CLI::App& app) { app.add_flag("--check-ids", checks_ids, "each once"); },
       .run = [] { return 0; }});
  EXPECT_EQ(call({"completion", "bash"}), 0);
  EXPECT_TRUE(out.contains("sink) words=\"--help --check-ids\"")) << out;
  EXPECT_TRUE(out.contains(
      "*) words=\"validate migrate doctor test components print-config featuregate completion "
      "version sink --help --version --config --set --feature-gates\""))
      << out;
  EXPECT_EQ(call({"completion", "zsh"}), 0);
  EXPECT_TRUE(out.starts_with("#compdef millrace\n")) << out;
  EXPECT_TRUE(out.contains("(sink) compadd -- --help --check-ids ;;")) << out;
  EXPECT_EQ(call({"completion", "fish"}), 0);
  EXPECT_TRUE(out.contains("-n __fish_use_subcommand -a sink -d 'what isn\\'t lost'")) << out;
  EXPECT_TRUE(out.contains("'__fish_seen_subcommand_from sink' -l check-ids -d 'each once'"))
      << out;
  EXPECT_EQ(call({"completion", "tcsh"}), 2);
  EXPECT_TRUE(err.contains("tcsh")) << err;
}

TEST_F(CommandLineTest, OtherCommandsBringTheirOptions) {
  int port = 0;
  program.commands.push_back({"sink", "count what arrives",
                              [&](CLI::App& app) { app.add_option("--port", port); },
                              [&] { return port == 5 ? 7 : 1; }});
  EXPECT_EQ(call({"sink", "--port", "5"}), 7) << err;
  EXPECT_EQ(call({"--help"}), 0);
  EXPECT_NE(out.find("count what arrives"), std::string::npos);
  EXPECT_EQ(call({"sink", "--port", "x"}), 2);
}

TEST(ProcessWorldTest, MissingFilesAndFoldersAreErrors) {
  const yaml::World world = make_process_world();
  EXPECT_FALSE(world.read_file("/nonexistent/file").has_value());
  EXPECT_FALSE(world.read_file("/").has_value());
  EXPECT_FALSE(world.environment("MILLRACE_SURELY_NOT_SET").has_value());
}

}  // namespace
}  // namespace millrace::cli
