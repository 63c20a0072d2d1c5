#include "wire/text_window.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "wire/utf8.h"

namespace millrace::wire {
namespace {

using Block = std::array<uint8_t, 64>;

// The high bits of `block` as each type of this processor reads them.
std::vector<uint64_t> all_readings(const Block& block) {
  std::vector<uint64_t> readings{PortableWindow::high_bits(block.data())};
#if defined(__x86_64__)
  readings.push_back(Sse2Window::high_bits(block.data()));
  if (__builtin_cpu_supports("avx2")) readings.push_back(Avx2Window::high_bits(block.data()));
#elif defined(__aarch64__)
  readings.push_back(NeonWindow::high_bits(block.data()));
#endif
  return readings;
}

TEST(TextWindowTest, EachByteSetsItsOwnBit) {
  for (size_t i = 0; i < 64; ++i) {
    for (const uint8_t byte : {0x80, 0xff}) {
      Block block;
      block.fill(0x7f);
      block[i] = byte;
      for (const uint64_t bits : all_readings(block)) EXPECT_EQ(bits, uint64_t{1} << i);
    }
  }
}

TEST(TextWindowTest, AllAndNone) {
  Block block;
  block.fill(0x7f);
  for (const uint64_t bits : all_readings(block)) EXPECT_EQ(bits, 0u);
  block.fill(0xff);
  for (const uint64_t bits : all_readings(block)) EXPECT_EQ(bits, UINT64_MAX);
}

#if defined(__x86_64__)
// All pairs, and all triples of the bytes at the bounds of the table in RFC 3629, at every place.
TEST(TextWindowTest, Utf8AgreesWithTheSlowCheckWhateverFollows) {
  if (!__builtin_cpu_supports("avx2")) GTEST_SKIP() << "no AVX2";
  const std::string bounds("a\x7f\x80\x8f\x90\x9f\xa0\xbf\xc1\xc2\xdf\xe0\xed\xef\xf0\xf4\xf5\xff");
  const auto expect_agreement = [](std::string_view text, size_t before, char behind) {
    const std::string whole = "abc" + std::string(before, 'x') + std::string(text);
    const Bytes bytes = Bytes::copy_of(whole + std::string(3, behind));
    ASSERT_EQ(Avx2Window::is_utf8(bytes.data(), whole.size()), is_utf8(whole))
        << testing::PrintToString(text) << " behind " << before;
  };
  for (const size_t before : {0, 29, 57}) {
    for (unsigned pair = 0; pair < 0x10000; ++pair) {
      const char text[] = {static_cast<char>(pair >> 8), static_cast<char>(pair), 'z', 'z'};
      expect_agreement({text, 4}, before, 'z');
    }
    for (unsigned i = 0; i < 18 * 18 * 18 * 18; ++i) {
      const char text[] = {bounds[i % 18], bounds[i / 18 % 18], bounds[i / 324 % 18],
                           bounds[i / 5832]};
      for (size_t size = 1; size <= 4; ++size) {
        if (i % 5 == 0) expect_agreement({text, size}, before, '\x80');
      }
    }
  }
}
#endif

}  // namespace
}  // namespace millrace::wire
