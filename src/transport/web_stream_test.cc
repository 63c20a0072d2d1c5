#include "transport/client/web_stream.h"

#include <gtest/gtest.h>

#include "transport/server/server_test_support.h"

namespace millrace::transport {
namespace {

// A page that goes on: "0", "1", "2", and then ends as the test wishes.
struct Counting final : PageStream {
  Counting(io::Loop& of, PageStream::End how) : loop(of), last(how) {}
  void next(Give give) override {
    loop.post([this, give = std::move(give)]() mutable {
      const bool is_last = count == 2;
      give({.bytes = std::to_string(count++), .end = is_last ? last : PageStream::End::kMore});
    });
  }
  io::Loop& loop;
  PageStream::End last;
  int count = 0;
};

class WebStreamTest : public testing::ServerTest {
 protected:
  WebStreamTest() {
    for (const auto& [path, end] : {std::pair("/whole", PageStream::End::kComplete),
                                    std::pair("/broken", PageStream::End::kBrokenOff)}) {
      options.page_routes.push_back(
          {.path = path, .handler = [this, how = end](const PageRequest& request) {
             asked = request.authorization;
             PageReply reply{.body = "head "};
             reply.stream = std::make_unique<Counting>(*loop, how);
             return reply;
           }});
    }
    options.page_routes.push_back({.path = "/wrong", .handler = [](const PageRequest&) {
                                     return PageReply{.status = 400, .body = "no such edge"};
                                   }});
  }
  void get(const std::string& path, MonotonicTime deadline = kNever) {
    WebRequest request{.url = {.host = "collector", .path = path},
                       .fields = {{"authorization", "Bearer t"}}};
    request.url.port = static_cast<uint16_t>(std::stoul(address.substr(address.rfind(':') + 1)));
    request.deadline = deadline;
    stream = start_web_stream(*client_loop, request,
                              {.on_bytes = [this](std::string_view bytes) { received += bytes; },
                               .on_end =
                                   [this](Result<WebResponse> end) {
                                     ended = std::move(end);
                                     stream.reset();
                                   }});
  }
  void get_whole(const std::string& path) {
    get(path);
    ASSERT_TRUE(run_until([this] { return ended.has_value(); }));
  }
  std::string asked;
  std::string received;
  std::optional<Result<WebResponse>> ended;
  std::unique_ptr<WebStream> stream;
};

TEST_F(WebStreamTest, BytesComeUntilTheEnd) {
  start();
  get_whole("/whole");
  EXPECT_EQ(received, "head 012");
  EXPECT_EQ(asked, "Bearer t");
  EXPECT_EQ((*ended)->status, 200);
}

TEST_F(WebStreamTest, ABrokenStreamIsAnError) {
  start();
  get_whole("/broken");
  EXPECT_TRUE(received.starts_with("head 01")) << received;
  EXPECT_FALSE(*ended);
}

TEST_F(WebStreamTest, AnotherStatusComesWhole) {
  start();
  get_whole("/wrong");
  EXPECT_EQ(received, "");
  EXPECT_EQ((*ended)->status, 400);
  EXPECT_EQ((*ended)->body, "no such edge");
}

TEST_F(WebStreamTest, ARefusedConnectionIsAnError) {
  address = "collector:1";
  get_whole("/whole");
  EXPECT_FALSE(*ended);
}

TEST_F(WebStreamTest, NothingIsCalledAfterItsEnd) {
  start();
  get("/whole");
  world.run_for(1ms);
  stream.reset();
  world.run_for(100ms);
  EXPECT_FALSE(ended);
}

}  // namespace
}  // namespace millrace::transport
