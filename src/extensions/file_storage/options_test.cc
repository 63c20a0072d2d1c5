#include "extensions/file_storage/options.h"

#include <gtest/gtest.h>

#include <string>

#include "yaml/parse.h"

namespace millrace::extensions {
namespace {

struct Reading {
  FileStorageOptions options;
  config::Diagnostics diagnostics;
};

Reading read(const std::string& text) {
  Reading reading;
  const auto node = yaml::parse(text, "test.yaml");
  EXPECT_TRUE(node);
  config::Section section(*node, reading.diagnostics, "extensions::file_storage");
  read_file_storage(section, reading.options);
  section.finish();
  return reading;
}

TEST(FileStorageOptionsTest, DefaultsAreSyncedAndOtelcolsDirectory) {
  const Reading reading = read("{}");
  EXPECT_FALSE(reading.diagnostics.has_errors()) << reading.diagnostics.to_text();
  EXPECT_TRUE(reading.options.log.fsync);
  EXPECT_EQ(reading.options.log.directory, "/var/lib/otelcol/file_storage");
  EXPECT_FALSE(reading.options.creates_directory);
  EXPECT_EQ(reading.options.log.directory_mode, 0750U);
  EXPECT_EQ(reading.options.log.bytes_max, 0U);
}

TEST(FileStorageOptionsTest, EveryKeyIsRead) {
  const Reading reading = read(
      "directory: /data\ncreate_directory: true\ndirectory_permissions: \"0700\"\n"
      "fsync: false\nmax_size: 1000000000\nsegment_size: 2097152\nmax_age: 36h\n"
      "on_full: drop_oldest\ntimeout: 10s\nrecreate: true\ncompaction: {on_start: true}\n");
  EXPECT_FALSE(reading.diagnostics.has_errors()) << reading.diagnostics.to_text();
  const segment_log::Options& log = reading.options.log;
  EXPECT_EQ(log.directory, "/data");
  EXPECT_TRUE(reading.options.creates_directory);
  EXPECT_EQ(log.directory_mode, 0700U);
  EXPECT_FALSE(log.fsync);
  EXPECT_EQ(log.bytes_max, 1'000'000'000U);
  EXPECT_EQ(log.segment_bytes, 2U << 20);
  EXPECT_EQ(log.age_max, 36h);
  EXPECT_EQ(log.on_full, segment_log::OnFull::kDropOldest);
}

TEST(FileStorageOptionsTest, AnUnsyncedDiskIsWarnedOf) {
  const Reading reading = read("fsync: false");
  EXPECT_NE(reading.diagnostics.to_text().find("not a power failure"), std::string::npos)
      << reading.diagnostics.to_text();
}

TEST(FileStorageOptionsTest, SegmentsFollowASmallMaximum) {
  EXPECT_EQ(read("max_size: 16777216").options.log.segment_bytes, 2U << 20);
}

TEST(FileStorageOptionsTest, MistakesAreNamed) {
  const struct {
    const char* text;
    const char* expected;
  } kCases[] = {
      {"directory: \"\"", "must not be empty"},
      {"directory_permissions: \"9\"", "expected an octal number"},
      {"max_size: 1000", "must be at least 2097152"},
      {"{max_size: 3000000, segment_size: 2000000}", "must hold two segments"},
      {"on_full: block", "reject"},
      {"direktory: /x", "directory"},
  };
  for (const auto& each : kCases) {
    const Reading reading = read(each.text);
    EXPECT_TRUE(reading.diagnostics.has_errors()) << each.text;
    EXPECT_NE(reading.diagnostics.to_text().find(each.expected), std::string::npos)
        << each.text << ": " << reading.diagnostics.to_text();
  }
}

}  // namespace
}  // namespace millrace::extensions
