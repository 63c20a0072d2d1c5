// What the fuzz target found; its other cases are the server's tests (transport) and conformance.
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

}  // namespace
}  // namespace millrace::http
