// TLS peers must not greet without end, send records without data or of one byte, or not
// read. Handshakes in progress and the output of closed streams are bounded for a whole loop.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <deque>

#include "io/sim/world.h"
#include "io/testing/loop_pair.h"
#include "io/testing/stream_probe.h"
#include "io/testing/test_certificates.h"
#include "io/tls.h"
#include "io/tls_stream.h"

namespace millrace::io {
namespace {

using ::testing::HasSubstr;
using testing::LoopPair;
using testing::StreamProbe;
using testing::TestAuthority;

// A client that misbehaves in ways that a TLS library does not: its session works on two buffers,
// and its output is sent as raw bytes.
class RawTlsClient {
 public:
  explicit RawTlsClient(std::unique_ptr<Stream> stream)
      : probe(std::move(stream)), context_(SSL_CTX_new(TLS_client_method())) {
    ssl = SSL_new(context_);
    in_ = BIO_new(BIO_s_mem());
    out_ = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl, in_, out_);
    SSL_set_connect_state(ssl);
  }
  ~RawTlsClient() {
    SSL_free(ssl);
    SSL_CTX_free(context_);
  }
  // Moves bytes between the session and the stream; true once the handshake is done.
  bool pump() {
    BIO_write(in_, probe.received.data(), static_cast<int>(probe.received.size()));
    probe.received.clear();
    const bool done = SSL_do_handshake(ssl) == 1;
    probe.send(take_output());
    return done;
  }
  std::string take_output() {
    std::string made(BIO_ctrl_pending(out_), '\0');
    if (!made.empty()) BIO_read(out_, made.data(), static_cast<int>(made.size()));
    return made;
  }
  StreamProbe probe;
  SSL* ssl;

 private:
  SSL_CTX* context_;
  BIO* in_;
  BIO* out_;
};

class TlsFloodTest : public ::testing::TestWithParam<std::unique_ptr<LoopPair> (*)()> {
 protected:
  struct Arrival final : StreamHandler {
    explicit Arrival(std::unique_ptr<Stream> s) : stream(std::move(s)) {
      stream->set_handler(this);
    }
    void on_ready(Interest) override {
      probe = std::make_unique<StreamProbe>(std::move(stream));
      probe->connected = true;
      probe->update_interest();
    }
    void on_failed(const Error& error) override {
      failure = error.message;
      stream.reset();
    }
    std::unique_ptr<Stream> stream;
    std::unique_ptr<StreamProbe> probe;  // set when the handshake is done
    std::string failure;
  };
  TlsFloodTest() {
    const auto issued = authority.issue({});
    TlsOptions options;
    options.cert_pem = issued.certificate_pem;
    options.key_pem = issued.key_pem;
    const ListenOptions where{.host = pair->server_ip(), .tls = *make_tls_server_context(options)};
    listener = *pair->server().listen(where, [this](std::unique_ptr<Stream> stream) {
      arrivals.push_back(std::make_unique<Arrival>(std::move(stream)));
    });
  }
  std::unique_ptr<Stream> connect() {
    return pair->client().connect({.address = pair->server_address(listener->port())});
  }
  // Returns a client whose handshake is done; the server's side is arrivals[0]->probe.
  std::unique_ptr<RawTlsClient> open() {
    auto client = std::make_unique<RawTlsClient>(connect());
    EXPECT_TRUE(pair->run_until([&] { return client->probe.connected && client->pump(); }));
    EXPECT_TRUE(pair->run_until([&] { return arrivals[0]->probe != nullptr; }));
    return client;
  }

  std::unique_ptr<LoopPair> pair = GetParam()();
  TestAuthority authority{"Millrace test authority"};
  std::vector<std::unique_ptr<Arrival>> arrivals;
  std::unique_ptr<Listener> listener;
};

TEST_P(TlsFloodTest, AClientHelloOf128KiBIsRefused) {
  StreamProbe probe(connect());
  probe.send(std::string("\x16\x03\x01\x40\x00\x01\x01\xff\xfb\x03\x03", 11));
  ASSERT_TRUE(pair->run_until([&] { return !arrivals.empty() && !arrivals[0]->failure.empty(); }));
  EXPECT_THAT(arrivals[0]->failure, HasSubstr("131067 bytes, allowed are 16384"));
}

TEST_P(TlsFloodTest, AGreetingInSmallPiecesIsUnderstood) {
  auto client = std::make_unique<RawTlsClient>(connect());
  ASSERT_TRUE(pair->run_until([&] { return client->probe.connected; }));
  SSL_do_handshake(client->ssl);
  const std::string hello = client->take_output();
  for (size_t i = 0; i < hello.size(); i += 40) {
    client->probe.send(hello.substr(i, 40));
    pair->run_for(1ms);
  }
  EXPECT_TRUE(pair->run_until([&] { return client->pump(); }));
}

TEST_P(TlsFloodTest, KeyUpdatesWithoutDataEndTheConnection) {
  auto client = open();
  const auto update_keys = [&](int times) {
    for (int i = 0; i < times; ++i) {
      SSL_key_update(client->ssl, SSL_KEY_UPDATE_REQUESTED);
      SSL_do_handshake(client->ssl);
    }
    client->probe.send(client->take_output());
    pair->run_for(20ms);
  };
  update_keys(10);  // each one is answered: two messages
  EXPECT_FALSE(arrivals[0]->probe->broken) << arrivals[0]->probe->failure;
  update_keys(1000);
  ASSERT_TRUE(pair->run_until([&] { return arrivals[0]->probe->broken; }));
  EXPECT_THAT(arrivals[0]->probe->failure, HasSubstr("too many messages that carry no data"));
}

TEST_P(TlsFloodTest, RecordsOfOneByteDoNotHoldTheLoop) {
  auto client = open();
  const int before = arrivals[0]->probe->ready_calls;
  for (int i = 0; i < 1000; ++i) SSL_write(client->ssl, "x", 1);
  client->probe.send(client->take_output());
  ASSERT_TRUE(pair->run_until([&] { return arrivals[0]->probe->received.size() == 1000; }));
  EXPECT_GE(arrivals[0]->probe->ready_calls - before, 1000 / 32);
}

TEST_P(TlsFloodTest, AServerEncryptsNoMoreThanOneRecordAhead) {
  auto client = open();
  const std::string answer(1 << 20, 'a');
  const iovec piece{const_cast<char*>(answer.data()), answer.size()};
  const IoResult result = arrivals[0]->probe->stream->write(std::span(&piece, 1));
  EXPECT_EQ(result.outcome, IoOutcome::kOk);
  EXPECT_LE(result.count, 16u << 10);
}

INSTANTIATE_TEST_SUITE_P(Sim, TlsFloodTest, ::testing::Values(&testing::make_sim_pair));
INSTANTIATE_TEST_SUITE_P(Epoll, TlsFloodTest, ::testing::Values(&testing::make_epoll_pair));

struct Step final : TlsHandshakeQueue::Handshake {
  explicit Step(std::vector<int>& order, int name) : order_(order), name_(name) {}
  void step() override { order_.push_back(name_); }

 private:
  std::vector<int>& order_;
  int name_;
};

TEST(TlsHandshakeQueueTest, ASendersHandshakePassesThoseOfAFlood) {
  sim::World world(1);
  auto loop = world.make_loop("host");
  {
    TlsHandshakeQueue queue(*loop);
    std::vector<int> order;
    std::deque<Step> flood;
    for (int i = 0; i < 100; ++i) flood.emplace_back(order, 1);
    Step honest(order, 2);
    size_t in_first_turn = 0;
    loop->post([&] {
      for (Step& step : flood) queue.take_step(step, "10.0.0.2:1");
      queue.take_step(honest, "10.0.0.1:1");
      in_first_turn = order.size();
    });
    ASSERT_TRUE(world.run_until([&] { return order.size() == 101; }, 1s));
    EXPECT_EQ(in_first_turn, static_cast<size_t>(TlsHandshakeQueue::kStepsPerTurn));
    const auto at = std::ranges::find(order, 2) - order.begin();
    EXPECT_LE(at, TlsHandshakeQueue::kStepsPerTurn + 1) << "not behind the whole flood";
    EXPECT_EQ(queue.waiting_count(), 0u);
  }
}

TEST(TlsHandshakeQueueTest, AHandshakeThatEndsLeavesTheQueue) {
  sim::World world(1);
  auto loop = world.make_loop("host");
  {
    TlsHandshakeQueue queue(*loop);
    std::vector<int> order;
    std::deque<Step> flood;
    for (int i = 0; i < 40; ++i) flood.emplace_back(order, 1);
    loop->post([&] {
      for (Step& step : flood) queue.take_step(step, "10.0.0.2:1");
      flood.clear();
    });
    world.run_for(1s);
    EXPECT_EQ(order.size(), static_cast<size_t>(TlsHandshakeQueue::kStepsPerTurn));
    EXPECT_EQ(queue.waiting_count(), 0u);
  }
}

// A peer that never reads.
class DeadStream final : public Stream {
 public:
  void set_handler(StreamHandler*) override {}
  void set_interest(Interest) override {}
  IoResult read(std::span<uint8_t>) override { return {}; }
  IoResult write(std::span<const iovec>) override { return {}; }
  void shutdown_write() override {}
  Error error() const override { return {Code::kOk, ""}; }
  TlsInfo tls() const override { return {}; }
  std::string peer_address() const override { return "10.0.0.2:1"; }
  std::string local_address() const override { return "10.0.0.1:1"; }
};

TEST(TlsLingerTest, UnsentOutputOfClosedStreamsIsBounded) {
  sim::World world(1);
  auto loop = world.make_loop("host");
  {
    int dropped = 0;
    TlsLinger linger(*loop, [&](std::string_view what, const Error& error) {
      EXPECT_EQ(what, "tls output dropped");
      EXPECT_THAT(error.message, HasSubstr("10.0.0.2:1"));
      ++dropped;
    });
    for (int i = 0; i < 100; ++i) {
      linger.add(std::make_unique<DeadStream>(), std::vector<uint8_t>(1000), 0);
    }
    EXPECT_EQ(linger.count(), TlsLinger::kEntriesMax);
    EXPECT_EQ(dropped, 36);
    for (int i = 0; i < 20; ++i) {
      linger.add(std::make_unique<DeadStream>(), std::vector<uint8_t>(100'000), 0);
    }
    EXPECT_EQ(linger.count(), TlsLinger::kBytesMax / 100'000);
    world.run_for(11s);
    EXPECT_EQ(linger.count(), 0u);
  }
}

}  // namespace
}  // namespace millrace::io
