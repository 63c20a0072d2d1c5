#include "processors/redaction/options.h"

#include <gtest/gtest.h>

#include <string>

#include "config/testing/read_section.h"
#include "processors/redaction/key_rules.h"

namespace millrace::processors::redaction {
namespace {

std::string diagnose(std::string_view yaml, Options* options) {
  return testing::read_section(yaml, "processors::redaction",
                               [&](config::Section& section) { read_options(section, *options); })
      .to_text();
}

struct WrongCase {
  const char* yaml;
  const char* said;
};

const WrongCase kWrong[] = {
    {"blocked_values: ['(']", "no regular expression"},
    {"allowed_values: ['[']", "no regular expression"},
    {"blocked_key_patterns: ['*']", "no regular expression"},
    {"ignored_key_patterns: ['(?P<a']", "no regular expression"},
    {"hash_function: crc32", "expected md5"},
    {"hash_function: hmac-sha256", "at least 32 bytes"},
    {"hash_function: hmac-sha512, hmac_key: 0123456789012345678901234567890123", "at least 64"},
    {"url_sanitizer: {enabled: true}", "not supported"},
    {"allowed_key: [a]", "allowed_keys"},
    {"db_sanitizer: {oracle: {enabled: true}}", "oracle"},
};

TEST(OptionsTest, EachMistakeIsNamedWithItsPlace) {
  for (const WrongCase& c : kWrong) {
    Options options;
    const std::string found = diagnose("{" + std::string(c.yaml) + "}", &options);
    EXPECT_NE(found.find(c.said), std::string::npos) << c.yaml << "\n" << found;
    EXPECT_NE(found.find("error"), std::string::npos) << c.yaml << "\n" << found;
    EXPECT_NE(found.find("a.yaml"), std::string::npos) << c.yaml;
  }
}

TEST(OptionsTest, WhatOtelcolStartsWithStarts) {
  for (const char* yaml :
       {"", "allow_all_keys: true", "hash_function: MD5", "hash_function: ''",
        "hash_function: HMAC-SHA256, hmac_key: 01234567890123456789012345678901", "summary: silent",
        "summary: ''", "url_sanitizer: {enabled: false, attributes: [a]}",
        "db_sanitizer: {sanitize_span_name: false, sql: {enabled: false}}"}) {
    Options options;
    EXPECT_EQ(diagnose("{" + std::string(yaml) + "}", &options), "") << yaml;
  }
  Options options;
  const std::string found = diagnose("{summary: Debug}", &options);
  EXPECT_NE(found.find("warning"), std::string::npos);
  EXPECT_EQ(options.summary, Summary::kSilent);
}

TEST(OptionsTest, KeysOfSummariesAreAllowed) {
  Options options;
  diagnose("{allowed_keys: [a]}", &options);
  EXPECT_EQ(options.rule_of("a"), KeyRule::kPlain);
  EXPECT_EQ(options.rule_of("redaction.masked.keys"), KeyRule::kPlain);
  EXPECT_EQ(options.rule_of("redaction.allowed.keys"), KeyRule::kRemoved);
  EXPECT_EQ(options.rule_of("b"), KeyRule::kRemoved);
}

TEST(KeyRulesTest, RememberedAnswersAreThoseOfTheOptions) {
  Options options;
  diagnose("{allow_all_keys: true, ignored_key_patterns: ['^1'], blocked_key_patterns: ['7$']}",
           &options);
  KeyRules rules(options);
  for (int round = 0; round < 2; round++) {
    for (int i = 0; i < 2000; i++) {
      const std::string key = std::to_string(i);
      ASSERT_EQ(rules.of(key), options.rule_of(key)) << key;
    }
  }
  EXPECT_EQ(rules.of("1"), KeyRule::kIgnored);
  EXPECT_EQ(rules.of("7"), KeyRule::kMasked);
  EXPECT_EQ(rules.of(""), KeyRule::kPlain);
  EXPECT_EQ(rules.of(std::string(200, '7')), KeyRule::kMasked);
}

TEST(OptionsTest, TheFirstByteOfEveryMatchIsKnown) {
  const std::pair<const char*, int> cases[] = {
      {"4[0-9]{12}(?:[0-9]{3})?", '4'},
      {"(5[1-5][0-9]{14})", '5'},
      {"abc|axy", 'a'},
      {"ab|cd", -1},
      {"(?i)a", -1},
      {"x*", -1},
      {"[0-9]+", -1},
      {".a", -1},
      {"^a", -1},
      {"a?b", -1},
      {"\\x{e9}", 0xc3},
      {"é|ê", 0xc3},
      {"(?:a|)b", -1},
  };
  for (const auto& [pattern, first] : cases) {
    Options options;
    EXPECT_EQ(diagnose("{blocked_values: ['" + std::string(pattern) + "']}", &options), "");
    EXPECT_EQ(options.blocked_values.at(0).first_byte, first) << pattern;
  }
}

TEST(OptionsTest, BytesTellOnlyWhereNothingElseMatters) {
  const std::pair<const char*, bool> cases[] = {
      {"allow_all_keys: true, blocked_values: ['4[0-9]{12}']", true},
      {"allow_all_keys: true, blocked_values: ['4[0-9]{12}', '5[1-5]']", true},
      {"allow_all_keys: true, blocked_values: ['[$^]x']", true},
      {"allow_all_keys: true, blocked_values: ['\\$x']", true},
      {"allow_all_keys: true, blocked_values: ['a'], ignored_keys: [b]", true},
      {"allow_all_keys: true, blocked_values: ['a'], ignored_keys: [b], summary: info", false},
      {"allow_all_keys: true, blocked_values: ['a'], allowed_values: [b], summary: debug", false},
      {"allow_all_keys: true, blocked_values: ['a'], summary: debug", true},
      {"allow_all_keys: true, blocked_values: ['^a']", false},
      {"allow_all_keys: true, blocked_values: ['a', 'b$']", false},
      {"allow_all_keys: true, blocked_values: ['\\ba']", false},
      {"allow_all_keys: true, blocked_values: ['a\\z']", false},
      {"allow_all_keys: true, blocked_values: ['a', 'x*']", false},
      {"allow_all_keys: true, redact_all_types: true, blocked_values: ['a']", false},
      {"allow_all_keys: true, blocked_key_patterns: ['b'], blocked_values: ['a']", false},
      {"blocked_values: ['a']", false},
      {"allow_all_keys: true", false},
  };
  for (const auto& [yaml, tell] : cases) {
    Options options;
    EXPECT_EQ(diagnose("{" + std::string(yaml) + "}", &options), "");
    EXPECT_EQ(options.bytes_tell, tell) << yaml;
  }
}

}  // namespace
}  // namespace millrace::processors::redaction
