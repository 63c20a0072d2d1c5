#include "config/own_traces.h"

#include <gtest/gtest.h>

#include "config/print.h"
#include "yaml/parse.h"

namespace millrace::config {
namespace {

struct Read {
  explicit Read(const std::string& yaml) {
    const auto root = yaml::parse(yaml, "a");
    EXPECT_TRUE(root.has_value());
    Diagnostics diagnostics;
    Section section(*root, diagnostics, "traces");
    read_own_traces(section, traces);
    section.finish();
    found = diagnostics.to_text();
    if (traces.exporters.empty()) return;
    exporter = print(traces.exporters[0].exporter, diagnostics, PrintFormat::kJson,
                     SecretMode::kUnredacted);
    std::erase_if(exporter, [](char c) { return c == '\n' || c == ' '; });
  }
  OwnTracesConfig traces;
  std::string exporter;  // the first, as JSON in one line
  std::string found;
};

std::string with_sampler(const std::string& sampler) {
  return "{processors: [{batch: {exporter: {otlp: {}}}}], sampler: " + sampler + "}";
}

TEST(OwnTracesTest, ABatchProcessorIsAnExporterWithAQueueOfSpans) {
  const Read read(
      "{level: basic, processors: [{batch: {schedule_delay: 100, max_queue_size: 300, "
      "max_export_batch_size: 500, exporter: {otlp: {protocol: http/protobuf, endpoint: "
      "\"http://a:4318\"}}}}]}");
  EXPECT_EQ(read.found, "");
  EXPECT_EQ(read.exporter, R"({"traces_endpoint":"http://a:4318/v1/traces","compression":"none",)"
                           R"("timeout":"10000ms","required":false,)"
                           R"("sending_queue":{"sizer":"items","queue_size":300}})");
  EXPECT_EQ(read.traces.schedule_delay, Duration(100ms));
  EXPECT_EQ(read.traces.export_batch_max, 300) << "no more than the queue has";
  EXPECT_EQ(read.traces.exporters[0].path, "traces::processors[0]::batch::exporter::otlp");
}

TEST(OwnTracesTest, WithoutProcessorsOrWithLevelNoneNothingIsRecorded) {
  EXPECT_TRUE(Read("{propagators: [tracecontext]}").traces.exporters.empty());
  const Read none("{level: none, processors: [{simple: {exporter: {otlp: {protocol: grpc}}}}]}");
  EXPECT_EQ(none.found, "");
  EXPECT_TRUE(none.traces.exporters.empty());
}

TEST(OwnTracesTest, PropagatorsAreThoseOfOtelcol) {
  const Read read("{propagators: [tracecontext, b3]}");
  EXPECT_TRUE(read.traces.reads_trace_context && read.traces.reads_b3);
  EXPECT_TRUE(Read("{propagators: [jaeger]}").found.contains("expected tracecontext or b3"));
}

TEST(OwnTracesTest, ASamplerIsThreeShares) {
  const auto shares = [](const std::string& sampler) {
    const Read read(with_sampler(sampler));
    EXPECT_EQ(read.found, "");
    return std::array{read.traces.root_share, read.traces.parent_sampled_share,
                      read.traces.parent_not_sampled_share};
  };
  using Shares = std::array<double, 3>;
  EXPECT_EQ(shares("{parent_based: }"), (Shares{1, 1, 0}));
  EXPECT_EQ(shares("{parent_based: {root: {trace_id_ratio_based: {ratio: 0.01}}}}"),
            (Shares{0.01, 1, 0}));
  EXPECT_EQ(shares("{parent_based: {remote_parent_sampled: {always_off: }, "
                   "remote_parent_not_sampled: {trace_id_ratio_based: {ratio: 0.5}}}}"),
            (Shares{1, 0, 0.5}));
  EXPECT_EQ(shares("{always_on: }"), (Shares{1, 1, 1}));
  EXPECT_EQ(shares("{always_off: {}}"), (Shares{0, 0, 0}));
  EXPECT_EQ(shares("{trace_id_ratio_based: {ratio: 0.25}}"), (Shares{0.25, 0.25, 0.25}));
}

TEST(OwnTracesTest, MistakesAreNamed) {
  EXPECT_TRUE(Read(with_sampler("{trace_id_ratio_based: {ratio: 2}}")).found.contains("ratio"));
  EXPECT_TRUE(Read(with_sampler("{jaeger_remote: {}}")).found.contains("not supported here"));
  EXPECT_TRUE(Read(with_sampler("{}")).found.contains("needs one of parent_based"));
  EXPECT_TRUE(Read("{processors: [{batch: {}}]}").found.contains("needs exporter::otlp"));
  EXPECT_TRUE(Read("{processors: [{bach: {}}]}").found.contains("did you mean \"batch\"?"));
  EXPECT_TRUE(Read("{level: high}").found.contains("none"));
}

}  // namespace
}  // namespace millrace::config
