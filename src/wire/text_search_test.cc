#include "wire/text_search.h"

#include <gtest/gtest.h>

#include "base/bytes.h"

namespace millrace::wire {
namespace {

TEST(TextSearchTest, FindsTheTextAtEveryPosition) {
  for (const std::string_view text : {"a", "ab", "abcab", "a text of more than thirty-two bytes"}) {
    const TextSearch search(text);
    for (size_t size = text.size(); size < 150; size++) {
      for (size_t at = 0; at + text.size() <= size; at++) {
        std::string bytes(size, '.');
        bytes.replace(at, text.size(), text);
        // An array of its own size, so that a read behind it is found.
        const Bytes exact = Bytes::copy_of(bytes);
        ASSERT_EQ(search.find(exact.view()), exact.data() + at) << text << " of " << size;
      }
    }
  }
}

TEST(TextSearchTest, TheFirstAndTheLastByteAreNotEnough) {
  const TextSearch search("abc");
  const std::string bytes = "a.c" + std::string(40, '.') + "axcabc" + std::string(40, 'a');
  EXPECT_EQ(search.find(as_span(bytes)), as_span(bytes).data() + 46);
  const std::string without = std::string(70, 'a') + "bac" + std::string(70, 'c');
  EXPECT_EQ(search.find(as_span(without)), nullptr);
}

TEST(TextSearchTest, FindsNothingInLessThanTheText) {
  const TextSearch search("abc");
  EXPECT_EQ(search.find({}), nullptr);
  EXPECT_EQ(search.find(as_span("ab")), nullptr);
}

}  // namespace
}  // namespace millrace::wire
