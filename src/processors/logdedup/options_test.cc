#include "processors/logdedup/options.h"
#include "config/testing/read_section.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::processors::logdedup {
namespace {

std::string read(std::string_view text, Options& into) {
  return testing::read_section(text, "processors::log_dedup",
                               [&](config::Section& section) { read_options(section, into); })
      .to_text();
}

TEST(OptionsTest, DefaultsAreOtelcols) {
  Options options;
  EXPECT_EQ(read("", options), "");
  EXPECT_EQ(options.interval, 10s);
  EXPECT_EQ(options.log_count_attribute, "log_count");
  EXPECT_EQ(options.timezone, nullptr);
}

TEST(OptionsTest, FieldsAreSplitAtDotsThatAreNotEscaped) {
  Options options;
  EXPECT_EQ(read("interval: 1m\nlog_count_attribute: n\ntimezone: UTC\nconditions: []\n"
                 "exclude_fields: [body.timestamp, 'attributes.host\\.name', attributes.src.ip, "
                 "attributes]\n",
                 options),
            "");
  ASSERT_EQ(options.exclude_fields.size(), 4u);
  EXPECT_TRUE(options.exclude_fields[0].is_in_body);
  EXPECT_EQ(options.exclude_fields[1].keys, std::vector<std::string>{"host.name"});
  EXPECT_EQ(options.exclude_fields[2].keys, (std::vector<std::string>{"src", "ip"}));
  EXPECT_TRUE(options.exclude_fields[3].keys.empty());
}

TEST(OptionsTest, EachMistakeIsNamed) {
  const std::pair<const char*, const char*> kWrong[] = {
      {"interval: 0", "greater than 0"},
      {"log_count_attribute: ''", "must be set"},
      {"timezone: bad timezone", "timezone is invalid"},
      {"exclude_fields: [body]", "body.name"},
      {"include_fields: [attributes]", "attributes.name"},
      {"exclude_fields: [severity]", "must start with body or attributes"},
      {"exclude_fields: [body.a, body.a]", "given twice"},
      {"exclude_fields: [body.a]\ninclude_fields: [body.b]", "both"},
      {"conditions: ['log.bdy == 1']", "body"},
      {"metadata_keys: [a]", "metadata_keys"},
  };
  for (const auto& [yaml, said] : kWrong) {
    Options options;
    const std::string found = read(yaml, options);
    EXPECT_TRUE(found.contains(said)) << yaml << "\n" << found;
  }
}

}  // namespace
}  // namespace millrace::processors::logdedup
