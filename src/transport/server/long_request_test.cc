// Bodies that take long to decompress, on their way to the handler.
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "compress/compressor.h"
#include "transport/server/server_test_support.h"

namespace millrace::transport {
namespace {

constexpr std::string_view kProtobuf = "application/x-protobuf";

std::string post(std::string_view body, std::string_view more) {
  return "POST /v1/traces HTTP/1.1\r\nhost: c\r\ncontent-type: " + std::string(kProtobuf) + "\r\n" +
         std::string(more) + "content-length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}

struct LongRequestTest : testing::ServerTest {
  std::string bomb(size_t size) {
    compress::Compressor compressor(compress::Coding::kZstd, 1);
    return std::string(compressor.compress(Rope(Bytes::copy_of(std::string(size, 'z'))))->text());
  }
};

// Few bytes that become many held the loop until all of them were there.
TEST_F(LongRequestTest, ABodyIsDecompressedOverSeveralTurns) {
  start();
  auto slow = raw();
  slow->send(post(bomb(20 << 20), "content-encoding: zstd\r\n"));
  ASSERT_TRUE(run_until([&] { return long_work->suspended_count() == 1; }));
  EXPECT_TRUE(handler.bodies.empty());
  int turns = 0;
  std::function<void()> again = [&] {
    if (long_work->suspended_count() == 0) return;
    ++turns;
    loop->post(again);
  };
  loop->post(again);
  ASSERT_TRUE(run_until([&] { return handler.bodies.size() == 1; }));
  EXPECT_GT(turns, 20);
  EXPECT_TRUE(handler.bodies.front() == std::string(20 << 20, 'z'));
  ASSERT_TRUE(run_until([&] { return slow->received.starts_with("HTTP/1.1 200 "); }));
}

TEST_F(LongRequestTest, AConnectionThatGoesMeanwhileLeavesNothing) {
  start();
  auto slow = raw();
  slow->send(post(bomb(20 << 20), "content-encoding: zstd\r\n"));
  ASSERT_TRUE(run_until([&] { return long_work->suspended_count() == 1; }));
  slow.reset();
  ASSERT_TRUE(run_until([&] { return server->connection_count() == 0; }));
  ASSERT_TRUE(run_until([&] { return long_work->suspended_count() == 0; }));
}

TEST_F(LongRequestTest, AServerThatGoesMeanwhileLeavesNothing) {
  start();
  auto slow = raw();
  slow->send(post(bomb(20 << 20), "content-encoding: zstd\r\n"));
  ASSERT_TRUE(run_until([&] { return long_work->suspended_count() == 1; }));
  server.reset();
  long_work->finish();
  EXPECT_EQ(long_work->suspended_count(), 0u);
}

// A refusal that comes late is answered and counted like one that comes at once.
TEST_F(LongRequestTest, TooLargeIsToldLate) {
  options.http_body_bytes_max = 8 << 20;
  start();
  compress::Compressor compressor(compress::Coding::kGzip, 1);
  const std::string body(
      compressor.compress(Rope(Bytes::copy_of(std::string(20 << 20, 'z'))))->text());
  auto slow = raw();
  slow->send(post(body, "content-encoding: gzip\r\n"));
  ASSERT_TRUE(run_until([&] { return slow->received.starts_with("HTTP/1.1 413 "); }));
  EXPECT_EQ(observer.reasons, std::vector<std::string>{"too_large"});
  EXPECT_TRUE(handler.bodies.empty());
}

}  // namespace
}  // namespace millrace::transport
