#include "http/request_body.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::http {
namespace {

std::string text_of(const GatheredOutput& output) {
  std::string text;
  for (const iovec& piece : output.view()) {
    text.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
  }
  return text;
}

Rope two_pieces() {
  Rope rope;
  rope.append(Bytes::copy_of("hello "));
  rope.append(Bytes::copy_of("world"));
  return rope;
}

constexpr RequestBody::Prefix kPrefix = {'a', 'b', 'c', 'd', 'e'};

TEST(RequestBodyTest, EveryPartitionGivesTheSameBytes) {
  const std::string whole = "abcdehello world";
  for (size_t step = 1; step <= whole.size(); ++step) {
    RequestBody body(kPrefix, 5, two_pieces());
    GatheredOutput output;
    EXPECT_FALSE(body.is_begun());
    for (size_t sent = 0; sent < whole.size();) {
      const size_t size = std::min(step, whole.size() - sent);
      body.append_to(output, size);
      sent += size;
      EXPECT_EQ(body.left(), whole.size() - sent);
      EXPECT_TRUE(body.is_begun());
      EXPECT_EQ(text_of(output), whole.substr(0, sent));
    }
  }
}

TEST(RequestBodyTest, WithoutAPrefixTheRopeIsTheBody) {
  RequestBody body(kPrefix, 0, two_pieces());
  EXPECT_EQ(body.left(), 11u);
  GatheredOutput output;
  body.append_to(output, 11);
  EXPECT_EQ(text_of(output), "hello world");
  EXPECT_EQ(body.rope().size(), 11u);
}

TEST(RequestBodyTest, TheRopeIsPointedTo) {
  const Rope rope = two_pieces();
  RequestBody body(kPrefix, 2, rope);
  GatheredOutput output;
  body.append_to(output, 13);
  ASSERT_EQ(output.view().size(), 3u);
  EXPECT_EQ(output.view()[1].iov_base, rope.pieces()[0].data());
  EXPECT_EQ(output.view()[2].iov_base, rope.pieces()[1].data());
}

TEST(RequestBodyTest, TakingNothingBeginsNothing) {
  RequestBody body(kPrefix, 5, Rope());
  GatheredOutput output;
  body.append_to(output, 0);
  EXPECT_FALSE(body.is_begun());
  EXPECT_EQ(body.left(), 5u);
  EXPECT_TRUE(output.view().empty());
}

}  // namespace
}  // namespace millrace::http
