#include "extensions/console/options.h"

#include <gtest/gtest.h>

#include "yaml/parse.h"

namespace millrace::extensions::console {
namespace {

std::string read_text(std::string_view text, Options& into) {
  const auto root = yaml::parse(text, "a.yaml");
  EXPECT_TRUE(root.has_value());
  config::Diagnostics diagnostics;
  config::Section section(*root, diagnostics, "extensions::console");
  read(section, into);
  section.finish();
  return diagnostics.to_text();
}

TEST(ConsoleOptionsTest, TheDefaultIsThisMachine) {
  Options options;
  EXPECT_EQ(read_text("", options), "");
  EXPECT_TRUE(options.is_enabled);
  EXPECT_EQ(options.port, 8888);
  EXPECT_EQ(options.bytes_max, 64u << 20);
  EXPECT_EQ(options.sample_rate, 1);
}

TEST(ConsoleOptionsTest, TheSampleRateIsAShare) {
  Options options;
  EXPECT_EQ(read_text("{sample_rate: 0.25}", options), "");
  EXPECT_EQ(options.sample_rate, 0.25);
  EXPECT_EQ(read_text("{sample_rate: 0}", options), "");
  EXPECT_EQ(options.sample_rate, 0);
  for (const std::string_view wrong : {"1.5", "-0.1", "25", ".nan", "10%"}) {
    const std::string found = read_text("{sample_rate: " + std::string(wrong) + "}", options);
    EXPECT_NE(found.find("from 0 to 1"), std::string::npos) << wrong << ": " << found;
  }
  EXPECT_EQ(options.sample_rate, 0);
}

TEST(ConsoleOptionsTest, FilesTakeTwiceTheMemoryUnlessTheyAreCapped) {
  Options options;
  EXPECT_EQ(read_text("{max_bytes: 10485760, file: {directory: /x}}", options), "");
  EXPECT_EQ(options.file_directory, "/x");
  EXPECT_EQ(options.file_bytes_max, 20u << 20);
  EXPECT_EQ(read_text("{file: {directory: /x, max_bytes: 5000000}}", options), "");
  EXPECT_EQ(options.file_bytes_max, 5'000'000u);
  Options without;
  EXPECT_NE(read_text("{file: }", without).find("must name a directory"), std::string::npos);
  EXPECT_NE(read_text("{file: {directory: /x, max_bytes: 5}}", without), "");
  EXPECT_NE(read_text("{file: {path: /x, directory: /x}}", without), "");
}

TEST(ConsoleOptionsTest, AnotherAddressNeedsAToken) {
  Options options;
  EXPECT_NE(read_text("{endpoint: \"0.0.0.0:8888\"}", options).find("set token"),
            std::string::npos);
  EXPECT_EQ(read_text("{endpoint: \"0.0.0.0:8888\", token: abc}", options), "");
  EXPECT_EQ(options.token, "abc");
  EXPECT_EQ(read_text("{endpoint: \"127.0.0.1:1\", enabled: false, max_bytes: 1048576}", options),
            "");
  EXPECT_FALSE(options.is_enabled);
  EXPECT_EQ(options.bytes_max, 1u << 20);
  EXPECT_NE(read_text("{max_bytes: 5}", options), "");
  EXPECT_NE(read_text("{max_byte: 5}", options), "");
}

}  // namespace
}  // namespace millrace::extensions::console
