#include "daemon/doctor/doctor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "assembly/catalogue.h"
#include "daemon/cli/process_world.h"
#include "daemon/doctor/testing/local_port.h"

namespace millrace::doctor {
namespace {

using testing::LocalPort;

Result<cli::Configuration> configuration(const std::string& text) {
  yaml::Sources sources;
  sources.configs.push_back("yaml:" + text);
  return cli::load_configuration(sources, cli::make_process_world(), assembly::catalog(), {});
}

std::string to_port(uint16_t port) {
  const std::string end = "http://127.0.0.1:" + std::to_string(port) + ", compression: none";
  return "{receivers: {otlp: {protocols: {http: {endpoint: '127.0.0.1:0'}}}}, exporters: "
         "{otlp_http: {endpoint: " +
         end +
         "}}, service: {telemetry: {metrics: {level: none}}, "
         "pipelines: {traces: {receivers: [otlp], exporters: [otlp_http]}, logs: {receivers: "
         "[otlp], exporters: [otlp_http]}}}}";
}

Report examined(Result<cli::Configuration> configuration, Duration timeout = 2s) {
  Report report;
  examine({.prints_json = false, .timeout = timeout}, std::move(configuration), report);
  return report;
}

std::vector<Finding> in_area(const Report& report, std::string_view area) {
  std::vector<Finding> findings;
  std::ranges::copy_if(report.findings(), std::back_inserter(findings),
                       [area](const Finding& finding) { return finding.area == area; });
  return findings;
}

TEST(DoctorTest, WhatOtelcolRemovedIsOneLineWithItsChange) {
  const std::vector<Finding> findings =
      in_area(examined(configuration(
                  "{receivers: {otlp: {protocols: {http: {endpoint: '127.0.0.1:0'}}}}, "
                  "exporters: {logging: }, service: {telemetry: {metrics: {level: none}}, "
                  "pipelines: {logs: {receivers: [otlp], exporters: [logging]}}}}")),
              "configuration");
  ASSERT_EQ(findings.size(), 2u);
  EXPECT_EQ(findings[0].level, Level::kWarning);
  EXPECT_TRUE(findings[0].text.ends_with("In the pipelines it is debug")) << findings[0].text;
  EXPECT_TRUE(findings[0].change.contains("millrace migrate")) << findings[0].change;
}

TEST(DoctorTest, MistakesAreProblemsAndTheMachineIsLookedAtAllTheSame) {
  const Report report = examined(configuration("{receivers: {otpl: }}"));
  EXPECT_GT(report.count(Level::kProblem), 0u);
  EXPECT_TRUE(in_area(report, "destinations").empty());
  EXPECT_FALSE(in_area(report, "machine").empty());
  EXPECT_FALSE(in_area(report, "versions").empty());
}

TEST(DoctorTest, AFileThatIsNotThereIsAProblem) {
  yaml::Sources sources;
  sources.configs.push_back("/no/such/file.yaml");
  const Report report = examined(
      cli::load_configuration(sources, cli::make_process_world(), assembly::catalog(), {}));
  ASSERT_EQ(in_area(report, "configuration").size(), 1u);
  EXPECT_EQ(in_area(report, "configuration")[0].level, Level::kProblem);
}

TEST(DoctorTest, ABackEndThatRefusesIsOneProblemForBothSignals) {
  LocalPort server;
  const auto found = in_area(examined(configuration(to_port(server.number))), "destinations");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].level, Level::kProblem);
  EXPECT_EQ(found[0].subject, "otlp_http (traces, logs)");
  EXPECT_NE(found[0].text.find("Connection refused"), std::string::npos) << found[0].text;
  EXPECT_NE(found[0].change.find("runs and listens at 127.0.0.1:" + std::to_string(server.number)),
            std::string::npos)
      << found[0].change;
}

TEST(DoctorTest, ABackEndThatSaysNothingEndsWithTheTimeout) {
  LocalPort server;
  server.listen();
  const auto begun = std::chrono::steady_clock::now();
  const auto found =
      in_area(examined(configuration(to_port(server.number)), 300ms), "destinations");
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 20s);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].level, Level::kProblem);
}

TEST(DoctorTest, TheExitCodeIsThatOfProblems) {
  std::string printed;
  const auto print = [&printed](std::string_view text) { printed += text; };
  EXPECT_EQ(run_doctor({.prints_json = true}, configuration("{}"), print), cli::kExitError);
  EXPECT_TRUE(printed.starts_with("{\"problems\": ")) << printed;
}

}  // namespace
}  // namespace millrace::doctor
