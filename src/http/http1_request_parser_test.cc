// Cases that the fuzz target found; others are the server's tests (transport) and conformance.
#include "http/http1_request_parser.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace millrace::http {
namespace {

struct Recorder final : Http1RequestEvents {
  void on_head(const Http1Head& head, const HeaderList&) override {
    seen += head.chunked ? "chunked " : "plain ";
  }
  void on_body(std::span<uint8_t> bytes) override { seen.append(bytes.begin(), bytes.end()); }
  void on_end() override { seen += " end"; }
  std::string seen;
};

// As a connection does: what was not consumed is given again with `step` bytes more behind it, and
// now and then with nothing new.
std::string parse_in_steps(const std::string& text, size_t step) {
  Recorder recorder;
  Http1RequestParser parser(2048, recorder);
  std::vector<uint8_t> bytes(text.begin(), text.end());
  size_t consumed = 0;
  for (size_t given = 0; given < bytes.size();) {
    given = std::min(bytes.size(), given + step);
    for (int twice = 0; twice < 2; ++twice) {
      // A copy of its own: the address sanitizer sees a read behind its end.
      std::vector<uint8_t> piece(bytes.begin() + static_cast<ptrdiff_t>(consumed),
                                 bytes.begin() + static_cast<ptrdiff_t>(given));
      const auto progress = parser.parse(piece);
      if (progress.error != Http1Error::kNone) return recorder.seen + " error";
      consumed += progress.consumed;
    }
  }
  EXPECT_EQ(consumed, bytes.size());
  return recorder.seen;
}

const std::string kHead = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";

TEST(Http1RequestParserTest, TheLastChunkOfAnEmptyBodyMayComeInPieces) {
  for (const std::string end : {"0\r\n\r\n", "0\r\nT: 1\r\n\r\n", "0;x=y\r\n\r\n", "00\r\n\r\n"}) {
    for (size_t step = 1; step <= kHead.size() + end.size(); ++step) {
      EXPECT_EQ(parse_in_steps(kHead + end, step), "chunked  end") << end << " by " << step;
    }
  }
}

// The memory for a body is chosen by where it begins: with the whole body in hand it stays there.
TEST(Http1RequestParserTest, TheHeadSaysWhereTheBodyLies) {
  struct Placed final : Http1RequestEvents {
    void on_head(const Http1Head& head, const HeaderList&) override { announced = head.body_at; }
    void on_body(std::span<uint8_t> bytes) override {
      if (first == nullptr) first = bytes.data();
    }
    void on_end() override {}
    const uint8_t* announced = nullptr;
    const uint8_t* first = nullptr;
  };
  std::string text = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody";
  auto* const data = reinterpret_cast<uint8_t*>(text.data());
  Placed placed;
  Http1RequestParser whole(2048, placed);
  EXPECT_EQ(whole.parse({data, text.size()}).consumed, text.size());
  EXPECT_EQ(placed.announced, data + text.size() - 4);
  EXPECT_EQ(placed.first, placed.announced);
  Placed apart;
  Http1RequestParser head_only(2048, apart);
  EXPECT_EQ(head_only.parse({data, text.size() - 4}).consumed, text.size() - 4);
  EXPECT_EQ(apart.announced, data + text.size() - 4) << "behind what there is";
}

TEST(Http1RequestParserTest, ABodyThatLooksLikeTheLastChunkIsOne) {
  for (size_t step = 1; step < 20; ++step) {
    EXPECT_EQ(parse_in_steps(kHead + "4\r\n0\r\nx\r\n0\r\n\r\n", step), "chunked 0\r\nx end")
        << step;
  }
}

TEST(Http1RequestParserTest, ABadChunkIsNotWaitedFor) {
  for (size_t step = 1; step < 10; ++step) {
    EXPECT_EQ(parse_in_steps(kHead + "zz\r\n", step), "chunked  error") << step;
  }
}

TEST(Http1RequestParserTest, EmptyLinesBeforeARequestAreSkipped) {
  for (const std::string before : {"\r\n", "\r\n\r\n", "\r\n\r\n\r\n"}) {
    const std::string text = before + kHead + "1\r\na\r\n0\r\n\r\n";
    for (size_t step = 1; step <= text.size(); ++step) {
      EXPECT_EQ(parse_in_steps(text, step), "chunked a end") << before.size() << " by " << step;
    }
  }
}

TEST(Http1RequestParserTest, WhatIsNoEmptyLineBeforeARequestIsAnError) {
  for (const std::string before : {"\r\r\n", "\rX", "\n\r\n", " \r\n"}) {
    for (size_t step = 1; step < 8; ++step) {
      EXPECT_EQ(parse_in_steps(before + kHead, step), " error") << before.size() << " by " << step;
    }
  }
}

// All that a request is made of, as one text.
struct Whole final : Http1RequestEvents {
  void on_head(const Http1Head& head, const HeaderList& list) override {
    seen = std::string(list.find(KnownField::kMethod)) + " " +
           std::string(list.find(KnownField::kPath)) + " " +
           std::string(list.find(KnownField::kAuthority)) + " 1." +
           std::to_string(head.minor_version);
    if (head.keep_alive) seen += " keep-alive";
    if (head.expects_continue) seen += " expects-continue";
    if (head.chunked) seen += " chunked";
    if (head.content_length) seen += " " + std::to_string(*head.content_length);
    fields = list.count();
  }
  void on_body(std::span<uint8_t> bytes) override { body.append(bytes.begin(), bytes.end()); }
  void on_end() override { ended = true; }
  std::string seen;
  std::string body;
  size_t fields = 0;
  bool ended = false;
};

struct Case {
  std::string bytes;
  std::string seen;
  std::string body = "";
  size_t left = 0;  // bytes of the next request
};
const Case kGood[] = {
    {"GET /a HTTP/1.1\r\nHost: b\r\n\r\n", "GET /a b 1.1 keep-alive"},
    {"GET /a HTTP/1.0\r\n\r\n", "GET /a  1.0"},
    {"GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "GET /a  1.0 keep-alive"},
    {"GET /a HTTP/1.1\r\nhost: b\r\nConnection: close\r\n\r\n", "GET /a b 1.1"},
    {"POST http://b:1/v1/traces HTTP/1.1\r\nHost: b\r\nContent-Length: 3\r\n\r\nabcGET",
     "POST /v1/traces b 1.1 keep-alive 3", "abc", 3},
    {"POST https://b HTTP/1.1\r\nHost: b\r\nContent-Length: 0\r\n\r\n",
     "POST / b 1.1 keep-alive 0"},
    {"POST /a HTTP/1.1\r\nHost: b\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\nx",
     "POST /a b 1.1 keep-alive expects-continue 1", "x"},
    {"POST /a HTTP/1.1\r\nHost: b\r\nExpect: 200-ok\r\nContent-Length: 1\r\n\r\nx",
     "POST /a b 1.1 keep-alive 1", "x"},
    {"POST /a HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: CHUNKED\r\n\r\n2\r\nab\r\n0\r\nT: "
     "1\r\n\r\n",
     "POST /a b 1.1 keep-alive chunked", "ab"},
};

TEST(Http1RequestParserTest, EachRequestIsReadAsItIs) {
  for (const Case& wanted : kGood) {
    Whole whole;
    Http1RequestParser parser(2048, whole);
    EXPECT_FALSE(parser.started());
    std::vector<uint8_t> bytes(wanted.bytes.begin(), wanted.bytes.end());
    const auto progress = parser.parse(bytes);
    EXPECT_EQ(progress.error, Http1Error::kNone) << wanted.bytes;
    EXPECT_EQ(bytes.size() - progress.consumed, wanted.left) << wanted.bytes;
    EXPECT_EQ(whole.seen, wanted.seen) << wanted.bytes;
    EXPECT_EQ(whole.body, wanted.body) << wanted.bytes;
    EXPECT_TRUE(whole.ended) << wanted.bytes;
    EXPECT_FALSE(parser.started()) << wanted.bytes;
    parser.reset();
    EXPECT_FALSE(parser.head_done());
  }
}

TEST(Http1RequestParserTest, ARequestIsStartedBetweenItsFirstAndItsLastByte) {
  Whole whole;
  Http1RequestParser parser(2048, whole);
  std::string text = "POST /a HTTP/1.1\r\nHost: b\r\nContent-Length: 2\r\n\r\nx";
  std::vector<uint8_t> bytes(text.begin(), text.end());
  EXPECT_EQ(parser.parse(bytes).consumed, bytes.size());
  EXPECT_TRUE(parser.started());
  EXPECT_TRUE(parser.head_done());
  EXPECT_FALSE(whole.ended);
}

TEST(Http1RequestParserTest, EachMistakeHasItsError) {
  const std::string post = "POST / HTTP/1.1\r\nHost: b\r\n";
  const std::pair<std::string, Http1Error> cases[] = {
      {"SSH-2.0-OpenSSH\r\n\r\n", Http1Error::kNotHttp},
      {"GET / HTTP/1.1\r\n\r\n", Http1Error::kMalformed},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", Http1Error::kMalformed},
      {"GET / HTTP/1.1\r\nbad\r\n\r\n", Http1Error::kMalformed},
      {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", Http1Error::kMalformed},
      {post + "Transfer-Encoding: gzip\r\n\r\n", Http1Error::kUnknownTransferCoding},
      {post + "Transfer-Encoding: chunke\r\n\r\n", Http1Error::kUnknownTransferCoding},
      {post + "Transfer-Encoding: gzip, chunked\r\n\r\n", Http1Error::kUnknownTransferCoding},
      {post + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", Http1Error::kBothLengths},
      {post + "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", Http1Error::kBothLengths},
      {post + "Content-Length: x\r\n\r\n", Http1Error::kMalformed},
      {post + "X: " + std::string(3000, 'v') + "\r\n\r\n", Http1Error::kHeaderTooLarge},
      {post + "X: " + std::string(3000, 'v'), Http1Error::kHeaderTooLarge},
  };
  for (const auto& [text, error] : cases) {
    Whole whole;
    Http1RequestParser parser(2048, whole);
    std::vector<uint8_t> bytes(text.begin(), text.end());
    EXPECT_EQ(parser.parse(bytes).error, error) << text.substr(0, 100);
    EXPECT_FALSE(whole.ended) << text.substr(0, 100);
  }
}

// Names, values and 32 bytes a field count, as over HTTP/2.
TEST(Http1RequestParserTest, ManySmallFieldsAreALargeHeader) {
  std::string text = "GET / HTTP/1.1\r\nHost: b\r\n";
  for (int i = 0; i < 70; ++i) text += "a: b\r\n";
  Whole whole;
  Http1RequestParser parser(2048, whole);
  std::vector<uint8_t> bytes(text.begin(), text.end());
  EXPECT_EQ(parser.parse(bytes).error, Http1Error::kHeaderTooLarge);
}

TEST(Http1RequestParserTest, TrailersAreNoFields) {
  const std::string text = kHead + "0\r\nT: 1\r\nU: 2\r\n\r\n";
  Whole whole;
  Http1RequestParser parser(2048, whole);
  std::vector<uint8_t> bytes(text.begin(), text.end());
  EXPECT_EQ(parser.parse(bytes).consumed, bytes.size());
  EXPECT_EQ(whole.fields, 5u);  // method, path, authority, host, transfer-encoding
}

}  // namespace
}  // namespace millrace::http
