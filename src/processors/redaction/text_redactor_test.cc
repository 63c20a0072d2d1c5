#include "processors/redaction/text_redactor.h"

#include <gtest/gtest.h>

#include <string>

#include "config/testing/read_section.h"
#include "memory/testing/test_work.h"

namespace millrace::processors::redaction {
namespace {

Options read(const std::string& yaml) {
  return testing::read_options_of<Options>(yaml, "processors::redaction", read_options);
}

std::string redacted(const std::string& yaml, std::string_view text) {
  testing::TestWork own;
  const Options options = read(yaml);
  TextRedactor redactor(options, own.work);
  const auto found = redactor.redact(text);
  EXPECT_FALSE(redactor.failure());
  return found ? std::string(*found) : "(same)";
}

std::string masked(const std::string& yaml, std::string_view text) {
  testing::TestWork own;
  const Options options = read(yaml);
  return std::string(TextRedactor(options, own.work).mask_all(text));
}

constexpr const char* kCard = "{blocked_values: ['4[0-9]{12}(?:[0-9]{3})?']";

TEST(TextRedactorTest, MatchesAreMaskedOrHashed) {
  const std::string text = "card 4111111111111111";
  EXPECT_EQ(redacted(kCard + std::string("}"), text), "card ****");
  EXPECT_EQ(redacted(kCard + std::string("}"), "card"), "(same)");
  EXPECT_EQ(redacted(kCard + std::string(", hash_function: md5}"), text),
            "card 5910f4ea0062a0e29afd3dccc741e3ce");
  EXPECT_EQ(redacted(kCard + std::string(", hash_function: sha1}"), text),
            "card 68bfb396f35af3876fc509665b3dc23a0930aab1");
  EXPECT_EQ(redacted(kCard + std::string(", hash_function: sha3}"), text),
            "card 6099154214406cce6105a4688ab66533d3a55d1d7dd393cbccf22b487a22d922");
  EXPECT_EQ(redacted(kCard + std::string(", hash_function: hmac-sha256, hmac_key: "
                                         "01234567890123456789012345678901}"),
                     text),
            "card 127c0f9959f4b3543c24f407cc46d4f0f45bb11419124812e935858a2a2d2cc7");
}

TEST(TextRedactorTest, PatternsApplyOneAfterAnother) {
  EXPECT_EQ(redacted("{blocked_values: [b, 'a\\*+c']}", "abc"), "****");
  EXPECT_EQ(redacted("{blocked_values: ['a\\*+c', b]}", "abc"), "a****c");
  EXPECT_EQ(redacted("{blocked_values: ['\\*+']}", "a****"), "(same)");
  // The first pattern makes the text in which the second finds a match.
  EXPECT_EQ(redacted("{blocked_values: [b, '\\*\\*']}", "b"), "********");
  EXPECT_EQ(redacted("{blocked_values: ['\\*\\*', b]}", "b"), "****");
}

// A search goes on behind the 64 KiB that are searched at once, also within a match.
TEST(TextRedactorTest, LongTextsAreMasked) {
  for (const size_t at : {65'520, 65'530, 65'535, 65'536, 200'000}) {
    const std::string before(at, '4');
    const std::string dots(at, '.');
    EXPECT_EQ(redacted(kCard + std::string("}"), dots + "4111111111111111" + dots),
              dots + "****" + dots);
    EXPECT_EQ(redacted("{blocked_values: ['4x']}", before + "x"), before.substr(1) + "****");
  }
}

// The places where Go finds matches of the empty text.
TEST(TextRedactorTest, EmptyMatchesAsInGo) {
  EXPECT_EQ(redacted("{blocked_values: ['x*']}", ""), "****");
  EXPECT_EQ(redacted("{blocked_values: ['x*']}", "ab"), "****a****b****");
  EXPECT_EQ(redacted("{blocked_values: ['x*']}", "axb"), "****a****b****");
  EXPECT_EQ(redacted("{blocked_values: ['x*']}", "\xc3\xa9"), "****\xc3\xa9****");
  EXPECT_EQ(redacted("{blocked_values: ['^']}", "ab"), "****ab");
  EXPECT_EQ(redacted("{blocked_values: ['$']}", "ab"), "ab****");
}

TEST(TextRedactorTest, PatternsSeeWhatStandsBeforeAMatch) {
  EXPECT_EQ(redacted("{blocked_values: ['\\ba']}", "aa a"), "****a ****");
  EXPECT_EQ(redacted("{blocked_values: ['^a']}", "aaa"), "****aa");
}

// Go replaces the matches of ".*".
TEST(TextRedactorTest, EachLineIsMasked) {
  EXPECT_EQ(masked("{}", "secret"), "****");
  EXPECT_EQ(masked("{}", ""), "****");
  EXPECT_EQ(masked("{}", "a\nb"), "****\n****");
  EXPECT_EQ(masked("{}", "a\n\nb\n"), "****\n****\n****\n****");
  EXPECT_EQ(masked("{hash_function: md5}", "a\nb"),
            "0cc175b9c0f1b6a831c399e269772661\n92eb5ffee6ae2fec3ad71c777531578f");
}

TEST(TextRedactorTest, AllowedTexts) {
  testing::TestWork own;
  const Options options = read("{allowed_values: ['.+@mycompany.com']}");
  TextRedactor redactor(options, own.work);
  EXPECT_TRUE(redactor.is_allowed("to ann@mycompany.com"));
  EXPECT_FALSE(redactor.is_allowed("@mycompany.com"));
}

TEST(TextRedactorTest, GrowthIsReserved) {
  testing::TestWork small(256 * 1024);
  const Options options = read("{blocked_values: ['x*'], hash_function: sha1}");
  TextRedactor redactor(options, small.work);
  redactor.redact(std::string(100'000, 'a'));
  ASSERT_TRUE(redactor.failure());
  EXPECT_NE(redactor.failure()->message.find("memory"), std::string::npos);
}

}  // namespace
}  // namespace millrace::processors::redaction
