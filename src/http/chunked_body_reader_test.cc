#include "http/chunked_body_reader.h"

#include <gtest/gtest.h>

#include <string>

#include "base/bytes.h"

namespace millrace::http {
namespace {

using Outcome = ChunkedBodyReader::Outcome;

struct Case {
  std::string bytes;
  Outcome outcome;
  std::string data;
  size_t behind = 0;  // bytes behind the body
};

const Case kCases[] = {
    {"5\r\nhello\r\n0\r\n\r\n", Outcome::kComplete, "hello"},
    {"0\r\n\r\nnext", Outcome::kComplete, "", 4},
    {"0\r\nA: b\r\nC: d\r\n\r\n", Outcome::kComplete, ""},
    {"1;a=b;c\r\nx\r\n00\r\n\r\n", Outcome::kComplete, "x"},
    {"1\r\nx", Outcome::kMore, "x"},
    {"\r\n", Outcome::kMalformed, ""},
    {"g\r\n", Outcome::kMalformed, ""},
    {"-1\r\n", Outcome::kMalformed, ""},
    {"1 2\r\n", Outcome::kMalformed, ""},
    {"1\nx", Outcome::kMalformed, ""},
    {"1\r\rx", Outcome::kMalformed, ""},
    {"1;\x01\r\nx", Outcome::kMalformed, ""},
    {"1\r\nx\n", Outcome::kMalformed, "x"},
    {"0\r\n\r\r", Outcome::kMalformed, ""},
    {"0\r\nA: b\n", Outcome::kMalformed, ""},
    {"0\r\nA: b\r\r", Outcome::kMalformed, ""},
    {"1\r\nx\rx", Outcome::kMalformed, "x"},
};

TEST(ChunkedBodyReaderTest, EachBodyReadsTheSameHoweverItIsCut) {
  for (const Case& wanted : kCases) {
    for (size_t step = 1; step <= wanted.bytes.size(); ++step) {
      ChunkedBodyReader reader;
      std::string data;
      Outcome outcome = Outcome::kMore;
      size_t at = 0;
      while (at < wanted.bytes.size() && outcome == Outcome::kMore) {
        size_t used = 0;
        outcome = reader.read(as_span(wanted.bytes.substr(at, step)), used, [&](auto piece) {
          data += as_text(piece);
          return true;
        });
        at += used;
      }
      EXPECT_EQ(outcome, wanted.outcome) << wanted.bytes;
      EXPECT_EQ(data, wanted.data) << wanted.bytes;
      if (outcome == Outcome::kComplete) {
        EXPECT_EQ(wanted.bytes.size() - at, wanted.behind);
      }
    }
  }
}

TEST(ChunkedBodyReaderTest, ReceiverStopsIt) {
  ChunkedBodyReader reader;
  size_t used = 0;
  EXPECT_EQ(reader.read(as_span(std::string_view("5\r\nhello")), used, [](auto) { return false; }),
            Outcome::kStopped);
}

}  // namespace
}  // namespace millrace::http
