#include "recent/sender_table.h"

#include <gtest/gtest.h>

#include <string>

#include "otlp/example_requests.h"
#include "wire/protobuf.h"

namespace millrace::recent {
namespace {

// A request with one resource of that service and SDK, and no item.
pipeline::Payload request_of(std::string_view service) {
  const auto text_field = [](uint32_t number, std::string_view text) {
    std::string out(1, static_cast<char>(number << 3 | 2));
    out += static_cast<char>(text.size());
    return out + std::string(text);
  };
  const auto attribute = [&](std::string_view key, std::string_view value) {
    return text_field(1, text_field(1, key) + text_field(2, text_field(1, value)));
  };
  const std::string resource =
      attribute("service.name", service) + attribute("telemetry.sdk.language", "python");
  return {.signal = Signal::kTraces,
          .item_count = 3,
          .bytes = Rope(Bytes::copy_of(text_field(1, text_field(1, resource)))),
          .metadata = nullptr,
          .completion = nullptr,
          .admitted_at = {}};
}

reception::RequestWatcher::Admitted seen(const pipeline::Payload& payload, std::string_view peer) {
  return {.receiver = "otlp",
          .origin = {.protocol = "grpc", .coding = compress::Coding::kGzip},
          .peer = peer,
          .payload = payload};
}

TEST(SenderTableTest, SendersAreToldApartAndCounted) {
  SenderCounts counts;
  const auto cart = request_of("cart");
  const auto shop = request_of("shop");
  counts.add(seen(cart, "10.0.0.1:5"), WallTime(1s));
  counts.add(seen(cart, "10.0.0.1:6"), WallTime(2s));
  counts.add(seen(shop, "10.0.0.2:5"), WallTime(1s));
  SenderTable table;
  table.merge(counts);
  EXPECT_TRUE(counts.empty());
  const auto senders = table.senders();
  ASSERT_EQ(senders.size(), 2u);
  EXPECT_EQ(senders[0].service, "cart");
  EXPECT_EQ(senders[0].sdk_language, "python");
  EXPECT_EQ(senders[0].encoding, "gzip");
  EXPECT_EQ(senders[0].peer, "10.0.0.1:6");
  EXPECT_EQ(senders[0].counts[index_of(Signal::kTraces)].requests, 2u);
  EXPECT_EQ(senders[0].counts[index_of(Signal::kTraces)].items, 6u);
}

TEST(SenderTableTest, FreshCountsAreThoseSinceTheLastCall) {
  SenderTable table;
  SenderCounts counts;
  const auto cart = request_of("cart");
  for (int i = 0; i < 2; ++i) {
    counts.add(seen(cart, ""), WallTime(1s));
    table.merge(counts);
    const auto fresh = table.take_fresh();
    ASSERT_EQ(fresh.size(), 1u);
    EXPECT_EQ(fresh[0].counts[index_of(Signal::kTraces)].requests, 1u);
    EXPECT_TRUE(table.take_fresh().empty());
  }
  EXPECT_EQ(table.senders()[0].counts[index_of(Signal::kTraces)].requests, 2u);
}

TEST(SenderTableTest, AMillionServicesAreBounded) {
  SenderTable table;
  SenderCounts counts;
  for (int i = 0; i < 5000; ++i) {
    const auto payload = request_of("s" + std::to_string(i));
    counts.add(seen(payload, ""), WallTime(std::chrono::seconds(i)));
    if (i % 200 == 199) table.merge(counts);
  }
  EXPECT_EQ(table.senders().size(), SenderTable::kSendersMax);
  EXPECT_EQ(table.senders().front().service, "s4999");
  EXPECT_EQ(table.forgotten_count(), 4000u);
}

TEST(SenderTableTest, ARequestWithoutAResourceHasNoNames) {
  SenderCounts counts;
  auto payload = request_of("x");
  payload.bytes = Rope(Bytes::copy_of(std::string_view("\x0a\x00", 2)));
  counts.add(seen(payload, ""), WallTime(1s));
  SenderTable table;
  table.merge(counts);
  EXPECT_EQ(table.senders().at(0).service, "");
}

}  // namespace
}  // namespace millrace::recent
