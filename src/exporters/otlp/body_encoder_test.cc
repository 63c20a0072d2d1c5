#include "exporters/otlp/body_encoder.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>

#include "compress/decompressor.h"
#include "io/sim/world.h"
#include "memory/chunk_pool.h"
#include "otlp/example_requests.h"

namespace millrace::exporters {
namespace {

using compress::Coding;

class BodyEncoderTest : public ::testing::Test {
 protected:
  std::string inflate(const BodyEncoder::Body& body) {
    ChunkPool pool(inflating_budget_, 0);
    const auto plain = compress::Decompressor().decompress(
        body.coding, body.bytes.to_bytes().view(), pool, 1 << 20);
    return plain ? std::string(plain->text()) : plain.error().message;
  }

  Budget budget_{8 << 20};
  Budget inflating_budget_{8 << 20};
  const Bytes request_ = otlp::example_request(Signal::kTraces, {1, 1, 100});
  Pace pace_;
};

TEST_F(BodyEncoderTest, WithoutEncodingTheBodyIsTheRequestItself) {
  BodyEncoder encoder(Encoding::kProto, Coding::kIdentity, compress::kDefaultLevel, budget_,
                      nullptr);
  EXPECT_TRUE(encoder.is_identity());
  const auto body = encoder.encode(Signal::kTraces, Rope(request_), pace_);
  ASSERT_TRUE(body);
  EXPECT_EQ(body->coding, Coding::kIdentity);
  ASSERT_EQ(body->bytes.pieces().size(), 1u);
  EXPECT_EQ(body->bytes.pieces()[0].data(), request_.data());
  EXPECT_EQ(budget_.used(MemoryTerm::kEncoded), 0u);
}

TEST_F(BodyEncoderTest, ACompressedBodyIsReservedAsLongAsItLives) {
  BodyEncoder encoder(Encoding::kProto, Coding::kGzip, compress::kDefaultLevel, budget_, nullptr);
  EXPECT_FALSE(encoder.is_identity());
  {
    const auto body = encoder.encode(Signal::kTraces, Rope(request_), pace_);
    ASSERT_TRUE(body);
    EXPECT_EQ(body->coding, Coding::kGzip);
    EXPECT_EQ(inflate(*body), request_.text());
    EXPECT_EQ(budget_.used(MemoryTerm::kEncoded), body->bytes.size());
  }
  EXPECT_EQ(budget_.used(MemoryTerm::kEncoded), 0u);
}

TEST_F(BodyEncoderTest, WithoutMemoryTheBodyStaysUncompressed) {
  BodyEncoder encoder(Encoding::kProto, Coding::kGzip, compress::kDefaultLevel, budget_, nullptr);
  const Reservation all =
      Reservation::try_make(budget_, MemoryTerm::kMessages, budget_.limit() - 100);
  ASSERT_TRUE(all);
  const auto body = encoder.encode(Signal::kTraces, Rope(request_), pace_);
  ASSERT_TRUE(body);
  EXPECT_EQ(body->coding, Coding::kIdentity);
  EXPECT_EQ(body->bytes.to_bytes().text(), request_.text());
}

TEST_F(BodyEncoderTest, JsonPassesAFullBudgetAndIsCounted) {
  BodyEncoder encoder(Encoding::kJson, Coding::kIdentity, compress::kDefaultLevel, budget_,
                      nullptr);
  const Reservation all = Reservation::try_make(budget_, MemoryTerm::kMessages, budget_.limit());
  ASSERT_TRUE(all);
  const auto body = encoder.encode(Signal::kTraces, Rope(request_), pace_);
  ASSERT_TRUE(body);
  EXPECT_TRUE(body->bytes.to_bytes().text().starts_with("{\"resourceSpans\":["));
  EXPECT_EQ(budget_.used(MemoryTerm::kEncoded), body->bytes.size());
}

TEST_F(BodyEncoderTest, JsonInChunksIsTheSameText) {
  io::sim::World world(1);
  const auto loop = world.make_loop("client");
  ChunkPool pool(budget_, 0);
  io::LongWork long_work(*loop, pool);
  BodyEncoder whole(Encoding::kJson, Coding::kIdentity, compress::kDefaultLevel, budget_, nullptr);
  BodyEncoder in_chunks(Encoding::kJson, Coding::kZstd, compress::kDefaultLevel, budget_,
                        &long_work);
  const auto text = whole.encode(Signal::kTraces, Rope(request_), pace_);
  const auto compressed = in_chunks.encode(Signal::kTraces, Rope(request_), pace_);
  ASSERT_TRUE(text && compressed);
  EXPECT_EQ(compressed->coding, Coding::kZstd);
  EXPECT_EQ(inflate(*compressed), text->bytes.to_bytes().text());
}

// Makes another body when the first asks for units, as long work does that suspends the first.
class MakesAnotherBody final : private Pace::Keeper {
 public:
  MakesAnotherBody(BodyEncoder& encoder, const Bytes& request)
      : encoder_(encoder), request_(request) {}
  Pace pace{*this};
  std::optional<Result<BodyEncoder::Body>> other;

 private:
  int64_t on_units_used() override {
    if (!std::exchange(has_made_, true)) {
      Pace unlimited;
      other = encoder_.encode(Signal::kTraces, Rope(request_), unlimited);
    }
    return 1000;
  }
  BodyEncoder& encoder_;
  const Bytes& request_;
  bool has_made_ = false;
};

TEST_F(BodyEncoderTest, ABodyBesideASuspendedOneIsCompressedByItself) {
  BodyEncoder encoder(Encoding::kProto, Coding::kGzip, compress::kDefaultLevel, budget_, nullptr);
  const Bytes other_request = otlp::example_request(Signal::kTraces, {1, 1, 50}, 1000);
  MakesAnotherBody suspends(encoder, other_request);
  const auto body = encoder.encode(Signal::kTraces, Rope(request_), suspends.pace);
  ASSERT_TRUE(body);
  ASSERT_TRUE(suspends.other.has_value() && suspends.other->has_value());
  EXPECT_EQ(inflate(*body), request_.text());
  EXPECT_EQ((*suspends.other)->coding, Coding::kGzip);
  EXPECT_EQ(inflate(**suspends.other), other_request.text());
  // The encoder's own compressor is free again.
  const auto next = encoder.encode(Signal::kTraces, Rope(request_), pace_);
  ASSERT_TRUE(next);
  EXPECT_EQ(inflate(*next), request_.text());
}

}  // namespace
}  // namespace millrace::exporters
