#include "ottl/pattern_prefix.h"

#include <gtest/gtest.h>

#include <random>

#include "ottl/pattern.h"

namespace millrace::ottl {
namespace {

using Texts = std::vector<std::string>;

TEST(PatternPrefixTest, Table) {
  const std::pair<std::string_view, Texts> cases[] = {
      {"", {}},
      {"abc", {}},
      {"^", {}},
      {"^abc", {"abc"}},
      {R"(^internal\.)", {"internal."}},
      {R"(^a\.b\d)", {"a.b"}},
      {"^/api/.*", {"/api/"}},
      {"^ab?c", {"a"}},
      {"^a{2}", {}},
      {"^a*", {}},
      {"^ab(?i)*", {"a"}},
      {R"(^ab\Q\E*)", {"a"}},
      {"^(a|b)(?i)*", {}},
      {"^*a", {}},
      {"^caf\xc3\xa9?", {"caf"}},
      {"^(health|ready|live)z?$", {"health", "ready", "live"}},
      {"^(?:get|put) ", {"get", "put"}},
      {"^(get|put)?", {}},
      {"^(get|)", {}},
      {"^(get|p.t)", {}},
      {"^(?i)get", {}},
      {"^(?P<method>get)", {}},
      {"^a|b", {}},
      {"^(a)|b", {}},
      {"^a[|]", {}},
      {R"(^\Qa|b\E)", {}},
  };
  for (const auto& [regex, prefixes] : cases)
    EXPECT_EQ(required_prefixes(regex), prefixes) << regex;
}

TEST(PatternPrefixTest, WhatStandsInFrontOfADigit) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"/[0-9]+", "/"},    {R"(/v\d/x)", "/v"}, {R"(id\.\d)", "id."}, {"/[0-9]*", ""},
      {"/[0-9]?", ""},     {"/[0-9]{0}", ""},   {"/?[0-9]", ""},      {"/[0-9]|a", ""},
      {"[0-9]", ""},       {"^/[0-9]", ""},     {"/[0-9a]", ""},      {"(/)[0-9]", ""},
      {"/[0-9](?i)*", ""}, {"/[0-9]+?", ""},
  };
  for (const auto& [regex, literal] : cases)
    EXPECT_EQ(required_before_digit(regex), literal) << regex;
}

// The pattern is found where RE2 finds it.
TEST(PatternPrefixTest, NoMatchIsLost) {
  static constexpr std::string_view kParts[] = {"^",   "a",    "b", "(", ")",     "|",   "?",
                                                "*",   "+",    ".", "$", "[",     "]",   "\\",
                                                "{2}", "(?i)", "Q", "E", "[0-9]", "\\d", "{0}"};
  std::mt19937 random(3);
  size_t valid_count = 0;
  for (size_t round = 0; round < 20'000; round++) {
    std::string regex = round % 3 == 0 ? "" : "^";
    for (size_t i = 0; i < round % 8; i++) regex += kParts[random() % std::size(kParts)];
    const auto pattern = prepare_pattern(Function::kIsMatch, regex);
    if (!pattern) continue;
    valid_count++;
    for (const std::string_view text : {"", "a", "b", "ab", "ba", "aab", "A|", "(a", "^a", "Qa",
                                        "a1", "ba2b", "1", "ab0", "a a3"}) {
      ASSERT_EQ((*pattern)->is_found_in(text),
                re2::RE2::PartialMatch(as_piece(text), (*pattern)->regex()))
          << regex << " in " << text;
    }
  }
  EXPECT_GT(valid_count, 1'000u);
}

}  // namespace
}  // namespace millrace::ottl
