#include "processors/redaction/class_sequences.h"

#include <gtest/gtest.h>
#include <re2/re2.h>

#include <string>

namespace millrace::processors::redaction {
namespace {

// "begin+size", or "none".
std::string found(std::string_view regex, std::string_view text, size_t from = 0) {
  const auto sequences = ClassSequences::read(regex);
  if (!sequences) return "not read";
  const auto match = sequences->find(text, from);
  return match ? std::to_string(match->begin) + "+" + std::to_string(match->size) : "none";
}

std::string found_by_re2(const std::string& regex, const std::string& text) {
  re2::StringPiece match;
  const re2::RE2 pattern(regex);
  EXPECT_TRUE(pattern.ok()) << regex;
  if (!pattern.Match(text, 0, text.size(), re2::RE2::UNANCHORED, &match, 1)) return "none";
  return std::to_string(match.data() - text.data()) + "+" + std::to_string(match.size());
}

TEST(ClassSequencesTest, TheFirstAndPreferredMatchIsFound) {
  constexpr const char* kCard = "4[0-9]{12}(?:[0-9]{3})?";
  EXPECT_EQ(found(kCard, "4111111111111111"), "0+16");
  EXPECT_EQ(found(kCard, "4111111111111 and"), "0+13");
  EXPECT_EQ(found(kCard, "44 4111111111111"), "3+13");
  EXPECT_EQ(found(kCard, "411111111111"), "none");
  EXPECT_EQ(found(kCard, ""), "none");
  EXPECT_EQ(found("(5[1-5][0-9]{14})", "x5100000000000000"), "1+16");
  EXPECT_EQ(found("a|ab", "xab"), "1+1");
  EXPECT_EQ(found("ab?", "xab"), "1+2");
  EXPECT_EQ(found("\\d{3}-\\d{2}-\\d{4}", "id 078-05-1120."), "3+11");
  EXPECT_EQ(found("a\\.b", "axb a.b"), "4+3");
  EXPECT_EQ(found("ab", "abab", 1), "2+2");
}

TEST(ClassSequencesTest, AMatchIsTheOneOfRe2) {
  for (const char* regex : {"4[0-9]{3}(?:[0-9]{2})?", "a|ab|abc", "(a|ab)(c|bcd)?", "a?b",
                            "x(|a)b?", "[a-c_]{2}-?", "[-a]b", "[a-]b", "(?:a(b(c)?)?d)?e",
                            "\\(\\d\\)", "a{1}b{2}", "(a){3}", "b[0-9A-F]{2}|c"}) {
    for (const char* text :
         {"", "4123", "x41234", "41234567", "abcd", "ab", "bb", "xab", "a_-", "-b", "abcde",
          "ade e", "f(7)", "abb", "aaaa", "b0F", "\xc3\xa9\x34\x31\x32\x33", "c",
          "\xff"
          "ab"}) {
      EXPECT_EQ(found(regex, text), found_by_re2(regex, text)) << regex << " in " << text;
      // Where sixteen bytes follow, they are compared at once.
      const std::string longer = std::string(text) + std::string(16, '.');
      EXPECT_EQ(found(regex, longer), found_by_re2(regex, longer)) << regex << " in " << longer;
    }
  }
}

TEST(ClassSequencesTest, OtherFormsAreNotRead) {
  for (const char* regex : {"",
                            "a*",
                            "a+",
                            "a?",
                            "a??b",
                            "a{2}?",
                            "a{2,3}",
                            "a{2,}",
                            "a{0}b",
                            "a{03}",
                            "(ab){2}",
                            "^a",
                            "a$",
                            "\\ba",
                            "(?i)a",
                            "(?P<n>a)",
                            "[^a]",
                            "[[:digit:]]",
                            "[\\d]",
                            "\\w",
                            "\\Qa.b\\E",
                            ".",
                            "a{",
                            "|a",
                            "\xc3\xa9",
                            "[\xc3\xa9]",
                            "a{65}",
                            "a{33}|b{32}",
                            "a{99999999999999999999}"}) {
    EXPECT_FALSE(ClassSequences::read(regex)) << regex;
  }
  EXPECT_TRUE(ClassSequences::read("a{64}"));
  EXPECT_FALSE(ClassSequences::read("(a?b?c?d?e?f?g?h?)x"));
  EXPECT_FALSE(ClassSequences::read(std::string(1000, '(') + "a" + std::string(1000, ')')));
}

}  // namespace
}  // namespace millrace::processors::redaction
