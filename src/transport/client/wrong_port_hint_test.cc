#include "transport/client/wrong_port_hint.h"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

namespace millrace::transport {
namespace {

using Octets = std::vector<uint8_t>;

std::string_view over_http1(const Octets& bytes) {
  return hint_of_first_bytes(bytes, SpokenProtocol::kHttp1);
}

std::string_view over_http2(const Octets& bytes) {
  return hint_of_first_bytes(bytes, SpokenProtocol::kHttp2);
}

Octets octets(std::string_view text) { return {text.begin(), text.end()}; }

TEST(WrongPortHintTest, AnAlertOfTlsAsksForHttps) {
  const Octets alert = {21, 3, 3, 0, 2, 2, 70};
  EXPECT_TRUE(over_http1(alert).contains("this port speaks TLS"));
  EXPECT_TRUE(over_http2(alert).contains("this port speaks TLS"));
  EXPECT_TRUE(over_http1({21, 3}).contains("this port speaks TLS"));
  EXPECT_EQ(over_http1({21}), "");
  EXPECT_EQ(over_http1({21, 4}), "") << "no version of TLS";
  EXPECT_EQ(over_http1({22, 3}), "") << "a handshake, which no server begins with";
}

TEST(WrongPortHintTest, AnAnswerInHttp1TellsAGrpcClient) {
  EXPECT_TRUE(over_http2(octets("HTTP/1.1 400 Bad Request\r\n")).contains("does not speak gRPC"));
  EXPECT_TRUE(over_http2(octets("HTTP/1.")).contains("does not speak gRPC"));
  EXPECT_EQ(over_http2(octets("HTTP/2.0")), "");
  EXPECT_EQ(over_http1(octets("HTTP/1.1 200 OK\r\n")), "") << "it is what was asked for";
}

// Any header that differs from that of a SETTINGS frame on stream 0 in one byte is none.
TEST(WrongPortHintTest, AFrameOfSettingsTellsAnHttp1Client) {
  const Octets settings = {0, 0, 18, 4, 0, 0, 0, 0, 0};
  EXPECT_TRUE(over_http1(settings).contains("this port speaks gRPC"));
  EXPECT_EQ(over_http2(settings), "") << "it is what was asked for";
  EXPECT_EQ(over_http1(Octets(settings.begin(), settings.end() - 1)), "");
  for (const size_t fixed : {0u, 1u, 3u, 5u, 8u}) {
    Octets other = settings;
    other[fixed] ^= 1;
    EXPECT_EQ(over_http1(other), "") << "byte " << fixed;
  }
  Octets empty = settings;
  empty[2] = 0;
  EXPECT_TRUE(over_http1(empty).contains("this port speaks gRPC"));
}

TEST(WrongPortHintTest, SilenceIsExplainedByTheProtocolThatWasSpoken) {
  EXPECT_TRUE(hint_of_silent_close(SpokenProtocol::kHttp2).ends_with("no gRPC, does so"));
  EXPECT_TRUE(hint_of_silent_close(SpokenProtocol::kHttp1).ends_with("no HTTP, does so"));
}

}  // namespace
}  // namespace millrace::transport
