#include "exporters/file/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "yaml/parse.h"

namespace millrace::exporters {
namespace {

using testing::HasSubstr;

std::string read(std::string_view text, FileOptions* into) {
  const auto root = yaml::parse(text, "a.yaml");
  EXPECT_TRUE(root.has_value()) << root.error().message;
  config::Diagnostics diagnostics;
  config::Section section(*root, diagnostics, "exporters::file");
  read_options(section, into);
  section.finish();
  return diagnostics.has_errors() ? diagnostics.to_text() : "";
}

TEST(FileOptionsTest, PathAloneHasOtelcolsDefaults) {
  FileOptions options;
  EXPECT_EQ(read("path: /tmp/a.json\n", &options), "");
  EXPECT_EQ(options.path, "/tmp/a.json");
  EXPECT_EQ(options.format, FileFormat::kJson);
  EXPECT_FALSE(options.append || options.zstd || options.rotation || options.create_directory);
  EXPECT_EQ(options.directory_permissions, 0755u);
}

TEST(FileOptionsTest, EveryKeyIsRead) {
  FileOptions options;
  EXPECT_EQ(read("path: a\nformat: proto\ncompression: zstd\ncompression_params: {level: 3}\n"
                 "rotation: {max_megabytes: 10, max_days: 3, max_backups: 4, localtime: true}\n"
                 "flush_interval: 5s\ncreate_directory: true\ndirectory_permissions: \"0700\"\n"
                 "group_by: {enabled: false}\ntimeout: 3s\n",
                 &options),
            "");
  EXPECT_EQ(options.format, FileFormat::kProto);
  EXPECT_TRUE(options.zstd);
  EXPECT_EQ(options.compression_level, 3);
  ASSERT_TRUE(options.rotation);
  EXPECT_EQ(options.rotation->max_megabytes, 10);
  EXPECT_EQ(options.rotation->max_days, 3);
  EXPECT_EQ(options.rotation->max_backups, 4);
  EXPECT_TRUE(options.rotation->local_time);
  EXPECT_EQ(options.directory_permissions, 0700u);
}

TEST(FileOptionsTest, MentionedRotationHasDefaults) {
  FileOptions options;
  EXPECT_EQ(read("path: a\nrotation:\n", &options), "");
  ASSERT_TRUE(options.rotation);
  EXPECT_EQ(options.rotation->max_megabytes, 100);
  EXPECT_EQ(options.rotation->max_backups, 100);
}

TEST(FileOptionsTest, MistakesAreNamed) {
  const std::pair<const char*, const char*> cases[] = {
      {"format: json\n", "path must be set"},
      {"path: a\nappend: true\nrotation:\n", "cannot go with rotation"},
      {"path: a\nappend: true\ncompression: zstd\n", "cannot go with compression"},
      {"path: a\ncompression: gzip\n", "expected zstd"},
      {"path: a\nformat: xml\n", "xml"},
      {"path: a\ngroup_by: {enabled: true}\n", "not in this version"},
      {"path: a\nencoding: otlp\n", "not in this version"},
      {"path: a\ndirectory_permissions: rwx\n", "octal"},
      {"path: a\nrotations: {}\n", "rotation"},
  };
  for (const auto& [text, part] : cases) {
    FileOptions options;
    EXPECT_THAT(read(text, &options), HasSubstr(part)) << text;
  }
}

}  // namespace
}  // namespace millrace::exporters
