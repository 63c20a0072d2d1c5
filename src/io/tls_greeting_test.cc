// Possible first records of a TLS client, as a table of raw bytes.
#include "io/tls_greeting.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace millrace::io {
namespace {

using std::literals::operator""sv;

std::span<const uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

struct Case {
  const char* name;
  std::string_view bytes;
  size_t wanted;  // 0: refused
  const char* why;
};

constexpr Case kCases[] = {
    {"nothing yet", ""sv, 9, ""},
    {"the header is not whole", "\x16\x03\x01"sv, 9, ""},
    {"a ClientHello of 300 bytes", "\x16\x03\x01\x01\x30\x01\x00\x01\x2c"sv, 5 + 0x130, ""},
    {"in two records", "\x16\x03\x01\x00\x10\x01\x00\x01\x2c"sv, 5 + 16, ""},
    {"as large as allowed", "\x16\x03\x01\x40\x00\x01\x00\x40\x00"sv, 5 + 16384, ""},
    {"HTTP", "G"sv, 0, "does not speak TLS"},
    {"an alert", "\x15\x03\x01"sv, 0, "does not speak TLS"},
    {"a record without a message", "\x16\x03\x01\x00\x00\x16\x03\x01\x00"sv, 0, "has 0 bytes"},
    {"a record that TLS does not have", "\x16\x03\x01\x40\x01\x01\x00\x40\x00"sv, 0, "16385"},
    {"another message", "\x16\x03\x01\x01\x30\x02\x00\x01\x2c"sv, 0, "ClientHello"},
    {"128 KiB", "\x16\x03\x01\x40\x00\x01\x01\xff\xfb"sv, 0, "131067 bytes, allowed are 16384"},
};

TEST(TlsGreetingTest, IsARecordThatBeginsAClientHello) {
  for (const Case& one : kCases) {
    SCOPED_TRACE(one.name);
    TlsGreeting greeting;
    greeting.append(bytes_of(one.bytes));
    const Result<size_t> wanted = greeting.bytes_wanted();
    ASSERT_EQ(wanted.has_value(), one.wanted > 0);
    if (wanted) {
      EXPECT_EQ(*wanted, one.wanted);
    } else {
      EXPECT_NE(wanted.error().message.find(one.why), std::string::npos) << wanted.error().message;
    }
  }
}

TEST(TlsGreetingTest, IsHandedOutOnce) {
  TlsGreeting greeting;
  greeting.append(bytes_of("abcde"));
  uint8_t into[3];
  EXPECT_EQ(greeting.take(into), 3u);
  EXPECT_FALSE(greeting.empty());
  EXPECT_EQ(greeting.take(into), 2u);
  EXPECT_EQ(into[1], 'e');
  EXPECT_TRUE(greeting.empty());
}

}  // namespace
}  // namespace millrace::io
