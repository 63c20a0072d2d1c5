// Which connection is evicted: rules as tables of peers, and floods as arithmetic over time.
#include "transport/server/eviction_order.h"

#include <gtest/gtest.h>

#include <deque>

namespace millrace::transport {
namespace {

constexpr MonotonicTime kStart{std::chrono::seconds(1000)};

struct Peer final : EvictionOrder::Connection {
  MonotonicTime idle_since() const override { return idle; }
  void evict() override { entry.reset(); }
  std::unique_ptr<EvictionOrder::Entry> entry;
  MonotonicTime idle = kStart;
};

class EvictionOrderTest : public ::testing::Test {
 protected:
  Peer& come(std::string_view address) {
    peers.emplace_back();
    peers.back().entry = order.add(peers.back(), address);
    return peers.back();
  }
  Peer& prove(Peer& peer) {
    peer.entry->prove();
    return peer;
  }
  EvictionOrder order;
  std::deque<Peer> peers;
};

TEST_F(EvictionOrderTest, NothingToEvictIsARefusal) {
  EXPECT_EQ(order.choose("10.0.0.1:1", kStart), nullptr);
}

TEST_F(EvictionOrderTest, ThePeerWithTheMostNewConnectionsLosesOne) {
  come("10.0.0.1:1");
  Peer& flood = come("10.0.0.2:1");
  come("10.0.0.2:2");
  Peer& kept = come("10.0.0.2:3");
  // Of three the oldest one is sheltered, and the next goes.
  auto* victim = order.choose("10.0.0.3:1", kStart);
  EXPECT_NE(victim, &flood);
  EXPECT_NE(victim, &kept);
  EXPECT_EQ(victim, &peers[2]);
}

TEST_F(EvictionOrderTest, AProvenConnectionIsNotAmongTheFirst) {
  prove(come("10.0.0.2:1"));
  prove(come("10.0.0.2:2"));
  Peer& fresh = come("10.0.0.1:1");
  EXPECT_EQ(order.choose("10.0.0.3:1", kStart + 1h), &fresh);
  EXPECT_EQ(order.new_count(), 1u);
  EXPECT_EQ(order.count(), 3u);
}

TEST_F(EvictionOrderTest, AnIdleConnectionOfAPeerWithFarMoreMakesWay) {
  Peer& busy = prove(come("10.0.0.2:1"));
  busy.idle = kNever;
  EXPECT_EQ(order.choose("10.0.0.3:1", kStart + 1h), nullptr) << "one is not far more than none";
  Peer& idle = prove(come("10.0.0.2:2"));
  EXPECT_EQ(order.choose("10.0.0.3:1", kStart + 1h), &idle);
  EXPECT_EQ(order.choose("10.0.0.3:1", kStart + 50ms), nullptr) << "just now it had a request";
  EXPECT_EQ(order.choose("10.0.0.2:9", kStart + 1h), nullptr) << "its own are not fewer";
}

TEST_F(EvictionOrderTest, EverythingIsForgottenWithTheConnection) {
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 100; ++i) come("10.0.0." + std::to_string(i % 7) + ":1");
    for (int i = 0; i < 100; i += 3) prove(peers[static_cast<size_t>(i)]);
    while (order.new_count() > 0) order.choose("10.0.0.3:1", kStart)->evict();
    EXPECT_EQ(order.count(), 34u);
    peers.clear();
    EXPECT_EQ(order.count(), 0u);
    EXPECT_EQ(order.choose("10.0.0.3:1", kStart), nullptr);
  }
}

// A flood of `rate` a second that stays silent, with room for `room`, while honest senders come
// from `honest`, one every 7 ms, and need `needed` to say something whole.
struct FloodCase {
  const char* name;
  std::string flood;
  std::string honest;
  int rate;
  Duration needed;
};

double share_of_honest_that_get_through(const FloodCase& flood, size_t room) {
  EvictionOrder order;
  std::deque<Peer> peers;
  std::deque<std::pair<MonotonicTime, Peer*>> under_way;
  int came = 0, through = 0;
  const auto come = [&](const std::string& address, MonotonicTime now) -> Peer* {
    if (order.new_count() >= room) {
      auto* victim = order.choose(address, now);
      if (victim == nullptr) return nullptr;
      victim->evict();
    }
    peers.emplace_back();
    peers.back().entry = order.add(peers.back(), address);
    return &peers.back();
  };
  const Duration step = std::chrono::nanoseconds(1'000'000'000 / flood.rate);
  MonotonicTime next_honest = kStart;
  for (MonotonicTime now = kStart; now < kStart + 10s; now += step) {
    come(flood.flood, now);
    if (now >= next_honest) {
      next_honest += 7ms;
      ++came;
      under_way.emplace_back(now + flood.needed, come(flood.honest, now));
    }
    while (!under_way.empty() && under_way.front().first <= now) {
      Peer* peer = under_way.front().second;
      if (peer != nullptr && peer->entry != nullptr) {
        ++through;
        peer->entry->prove();
      }
      under_way.pop_front();
    }
  }
  came -= static_cast<int>(under_way.size());
  peers.clear();
  return static_cast<double>(through) / came;
}

TEST(EvictionUnderAFloodTest, AnotherAddressIsNotTouched) {
  const FloodCase slow{"", "10.0.0.2:1", "10.0.0.1:1", 5000, 800ms};
  EXPECT_EQ(share_of_honest_that_get_through(slow, 400), 1.0);
}

TEST(EvictionUnderAFloodTest, FromTheSameAddressWhoeverIsQuickGetsThrough) {
  const FloodCase quick{"", "10.0.0.2:1", "10.0.0.2:2", 5000, 20ms};
  EXPECT_EQ(share_of_honest_that_get_through(quick, 400), 1.0);
}

TEST(EvictionUnderAFloodTest, FromTheSameAddressSomeOfTheSlowOnesGetThrough) {
  // 400 places: half of them turn over in 40 ms, the others once a second.
  const FloodCase slow{"", "10.0.0.2:1", "10.0.0.2:2", 5000, 800ms};
  const double share = share_of_honest_that_get_through(slow, 400);
  EXPECT_GT(share, 0.03);
  EXPECT_LT(share, 0.05);
}

}  // namespace
}  // namespace millrace::transport
