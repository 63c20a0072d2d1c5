#include "http/http1_response_writer.h"

#include <gtest/gtest.h>

#include <chrono>

namespace millrace::http {
namespace {

using namespace std::chrono_literals;

// 6 November 1994, 08:49:37.
constexpr WallTime kDate{784111777s};
constexpr std::string_view kDateLine = "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n";

std::string write(Http1Response response) {
  response.date = kDate;
  std::string out = "before";
  append_http1_response(out, response);
  EXPECT_TRUE(out.starts_with("before"));
  return out.substr(6);
}
std::string expected(std::string_view status_line, std::string_view rest) {
  return std::string(status_line) + "\r\n" + std::string(kDateLine) + std::string(rest);
}

TEST(Http1ResponseWriterTest, AResponseIsExact) {
  const std::vector<ResponseField> fields = {{"a", "b"}, {"c", "d"}};
  EXPECT_EQ(write({.content_type = "text/plain", .body = "hello", .fields = &fields}),
            expected("HTTP/1.1 200 OK",
                     "content-type: text/plain\r\ncontent-length: 5\r\n"
                     "a: b\r\nc: d\r\n\r\nhello"));
}

TEST(Http1ResponseWriterTest, AnEmptyBodyHasALength) {
  EXPECT_EQ(write({.status = 503}),
            expected("HTTP/1.1 503 Service Unavailable", "content-length: 0\r\n\r\n"));
}

TEST(Http1ResponseWriterTest, NoContentHasNeitherBodyNorLength) {
  EXPECT_EQ(write({.status = 204, .body = "x"}), expected("HTTP/1.1 204 No Content", "\r\n"));
  EXPECT_EQ(write({.status = 205, .body = "x"}),
            expected("HTTP/1.1 205 Unknown", "content-length: 1\r\n\r\nx"));
}

TEST(Http1ResponseWriterTest, HeadersOnlyKeepTheLengthOfTheBody) {
  EXPECT_EQ(write({.body = "hello", .body_option = BodyOption::kHeadersOnly}),
            expected("HTTP/1.1 200 OK", "content-length: 5\r\n\r\n"));
}

TEST(Http1ResponseWriterTest, TheConnectionIsNamedWhereTheVersionDoesNotImplyIt) {
  EXPECT_EQ(write({.connection = ConnectionOption::kClose}),
            expected("HTTP/1.1 200 OK", "content-length: 0\r\nconnection: close\r\n\r\n"));
  EXPECT_EQ(write({.request_minor_version = 0}),
            expected("HTTP/1.1 200 OK", "content-length: 0\r\nconnection: keep-alive\r\n\r\n"));
  EXPECT_EQ(write({.connection = ConnectionOption::kClose, .request_minor_version = 0}),
            expected("HTTP/1.1 200 OK", "content-length: 0\r\nconnection: close\r\n\r\n"));
}

}  // namespace
}  // namespace millrace::http
