#include "exporters/debug/options.h"

#include <gtest/gtest.h>

#include "yaml/parse.h"

namespace millrace::exporters {
namespace {

std::string read(std::string_view text, DebugOptions* into) {
  const auto root = yaml::parse(text, "a.yaml");
  EXPECT_TRUE(root.has_value()) << root.error().message;
  config::Diagnostics diagnostics;
  config::Section section(*root, diagnostics, "exporters::debug");
  read_options(section, into);
  section.finish();
  return diagnostics.to_text();
}

TEST(DebugOptionsTest, NothingMeansOtelcolsDefaults) {
  DebugOptions options;
  EXPECT_EQ(read("{}", &options), "");
  EXPECT_EQ(options.verbosity, Verbosity::kBasic);
  EXPECT_EQ(options.sampling_initial, 2);
  EXPECT_EQ(options.sampling_thereafter, 1);
  EXPECT_TRUE(options.use_internal_logger);
  EXPECT_FALSE(options.queue.enabled);
}

TEST(DebugOptionsTest, EveryKeyIsRead) {
  DebugOptions options;
  EXPECT_EQ(read("verbosity: detailed\nsampling_initial: 5\nsampling_thereafter: 200\n"
                 "use_internal_logger: false\noutput_paths: [stderr]\n"
                 "sending_queue: {queue_size: 3}\n",
                 &options),
            "");
  EXPECT_EQ(options.verbosity, Verbosity::kDetailed);
  EXPECT_EQ(options.sampling_initial, 5);
  EXPECT_EQ(options.sampling_thereafter, 200);
  EXPECT_FALSE(options.use_internal_logger);
  EXPECT_EQ(options.output_paths, std::vector<std::string>{"stderr"});
  EXPECT_TRUE(options.queue.enabled);
  EXPECT_EQ(options.queue.queue_size, 3);
}

TEST(DebugOptionsTest, MistakesAreNamed) {
  DebugOptions options;
  EXPECT_NE(read("verbosity: loud\n", &options), "");
  EXPECT_NE(read("verbositi: basic\n", &options), "");
  EXPECT_NE(read("output_paths: [stdout]\n", &options), "");
}

}  // namespace
}  // namespace millrace::exporters
