#include "http/http1_response_parser.h"

#include <gtest/gtest.h>

#include <algorithm>
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
  size_t body_max = 20'000;
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
    {"extension without end", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x\n", false,
     false, false, "", ""},
    {"no line feed behind data", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
     false, false, false, "", ""},
    {"chunk of no size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n;x\r\n", false,
     false, false, "", ""},
    {"chunk larger than any",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
     "ffffffffffffffff\r\n",
     false, false, false, "", ""},
    {"upper case and zeros",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n00A "
     "\t;x=\"y\"\r\n0123456789\r\n000\r\n\r\n",
     true, true, true, "200|transfer-encoding=chunked", "0123456789"},
    {"bad chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", false, false,
     false, "", ""},
    {"more behind", "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", false, false, false,
     "", ""},
    {"cut body", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", false, false, false, "", ""},
    {"cut head", "HTTP/1.1 200 OK\r\nContent-Le", false, false, false, "", ""},
};

void expect(const Case& wanted, size_t cut) {
  Collector collector;
  Http1ResponseParser parser(collector);
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
    Http1ResponseParser parser(collector);
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
  Http1ResponseParser parser(collector);
  EXPECT_FALSE(parser.finish());
}

TEST(Http1ResponseParserTest, OneResponseAfterAnother) {
  Collector collector;
  Http1ResponseParser parser(collector);
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
  Http1ResponseParser parser(collector);
  EXPECT_FALSE(parser.receive(as_span("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")));
}

struct EndlessCase {
  const char* name;
  std::string begin;
  std::string rest;  // again and again
  ResponseLimit limit;
};

const std::string kChunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const std::vector<EndlessCase> kEndless = {
    {"status line", "HTTP/1.1 200 ", "a", ResponseLimit::kHead},
    {"field", "HTTP/1.1 200 OK\r\nX: ", "a", ResponseLimit::kHead},
    {"name of a field", "HTTP/1.1 200 OK\r\nX", "a", ResponseLimit::kHead},
    {"fields", "HTTP/1.1 200 OK\r\n", "X: y\r\n", ResponseLimit::kHead},
    {"large fields", "HTTP/1.1 200 OK\r\n", "X: " + std::string(300, 'y') + "\r\n",
     ResponseLimit::kHead},
    {"interim", "", "HTTP/1.1 100 Continue\r\n\r\n", ResponseLimit::kInterim},
    {"large interim", "", "HTTP/1.1 103 H\r\nLink: " + std::string(9000, 'y') + "\r\n\r\n",
     ResponseLimit::kHead},
    {"size of a chunk", kChunked, "0", ResponseLimit::kChunkLine},
    {"extension", kChunked + "5;x=", "a", ResponseLimit::kChunkLine},
    {"spaces behind a size", kChunked + "5", " ", ResponseLimit::kChunkLine},
    {"extensions", kChunked, "1;x=" + std::string(900, 'a') + "\r\nz\r\n",
     ResponseLimit::kChunkLine},
    {"trailer", kChunked + "0\r\nX: ", "a", ResponseLimit::kTrailers},
    {"trailers", kChunked + "0\r\n", "X: y\r\n", ResponseLimit::kTrailers},
    {"body", "HTTP/1.1 200 OK\r\n\r\n", "a", ResponseLimit::kNone},
    {"sized body", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", "a",
     ResponseLimit::kNone},
    {"chunks", kChunked, "1\r\nz\r\n", ResponseLimit::kNone},
    {"large chunk", kChunked + "fffffff\r\n", "a", ResponseLimit::kNone},
};

// Feeds it in pieces until the parser has had enough; returns how many bytes that took.
size_t feed_endless(const EndlessCase& attack, size_t piece_size, Http1ResponseParser& parser) {
  std::string piece = attack.begin;
  for (size_t sent = 0; sent < 4 << 20; piece.clear()) {
    while (piece.size() < piece_size) piece += attack.rest;
    for (size_t at = 0; at < piece.size(); at += piece_size) {
      const Status status =
          parser.receive(as_span(piece).subspan(at).first(std::min(piece_size, piece.size() - at)));
      sent += std::min(piece_size, piece.size() - at);
      if (!status) return sent;
      EXPECT_LE(parser.kept_bytes(), kResponseHeadBytesMax) << attack.name;
    }
  }
  ADD_FAILURE() << attack.name << " has no bound";
  return 0;
}

TEST(Http1ResponseParserTest, NoPartOfAResponseIsEndless) {
  for (const EndlessCase& attack : kEndless) {
    for (const size_t piece_size : {size_t{1}, size_t{7}, size_t{1000}, size_t{16} << 10}) {
      Collector collector;
      Http1ResponseParser parser(collector);
      const size_t sent = feed_endless(attack, piece_size, parser);
      EXPECT_EQ(response_limit_name(parser.limit()), response_limit_name(attack.limit))
          << attack.name << " in pieces of " << piece_size;
      EXPECT_LE(sent, size_t{160} << 10) << attack.name;
    }
  }
}

TEST(Http1ResponseParserTest, WhatIsWithinTheBoundsIsRead) {
  std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX: ";
  head += std::string(kResponseHeadBytesMax - head.size() - 4, 'a') + "\r\n\r\n";
  std::string body = "3;x=" + std::string(kChunkLineBytesMax - 6, 'a') + "\r\nabc\r\n";
  for (int i = 0; i < 900; ++i) body += "1\r\nz\r\n";
  const std::string trailers = "0\r\nT: " + std::string(kTrailerBytesMax - 7, 'a') + "\r\n\r\n";
  for (const size_t piece_size : {size_t{1}, size_t{1000}, size_t{1} << 20}) {
    Collector collector;
    Http1ResponseParser parser(collector);
    const std::string all = head + body + trailers;
    for (size_t at = 0; at < all.size(); at += piece_size) {
      const Status status = parser.receive(as_span(all.substr(at, piece_size)));
      ASSERT_TRUE(status) << status.error().message;
    }
    EXPECT_TRUE(parser.complete());
    EXPECT_EQ(collector.body.size(), 903u);
  }
}

TEST(Http1ResponseParserTest, SixteenInterimResponsesAreRead) {
  std::string all;
  for (uint32_t i = 0; i < kInterimResponsesMax; ++i) all += "HTTP/1.1 100 Continue\r\n\r\n";
  Collector collector;
  Http1ResponseParser parser(collector);
  ASSERT_TRUE(parser.receive(as_span(all + "HTTP/1.1 204 No Content\r\n\r\n")));
  EXPECT_TRUE(parser.complete());
  parser.reset();
  EXPECT_TRUE(parser.receive(as_span(all)));
}

TEST(Http1ResponseParserTest, ABodyThatItsReceiverRefusesIsAnError) {
  for (const std::string head :
       {"HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n"}) {
    Collector collector;
    collector.body_max = 3;
    Http1ResponseParser parser(collector);
    EXPECT_TRUE(parser.receive(as_span(head + "abc"))) << head;
    const Status status = parser.receive(as_span(std::string_view("d")));
    ASSERT_FALSE(status) << head;
    EXPECT_EQ(status.error().code, Code::kResourceExhausted) << head;
    EXPECT_EQ(parser.limit(), ResponseLimit::kNone) << head;
  }
}

TEST(Http1ResponseParserTest, AMalformedChunkIsAnErrorOfThePeer) {
  Collector collector;
  Http1ResponseParser parser(collector);
  const Status status = parser.receive(as_span(kChunked + "zz\r\n"));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::kInternal);
  EXPECT_FALSE(parser.complete());
}

TEST(Http1ResponseParserTest, ItHasBegunWithItsFirstByteAndUntilItIsReset) {
  Collector collector;
  Http1ResponseParser parser(collector);
  EXPECT_TRUE(parser.receive({}));
  EXPECT_FALSE(parser.begun());
  EXPECT_TRUE(parser.receive(as_span(std::string_view("H"))));
  EXPECT_TRUE(parser.begun());
  EXPECT_EQ(parser.kept_bytes(), 1u);
  parser.reset();
  EXPECT_FALSE(parser.begun());
  EXPECT_EQ(parser.kept_bytes(), 0u);
}

TEST(Http1RequestWriterTest, HeadIsExact) {
  const Http1Field fields[] = {{"Host", "a:1"}, {"Content-Length", "3"}};
  EXPECT_EQ(write_http1_request_head("POST", "/v1/traces", fields),
            "POST /v1/traces HTTP/1.1\r\nHost: a:1\r\nContent-Length: 3\r\n\r\n");
}

}  // namespace
}  // namespace millrace::http
