#include "transport/client/web_exchange.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/sim/world.h"
#include "io/testing/stream_probe.h"

namespace millrace::transport {
namespace {

using io::testing::StreamProbe;

class WebExchangeTest : public ::testing::Test {
 protected:
  WebExchangeTest()
      : server_loop_(world_.make_loop("server")), client_loop_(world_.make_loop("client")) {
    listener_ = *server_loop_->listen(
        {.host = "", .port = 80, .tls = nullptr}, [this](std::unique_ptr<io::Stream> stream) {
          probes_.push_back(std::make_unique<StreamProbe>(std::move(stream)));
        });
  }
  ~WebExchangeTest() override {
    exchange_.reset();
    probes_.clear();
  }

  void start(WebRequest request) {
    result_.reset();
    request.url = *parse_web_url("http://server/latest/id");
    request.deadline = client_loop_->now() + 5s;
    exchange_ = start_web_exchange(*client_loop_, request, [this](Result<WebResponse> result) {
      result_ = std::move(result);
      exchange_.reset();  // allowed inside
    });
  }
  // Starts, waits for the request, answers with `response` and returns what the exchange came to.
  Result<WebResponse> ask(std::string_view response, WebRequest request = {}) {
    start(std::move(request));
    world_.run_for(100ms);
    if (!probes_.empty() && !response.empty()) probes_.back()->send(response);
    EXPECT_TRUE(world_.run_until([&] { return result_.has_value(); }, 1min));
    return result_ ? *result_ : fail(Code::kInternal, "no answer");
  }

  io::sim::World world_{1};
  std::unique_ptr<io::Loop> server_loop_;
  std::unique_ptr<io::Loop> client_loop_;
  std::unique_ptr<io::Listener> listener_;
  std::vector<std::unique_ptr<StreamProbe>> probes_;
  std::unique_ptr<WebExchange> exchange_;
  std::optional<Result<WebResponse>> result_;
};

TEST_F(WebExchangeTest, RequestAndResponseAreAsWritten) {
  const auto response =
      ask("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nMetadata-Flavor: Google\r\n"
          "Content-Length: 4\r\n\r\ni-01",
          {.method = "PUT", .url = {}, .fields = {{"x-ttl", "60"}}, .body = "b"});
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "i-01");
  EXPECT_EQ(response->metadata_flavor, "Google");
  EXPECT_EQ(probes_.back()->received,
            "PUT /latest/id HTTP/1.1\r\nhost: server\r\nuser-agent: millrace\r\n"
            "content-length: 1\r\nx-ttl: 60\r\n\r\nb");
}

TEST_F(WebExchangeTest, RedirectionIsAnAnswerAndIsNotFollowed) {
  const auto response =
      ask("HTTP/1.1 302 Found\r\nLocation: http://server/other\r\nContent-Length: 0\r\n\r\n");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 302);
  world_.run_for(10s);
  EXPECT_EQ(probes_.size(), 1u);
}

TEST_F(WebExchangeTest, SilentPeerEndsAtTheDeadline) {
  const MonotonicTime begin = client_loop_->now();
  const auto response = ask("");
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::kDeadlineExceeded);
  EXPECT_LE(client_loop_->now() - begin, 6s);
}

TEST_F(WebExchangeTest, TooLargeBodyIsRefusedAndNotRead) {
  start({.url = {}, .body_bytes_max = 1000});
  world_.run_for(100ms);
  probes_.back()->send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
  for (int i = 0; i < 100 && !result_; ++i) {
    if (!probes_.back()->over()) probes_.back()->send(std::string(1000, 'x'));
    world_.run_for(10ms);
  }
  ASSERT_TRUE(result_.has_value());
  ASSERT_FALSE(*result_);
  EXPECT_EQ(result_->error().code, Code::kResourceExhausted);
}

TEST_F(WebExchangeTest, CompressedBodyIsAnError) {
  const auto response =
      ask("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd");
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::kInternal);
}

TEST_F(WebExchangeTest, RefusedConnectionIsAnErrorAtOnce) {
  listener_.reset();
  const MonotonicTime begin = client_loop_->now();
  const auto response = ask("");
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::kUnavailable);
  EXPECT_LT(client_loop_->now() - begin, 2s);
}

TEST_F(WebExchangeTest, DestroyedExchangeIsSilent) {
  start({});
  world_.run_for(100ms);
  exchange_.reset();
  world_.run_for(10s);
  EXPECT_FALSE(result_.has_value());
}

}  // namespace
}  // namespace millrace::transport
