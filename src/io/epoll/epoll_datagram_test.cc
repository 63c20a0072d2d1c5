#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "io/epoll/epoll_loop.h"
#include "io/sim/world.h"

namespace millrace::io {
namespace {

struct Scene {
  Scene() { EXPECT_TRUE(loop.open()); }
  std::unique_ptr<DatagramSocket> bind(const std::string& host, uint16_t port = 0) {
    auto socket = receive_datagrams(
        loop, {.host = host, .port = port, .buffer = buffer}, [this](const Datagram& datagram) {
          texts.push_back(std::string(as_text(datagram.bytes)) + (datagram.is_cut ? "..." : ""));
          peers.push_back(datagram.peer);
          if (on_each) on_each();
        });
    EXPECT_TRUE(socket) << socket.error().message;
    return socket ? std::move(*socket) : nullptr;
  }
  void run_until(size_t count) {
    const MonotonicTime end = loop.now() + 1min;
    while (texts.size() < count && loop.now() < end) loop.run_turn(1ms);
  }

  EpollLoop loop{{}};
  std::vector<uint8_t> buffer = std::vector<uint8_t>(8);
  std::vector<std::string> texts;
  std::vector<std::string> peers;
  std::function<void()> on_each;
};

void send(const std::string& host, uint16_t port, std::string_view text) {
  const SocketAddress to = *to_socket_address(host + ":" + std::to_string(port));
  const int descriptor = ::socket(to.any.sa_family, SOCK_DGRAM, 0);
  EXPECT_EQ(::sendto(descriptor, text.data(), text.size(), 0, &to.any, to.size),
            static_cast<ssize_t>(text.size()));
  ::close(descriptor);
}

TEST(EpollDatagramTest, DatagramsArriveOneByOneWithTheirSender) {
  Scene scene;
  const auto socket = scene.bind("127.0.0.1");
  for (const std::string_view text : {"one", "", "three"}) send("127.0.0.1", socket->port(), text);
  scene.run_until(3);
  EXPECT_EQ(scene.texts, (std::vector<std::string>{"one", "", "three"}));
  EXPECT_TRUE(scene.peers.at(0).starts_with("127.0.0.1:")) << scene.peers[0];
}

TEST(EpollDatagramTest, ALongerOneIsCutAndSaysSo) {
  Scene scene;
  const auto socket = scene.bind("127.0.0.1");
  send("127.0.0.1", socket->port(), "12345678");
  send("127.0.0.1", socket->port(), "123456789");
  scene.run_until(2);
  EXPECT_EQ(scene.texts, (std::vector<std::string>{"12345678", "12345678..."}));
}

TEST(EpollDatagramTest, ATurnReadsABoundedNumber) {
  Scene scene;
  const auto socket = scene.bind("127.0.0.1");
  for (int i = 0; i < 40; ++i) send("127.0.0.1", socket->port(), "x");
  scene.loop.run_turn(1s);
  EXPECT_EQ(scene.texts.size(), 16u);
  scene.run_until(40);
  EXPECT_EQ(scene.texts.size(), 40u);
}

TEST(EpollDatagramTest, TheHandlerMayCloseTheSocket) {
  Scene scene;
  auto socket = scene.bind("127.0.0.1");
  scene.on_each = [&] { socket = nullptr; };
  const uint16_t port = socket->port();
  send("127.0.0.1", port, "one");
  send("127.0.0.1", port, "two");
  scene.run_until(1);
  scene.loop.run_turn(1ms);
  EXPECT_EQ(scene.texts.size(), 1u);
}

TEST(EpollDatagramTest, AnAddressThatIsTakenIsAnError) {
  Scene scene;
  const auto socket = scene.bind("127.0.0.1");
  const auto second = receive_datagrams(
      scene.loop, {.host = "127.0.0.1", .port = socket->port(), .buffer = scene.buffer},
      [](const Datagram&) {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kAlreadyExists);
}

TEST(EpollDatagramTest, EachAddressOfLocalhostIsServed) {
  Scene scene;
  const auto socket = scene.bind("localhost");
  send("127.0.0.1", socket->port(), "four");
  scene.run_until(1);
  EXPECT_EQ(scene.texts, (std::vector<std::string>{"four"}));
}

TEST(EpollDatagramTest, ALoopWithoutDatagramsSaysSo) {
  sim::World world(1);
  const auto loop = world.make_loop("a");
  const auto socket = receive_datagrams(*loop, {}, [](const Datagram&) {});
  ASSERT_FALSE(socket);
  EXPECT_EQ(socket.error().code, Code::kUnimplemented);
}

}  // namespace
}  // namespace millrace::io
