// Pages whose handler gets the body of the request.
#include <gtest/gtest.h>

#include "transport/server/server_test_support.h"

namespace millrace::transport {
namespace {

class PageBodyTest : public testing::ServerTest {
 protected:
  PageBodyTest() {
    options.page_routes.push_back({.path = "/call",
                                   .handler =
                                       [](const PageRequest& request) {
                                         return PageReply{
                                             .body = request.method + ":" + request.body + ":" +
                                                     std::string(request.field("mcp-method")) +
                                                     std::string(request.field("other"))};
                                       },
                                   .body_bytes_max = 1000,
                                   .wanted_fields = {"mcp-method"}});
  }
  std::string answer_to(std::string_view request) {
    auto peer = raw();
    peer->send(request);
    run_until([&] { return peer->ended || peer->received.contains("\r\n\r\n"); });
    world.run_for(5ms);
    return peer->received;
  }
  static std::string post(std::string_view body) {
    return "POST /call HTTP/1.1\r\nhost: c\r\nmcp-method: m\r\nother: o\r\ncontent-length: " +
           std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
  }
};

TEST_F(PageBodyTest, TheHandlerGetsBodyAndWantedFields) {
  start();
  EXPECT_TRUE(answer_to(post("hello")).ends_with("\r\n\r\nPOST:hello:m"));
  EXPECT_TRUE(answer_to("GET /call HTTP/1.1\r\nhost: c\r\n\r\n").ends_with("\r\n\r\nGET::"));
  EXPECT_TRUE(answer_to("POST /call HTTP/1.1\r\nhost: c\r\ntransfer-encoding: chunked\r\n\r\n"
                        "5\r\nhello\r\n7;x=y\r\n, world\r\n0\r\n\r\n")
                  .ends_with("\r\n\r\nPOST:hello, world:"));
}

TEST_F(PageBodyTest, EveryCutGivesTheSameBody) {
  start();
  const std::string whole = post("hello, world");
  for (size_t cut = 1; cut < whole.size(); ++cut) {
    auto peer = raw();
    peer->send(std::string_view(whole).substr(0, cut));
    world.run_for(5ms);
    peer->send(std::string_view(whole).substr(cut));
    ASSERT_TRUE(run_until([&] { return peer->received.ends_with("POST:hello, world:m"); })) << cut;
  }
}

TEST_F(PageBodyTest, ALargerBodyIsAnsweredWith413InWords) {
  start();
  const std::string announced = answer_to(post(std::string(1001, 'x')));
  EXPECT_TRUE(announced.starts_with("HTTP/1.1 413 ")) << announced;
  EXPECT_TRUE(announced.contains("content-type: text/plain")) << announced;
  EXPECT_TRUE(answer_to(post(std::string(1000, 'x'))).starts_with("HTTP/1.1 200 "));
  const std::string grown =
      answer_to("POST /call HTTP/1.1\r\nhost: c\r\ntransfer-encoding: chunked\r\n\r\n3e9\r\n" +
                std::string(1001, 'x') + "\r\n0\r\n\r\n");
  EXPECT_TRUE(grown.starts_with("HTTP/1.1 413 ")) << grown;
}

TEST_F(PageBodyTest, HttpTwoGivesTheBodyToo) {
  start();
  auto peer = http2();
  const int32_t id = peer->request({{":method", "POST"},
                                    {":scheme", "http"},
                                    {":path", "/call"},
                                    {":authority", "c"},
                                    {"mcp-method", "m"}},
                                   "hello");
  ASSERT_TRUE(run_until([&] { return peer->responses[id].closed; }));
  EXPECT_EQ(peer->responses[id].body, "POST:hello:m");
}

}  // namespace
}  // namespace millrace::transport
