#include "daemon/generate/content.h"

#include <gtest/gtest.h>

#include "otlp/admit.h"

namespace millrace::load {
namespace {

constexpr Signal kGenerated[] = {Signal::kTraces, Signal::kMetrics, Signal::kLogs};
constexpr WallTime kTime{Duration(1'760'000'000'000'000'000)};

Bytes request_of(Signal signal, PayloadFormat format, uint32_t item_count, uint64_t seed) {
  ChunkRef reuse;
  return make_payload_template(signal, format, item_count, seed).make_request(1, 0, kTime, reuse);
}

TEST(ContentTest, RequestsPassAdmissionWithAllItems) {
  for (const Signal signal : kGenerated) {
    for (const uint32_t item_count : {1u, 2u, 7u, 10u, 100u, 251u, 1000u}) {
      const Bytes request = request_of(signal, PayloadFormat::kProtobuf, item_count, 1);
      const auto admitted = otlp::admit(signal, request.view());
      ASSERT_TRUE(admitted.has_value()) << admitted.error().to_error().message;
      EXPECT_EQ(admitted->item_count, item_count) << signal_name(signal);
    }
  }
}

TEST(ContentTest, SpanIsAboutFourHundredBytes) {
  for (const uint32_t item_count : {10u, 100u, 1000u}) {
    const Bytes request = request_of(Signal::kTraces, PayloadFormat::kProtobuf, item_count, 1);
    const size_t span_bytes = request.size() / item_count;
    EXPECT_GT(span_bytes, 370u) << item_count;
    EXPECT_LT(span_bytes, 470u) << item_count;
  }
}

TEST(ContentTest, SeedDecidesTheBytes) {
  for (const Signal signal : kGenerated) {
    for (const PayloadFormat format : {PayloadFormat::kProtobuf, PayloadFormat::kJson}) {
      const Bytes one = request_of(signal, format, 50, 1);
      EXPECT_EQ(one.text(), request_of(signal, format, 50, 1).text());
      EXPECT_NE(one.text(), request_of(signal, format, 50, 2).text());
    }
  }
}

}  // namespace
}  // namespace millrace::load
