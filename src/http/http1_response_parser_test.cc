#include "http/http1_response_parser.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/bytes.h"
#include "http/http1_request_writer.h"

namespace millrace::http {
namespace {

struct Collector final : Http1ResponseHandler {
  void on_status(int status) override { seen += std::to_string(status); }
  void on_header(std::string_view name, std::string_view value) override {
    seen.append("|").append(name).append("=").append(value);
  }
  bool on_body(std::span<const uint8_t> bytes) override {
    body.append(as_text(bytes));
    return body.size() <= body_max;
  }
  std::string seen;
  std::string body;
  size_t body_max = 1000;
};

struct Case {
  const char* name;
  std::string bytes;
  bool ok;        // as received, and with the end of the connection behind it
  bool complete;  // without the end of the connection
  bool keep_alive;
  std::string seen;
  std::string body;
};

const std::vector<Case> kCases = {
    {"length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A:  b \r\n\r\nhello", true, true, true,
     "200|content-length=5|x-a=b", "hello"},
    {"chunked",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n1\r\n!\r\n0\r\nT: "
     "1\r\n\r\n",
     true, true, true, "200|transfer-encoding=chunked", "hello!"},
    {"empty and chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", true,
     true, true, "200|transfer-encoding=chunked", ""},
    {"to the end", "HTTP/1.1 503 No\r\n\r\nbody", true, false, false, "503", "body"},
    {"old version", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", true, true, false,
     "200|content-length=0", ""},
    {"close", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", true, true,
     false, "200|connection=close|content-length=0", ""},
    {"no content", "HTTP/1.1 204 No Content\r\n\r\n", true, true, true, "204", ""},
    {"interim",
     "HTTP/1.1 100 Continue\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", true,
     true, true, "200|content-length=1", "x"},
    {"not http", "SSH-2.0-OpenSSH\r\n\r\n", false, false, false, "", ""},
    {"http2 preface answer", std::string("\0\0\x06\x04\0\0\0\0\0", 9) + "zzz\r\n\r\n", false, false,
     false, "", ""},
    {"switching", "HTTP/1.1 101 Switching\r\n\r\n", false, false, false, "", ""},
    {"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", false,
     false, false, "", ""},
    {"bad chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", false, false,
     false, "", ""},
    {"more behind", "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", false, false, false,
     "", ""},
    {"cut body", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", false, false, false, "", ""},
    {"cut head", "HTTP/1.1 200 OK\r\nContent-Le", false, false, false, "", ""},
};

void expect(const Case& wanted, size_t cut) {
  Collector collector;
  Http1ResponseParser parser(collector, 8192);
  const std::span<const uint8_t> bytes = as_span(wanted.bytes);
  bool ok = parser.receive(bytes.first(cut)).has_value() &&
            parser.receive(bytes.subspan(cut)).has_value();
  if (ok && wanted.ok) {
    EXPECT_EQ(parser.complete(), wanted.complete) << wanted.name << " cut at " << cut;
    if (parser.complete()) {
      EXPECT_EQ(parser.keep_alive(), wanted.keep_alive) << wanted.name;
    }
  }
  ok = ok && parser.finish().has_value();
  EXPECT_EQ(ok, wanted.ok) << wanted.name << " cut at " << cut;
  if (!wanted.ok) return;
  EXPECT_EQ(collector.seen, wanted.seen) << wanted.name << " cut at " << cut;
  EXPECT_EQ(collector.body, wanted.body) << wanted.name << " cut at " << cut;
}

TEST(Http1ResponseParserTest, EachResponseReadsTheSameHoweverItIsCut) {
  for (const Case& wanted : kCases) {
    for (size_t cut = 0; cut <= wanted.bytes.size(); ++cut) expect(wanted, cut);
  }
}

TEST(Http1ResponseParserTest, EachGoodResponseReadsTheSameByteByByte) {
  for (const Case& wanted : kCases) {
    if (!wanted.ok) continue;
    Collector collector;
    Http1ResponseParser parser(collector, 8192);
    for (const uint8_t& byte : as_span(wanted.bytes)) {
      ASSERT_TRUE(parser.receive({&byte, 1})) << wanted.name;
    }
    EXPECT_EQ(parser.complete(), wanted.complete) << wanted.name;
    EXPECT_TRUE(parser.finish()) << wanted.name;
    EXPECT_EQ(collector.seen, wanted.seen) << wanted.name;
    EXPECT_EQ(collector.body, wanted.body) << wanted.name;
  }
}

TEST(Http1ResponseParserTest, NothingIsNoResponse) {
  Collector collector;
  Http1ResponseParser parser(collector, 8192);
  EXPECT_FALSE(parser.finish());
}

TEST(Http1ResponseParserTest, OneResponseAfterAnother) {
  Collector collector;
  Http1ResponseParser parser(collector, 8192);
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(parser.begun());
    ASSERT_TRUE(parser.receive(as_span("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")));
    EXPECT_TRUE(parser.begun());
    ASSERT_TRUE(parser.complete());
    parser.reset();
  }
  EXPECT_EQ(collector.body, "xxx");
}

TEST(Http1ResponseParserTest, HandlerLimitsTheBody) {
  Collector collector;
  collector.body_max = 3;
  Http1ResponseParser parser(collector, 8192);
  EXPECT_FALSE(parser.receive(as_span("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")));
}

TEST(Http1ResponseParserTest, EndlessHeaderIsRefused) {
  Collector collector;
  Http1ResponseParser parser(collector, 1024);
  Status status = parser.receive(as_span("HTTP/1.1 200 OK\r\nX: "));
  for (int i = 0; i < 100 && status; ++i) status = parser.receive(as_span(std::string(100, 'a')));
  EXPECT_FALSE(status);
}

TEST(Http1RequestWriterTest, HeadIsExact) {
  const Http1Field fields[] = {{"Host", "a:1"}, {"Content-Length", "3"}};
  EXPECT_EQ(write_http1_request_head("POST", "/v1/traces", fields),
            "POST /v1/traces HTTP/1.1\r\nHost: a:1\r\nContent-Length: 3\r\n\r\n");
}

}  // namespace
}  // namespace millrace::http
