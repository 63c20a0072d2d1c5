#include "http/grpc_wire.h"

#include <gtest/gtest.h>

namespace millrace::http {
namespace {

TEST(GrpcWireTest, TimeoutsHaveOneToEightDigitsAndAUnit) {
  const struct {
    std::string_view text;
    std::optional<Duration> timeout;
  } kCases[] = {
      {"1n", 1ns},
      {"10S", 10s},
      {"100m", 100ms},
      {"7u", 7us},
      {"2M", 2min},
      {"3H", 3h},
      {"0S", 0s},
      {"99999999n", 99'999'999ns},
      {"", std::nullopt},
      {"S", std::nullopt},
      {"1", std::nullopt},
      {"-1S", std::nullopt},
      {"1s", std::nullopt},
      {"1.5S", std::nullopt},
      {"+1S", std::nullopt},
      {"999999999S", std::nullopt},
      {" 1S", std::nullopt},
      {"99999999H", Duration::max()},
  };
  for (const auto& [text, timeout] : kCases) EXPECT_EQ(parse_grpc_timeout(text), timeout) << text;
}

TEST(GrpcWireTest, WrittenTimeoutIsNeverShorterAndReadsBack) {
  for (const Duration timeout : {Duration(1), Duration(99'999'999), Duration(100'000'000),
                                 Duration(123'456'789'123), Duration(10s), Duration(1000h)}) {
    const std::string text = write_grpc_timeout(timeout);
    const auto read = parse_grpc_timeout(text);
    ASSERT_TRUE(read) << text;
    EXPECT_GE(*read, timeout) << text;
  }
  EXPECT_EQ(write_grpc_timeout(-1s), "1n");
  EXPECT_EQ(write_grpc_timeout(5s), "5000000u");
}

TEST(GrpcWireTest, MessagesArePercentEncoded) {
  const struct {
    std::string_view text, encoded;
  } kCases[] = {{"", ""},
                {"plain ~ text", "plain ~ text"},
                {"100%", "100%25"},
                {"line\nend", "line%0Aend"},
                {"\xc3\xa9", "%C3%A9"},
                {"\x7f", "%7F"}};
  for (const auto& [text, encoded] : kCases) {
    EXPECT_EQ(percent_encode_grpc_message(text), encoded);
    EXPECT_EQ(percent_decode_grpc_message(encoded), text);
  }
}

TEST(GrpcWireTest, BrokenPercentSequencesStayAsTheyAre) {
  EXPECT_EQ(percent_decode_grpc_message("50%"), "50%");
  EXPECT_EQ(percent_decode_grpc_message("50%2"), "50%2");
  EXPECT_EQ(percent_decode_grpc_message("%zz%41"), "%zzA");
}

TEST(GrpcWireTest, Base64IsWrittenUnpaddedAndReadEitherWay) {
  const struct {
    std::string_view bytes, text, padded;
  } kCases[] = {{"", "", ""},
                {"f", "Zg", "Zg=="},
                {"fo", "Zm8", "Zm8="},
                {"foo", "Zm9v", "Zm9v"},
                {"\xff\xfe", "//4", "//4="}};
  for (const auto& [bytes, text, padded] : kCases) {
    EXPECT_EQ(encode_base64(bytes), text);
    EXPECT_EQ(decode_base64(text), bytes);
    EXPECT_EQ(decode_base64(padded), bytes);
  }
  EXPECT_EQ(decode_base64("Z"), std::nullopt);
  EXPECT_EQ(decode_base64("Z*=="), std::nullopt);
}

TEST(GrpcWireTest, PrefixRoundTripsAndRefusesUnknownFlags) {
  const auto bytes = write_grpc_prefix({GrpcCompression::kCompressed, 0x02030405});
  EXPECT_EQ(bytes, (std::array<uint8_t, 5>{1, 2, 3, 4, 5}));
  const auto prefix = parse_grpc_prefix(bytes);
  ASSERT_TRUE(prefix);
  EXPECT_EQ(prefix->compression, GrpcCompression::kCompressed);
  EXPECT_EQ(prefix->length, 0x02030405u);
  EXPECT_FALSE(parse_grpc_prefix(std::array<uint8_t, 5>{2, 0, 0, 0, 0}));
}

TEST(GrpcWireTest, StatusNumbersOutOfRangeAreUnknown) {
  EXPECT_EQ(parse_grpc_status("0"), Code::kOk);
  EXPECT_EQ(parse_grpc_status("14"), Code::kUnavailable);
  EXPECT_EQ(parse_grpc_status("17"), Code::kUnknown);
  EXPECT_EQ(parse_grpc_status(""), std::nullopt);
  EXPECT_EQ(parse_grpc_status("x"), std::nullopt);
  EXPECT_EQ(grpc_status_text(Code::kUnauthenticated), "16");
}

TEST(GrpcWireTest, HttpAndStreamErrorsMapAsGrpcSays) {
  EXPECT_EQ(code_of_http_status(400), Code::kInternal);
  EXPECT_EQ(code_of_http_status(404), Code::kUnimplemented);
  EXPECT_EQ(code_of_http_status(503), Code::kUnavailable);
  EXPECT_EQ(code_of_http_status(500), Code::kUnknown);
  EXPECT_EQ(code_of_http2_error(0x7), Code::kUnavailable);
  EXPECT_EQ(code_of_http2_error(0x8), Code::kCancelled);
  EXPECT_EQ(code_of_http2_error(0x2), Code::kInternal);
}

}  // namespace
}  // namespace millrace::http
