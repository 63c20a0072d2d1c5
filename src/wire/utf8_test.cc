#include "wire/utf8.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/bytes.h"

namespace millrace::wire {
namespace {

struct Case {
  const char* name;
  std::string text;
  bool valid;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> kCases = {
      {"empty", "", true},
      {"ascii", "GET /cart", true},
      {"two bytes", "\xc3\xa9", true},
      {"three bytes", "\xe2\x82\xac", true},
      {"four bytes", "\xf0\x9f\x98\x80", true},
      {"last before the surrogates", "\xed\x9f\xbf", true},
      {"last of all", "\xf4\x8f\xbf\xbf", true},
      {"overlong slash", "\xc0\xaf", false},
      {"overlong of three", "\xe0\x80\xaf", false},
      {"overlong of four", "\xf0\x80\x80\xaf", false},
      {"surrogate", "\xed\xa0\x80", false},
      {"over U+10FFFF", "\xf4\x90\x80\x80", false},
      {"continuation alone", "\x80", false},
      {"lead alone", "\xc3", false},
      {"cut short", "\xe2\x82", false},
      {"0xff", "\xff", false},
  };
  return kCases;
}

// Places the text of each case at every offset among ASCII, so that each branch and lane reads it.
TEST(Utf8Test, TableAtEveryOffset) {
  for (const Case& c : cases()) {
    for (size_t before = 0; before < 80; before++) {
      for (const size_t after : {0, 1, 20, 70}) {
        const std::string text = std::string(before, 'a') + c.text + std::string(after, 'z');
        EXPECT_EQ(is_utf8(text), c.valid) << c.name << " behind " << before;
        const Bytes bytes = Bytes::copy_of(text);
        if (bytes.empty()) continue;
        EXPECT_EQ(is_utf8_padded(bytes.data(), bytes.size()), c.valid) << c.name << before;
      }
    }
  }
}

TEST(Utf8Test, InvalidBytesAreReplacedOneByOne) {
  EXPECT_EQ(to_utf8(""), "");
  EXPECT_EQ(to_utf8("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f");
  EXPECT_EQ(to_utf8("a\xff z"), "a\xef\xbf\xbd z");
  EXPECT_EQ(to_utf8("\xe2\x82"), "\xef\xbf\xbd\xef\xbf\xbd") << "cut short at the end";
  for (const Case& c : cases()) EXPECT_TRUE(is_utf8(to_utf8(c.text))) << c.name;
}

TEST(Utf8Test, ARepairedTextIsCutAtAWholeCharacter) {
  EXPECT_EQ(to_utf8("abc", 2), "ab");
  EXPECT_EQ(to_utf8("a\xc3\xbc", 2), "a");
  EXPECT_EQ(to_utf8("a\xff", 3), "a") << "the replacement has no room";
  EXPECT_EQ(to_utf8("a\xff", 4), "a\xef\xbf\xbd");
}

TEST(Utf8Test, BytesBehindTheTextDoNotMatter) {
  const Bytes bytes = Bytes::copy_of("plain\xff\xff\xff and more that is not looked at");
  EXPECT_TRUE(is_utf8_padded(bytes.data(), 5));
  EXPECT_TRUE(is_ascii_padded(bytes.data(), 5));
  EXPECT_FALSE(is_utf8_padded(bytes.data(), 6));
}

}  // namespace
}  // namespace millrace::wire
