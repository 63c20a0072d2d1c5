#include "daemon/trial/trial.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "assembly/catalogue.h"
#include "assembly/plan_from_document.h"

namespace millrace::trial {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kSpans = R"({"resourceSpans":[{"scopeSpans":[{"spans":[
  {"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708","name":"GET /",
   "attributes":[{"key":"email","value":{"stringValue":"a@example.com"}}]}]}]}]})";

constexpr std::string_view kConfig = R"(
receivers: {otlp: {protocols: {http: {}}}}
processors:
  batch:
  attributes:
    actions: [{key: env, value: prod, action: insert}, {key: email, action: delete}]
exporters: {nop: {}}
service:
  pipelines:
    traces: {receivers: [otlp], processors: [batch, attributes], exporters: [nop]}
    logs: {receivers: [otlp], exporters: [nop]}
    logs/2: {receivers: [otlp], exporters: [nop]}
)";

struct TestCommand : ::testing::Test {
  std::map<std::string, std::string> files = {{"spans.json", std::string(kSpans)}};
  std::string out;
  std::string err;

  int run(cli::TestArguments arguments, std::string_view yaml = kConfig) {
    out.clear();
    err.clear();
    yaml::World world;
    cli::CollectorArguments sources;
    sources.sources.configs = {"yaml:" + std::string(yaml)};
    auto configuration = cli::load_configuration(
        sources.sources, world, assembly::catalog(),
        [](const config::Document& document, config::Diagnostics& diagnostics) {
          assembly::make_plan(document, {}, diagnostics);
        });
    return run_test(arguments, std::move(configuration),
                    {.read_file = [this](const std::string& path) -> Result<std::string> {
                       const auto found = files.find(path);
                       if (found == files.end())
                         return fail(Code::kNotFound, path + ": no such file");
                       return found->second;
                     },
                     .write_out = [this](std::string_view text) { out += text; },
                     .write_error = [this](std::string_view text) { err += text; }});
  }
};

TEST_F(TestCommand, ShowsWhatEachProcessorChanged) {
  EXPECT_EQ(run({.input = "spans.json"}), cli::kExitOk) << err;
  EXPECT_THAT(out, HasSubstr("pipeline traces: 1 items in\nbatch: changes no request\n"
                             "attributes: 1 items in, 1 out\n"));
  EXPECT_THAT(out, HasSubstr("    - "));
  EXPECT_THAT(out, HasSubstr("    + "));
  EXPECT_THAT(out, HasSubstr(R"({"key":"env","value":{"stringValue":"prod"}})"));
  EXPECT_THAT(out, Not(HasSubstr("\x1b")));
}

// The budget was a share of no memory at all.
TEST_F(TestCommand, ALimitInPercentIsOfThisMachine) {
  EXPECT_EQ(run({.input = "spans.json"}, R"(
receivers: {otlp: {protocols: {http: {}}}}
processors:
  memory_limiter: {check_interval: 1s, limit_percentage: 80}
  attributes: {actions: [{key: env, value: prod, action: insert}]}
exporters: {nop: {}}
service: {pipelines: {traces: {receivers: [otlp], processors: [memory_limiter, attributes], exporters: [nop]}}}
)"),
            cli::kExitOk)
      << err << out;
  EXPECT_THAT(out, HasSubstr("prod"));
}

TEST_F(TestCommand, ASampleOnSeveralLinesIsOneRequest) {
  EXPECT_EQ(run({.input = "spans.json", .prints_json = true}), cli::kExitOk) << err;
  EXPECT_THAT(out, HasSubstr(R"({"pipeline":"traces","items_in":1,"steps":[{"processor":"batch")"));
  EXPECT_THAT(out, HasSubstr(R"("output":[{"resourceSpans")"));
}

TEST_F(TestCommand, TheOutputIsComparedWithWhatIsExpected) {
  files["right.json"] = R"({"resourceSpans":[{"scopeSpans":[{"spans":[
    {"name":"GET /","spanId":"0102030405060708","traceId":"0102030405060708090a0b0c0d0e0f10",
     "attributes":[{"value":{"stringValue":"prod"},"key":"env"}]}]}]}]})";
  EXPECT_EQ(run({.input = "spans.json", .expect = "right.json"}), cli::kExitOk) << err;
  EXPECT_EQ(run({.input = "spans.json", .expect = "spans.json"}), cli::kExitError);
  EXPECT_THAT(err, HasSubstr("the output is not what spans.json has"));
  EXPECT_EQ(run({.input = "spans.json", .expect = "none.json"}), cli::kExitError);
  EXPECT_EQ(err, "Error: none.json: no such file\n");
}

TEST_F(TestCommand, ThePipelineIsChosenByTheSignalOrByName) {
  files["logs.json"] =
      R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1"}]}]}]})";
  EXPECT_EQ(run({.input = "logs.json"}), cli::kExitError);
  EXPECT_EQ(err, "Error: several pipelines have logs: choose by --pipeline one of logs, logs/2\n");
  EXPECT_EQ(run({.input = "logs.json", .pipeline = "logs/2"}), cli::kExitOk) << err;
  EXPECT_THAT(out, HasSubstr("pipeline logs/2: 1 items in\n"));
  EXPECT_EQ(run({.input = "logs.json", .pipeline = "traces"}), cli::kExitError);
  EXPECT_EQ(err, "Error: no pipeline \"traces\" of logs, which the sample consists of\n");
}

TEST_F(TestCommand, MistakesOfTheConfigurationAndTheSampleAreShown) {
  EXPECT_EQ(run({.input = "spans.json"}, "receivers: {otlpp: {}}"), cli::kExitError);
  EXPECT_THAT(err, HasSubstr("the configuration has mistakes:\n"));
  files["bad.json"] = "{\"resourceSpans\": [{\"scopeSpans\": 3}]}";
  EXPECT_EQ(run({.input = "bad.json"}), cli::kExitError);
  EXPECT_THAT(err, HasSubstr("bad.json"));
  EXPECT_THAT(err, HasSubstr("scopeSpans"));
  files["empty.json"] = "{}";
  EXPECT_EQ(run({.input = "empty.json"}), cli::kExitError);
}

}  // namespace
}  // namespace millrace::trial
