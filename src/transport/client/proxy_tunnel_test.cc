#include "transport/client/proxy_tunnel.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/sim/world.h"
#include "io/testing/stream_probe.h"
#include "transport/client/client.h"

namespace millrace::transport {
namespace {

using Kind = ClientAnswer::Kind;

// A proxy on the host "server" for a server that only it can reach.
class ProxyTunnelTest : public ::testing::Test {
 protected:
  void start_proxy(std::string answer) {
    listener_ = *server_loop_->listen(
        {.host = "", .port = 3128, .tls = nullptr}, [this](std::unique_ptr<io::Stream> stream) {
          probes_.push_back(std::make_unique<io::testing::StreamProbe>(std::move(stream)));
        });
    ClientOptions with;
    with.host = "far";
    with.port = 4317;
    with.proxy = Proxy{"server", 3128, "Basic dTpw"};
    client_ = make_grpc_client(*client_loop_, with);
    ClientRequest request;
    request.body = Rope(Bytes::copy_of("spans"));
    request.deadline = client_loop_->now() + 5s;
    client_->send(std::move(request), [this](ClientAnswer got) { answer_ = std::move(got); });
    world_.run_for(1s);
    ASSERT_EQ(probes_.size(), 1u);
    EXPECT_EQ(probes_[0]->received,
              "CONNECT far:4317 HTTP/1.1\r\nHost: far:4317\r\nProxy-Authorization: Basic "
              "dTpw\r\n\r\n");
    probes_[0]->received.clear();
    probes_[0]->send(answer);
    world_.run_for(1s);
  }
  ~ProxyTunnelTest() override {
    client_.reset();
    probes_.clear();
  }

  io::sim::World world_{1};
  std::unique_ptr<io::Loop> server_loop_ = world_.make_loop("server");
  std::unique_ptr<io::Loop> client_loop_ = world_.make_loop("client");
  std::unique_ptr<Client> client_;
  std::unique_ptr<io::Listener> listener_;
  std::vector<std::unique_ptr<io::testing::StreamProbe>> probes_;
  std::optional<ClientAnswer> answer_;
};

TEST_F(ProxyTunnelTest, TheConnectionBeginsWhenTheProxyHasAgreed) {
  start_proxy("HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n");
  EXPECT_TRUE(probes_[0]->received.starts_with("PRI * HTTP/2.0\r\n"));
  EXPECT_NE(probes_[0]->received.find("spans"), std::string::npos);
}

TEST_F(ProxyTunnelTest, ARefusalIsToldInTheProxysWords) {
  start_proxy("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
  ASSERT_TRUE(answer_);
  EXPECT_EQ(answer_->kind, Kind::kNotSent);
  EXPECT_NE(answer_->message.find(
                "made no connection to far:4317: it answered HTTP/1.1 407 Proxy Authentication "
                "Required"),
            std::string::npos)
      << answer_->message;
}

TEST_F(ProxyTunnelTest, WhatIsNoAnswerOfAProxyIsAnError) {
  start_proxy("SSH-2.0-OpenSSH_9.2\r\n\r\n");
  ASSERT_TRUE(answer_);
  EXPECT_NE(answer_->message.find("it did not answer in HTTP: SSH-2.0"), std::string::npos)
      << answer_->message;
}

TEST_F(ProxyTunnelTest, BytesBehindTheAnswerAreAnError) {
  start_proxy("HTTP/1.1 200 OK\r\n\r\nhello");
  ASSERT_TRUE(answer_);
  EXPECT_NE(answer_->message.find("bytes of its own"), std::string::npos) << answer_->message;
}

}  // namespace
}  // namespace millrace::transport
