#include "connectors/forward/forward.h"

#include <gtest/gtest.h>

#include <optional>

#include "graph/testing/rig.h"

namespace millrace::connectors {
namespace {

using pipeline::Outcome;
using Kind = Outcome::Kind;

struct Forwarded {
  Forwarded() {
    outputs.groups.push_back(
        std::make_unique<pipeline::PipelineIntake>(rig.loop, std::vector{rig.pipeline.get()}));
    forward = make_forward(rig.loop, outputs);
  }
  void send() {
    pipeline::Payload payload = pipeline::testing::payload_of({1, 2});
    forward->send_batch(
        {.signal = payload.signal, .item_count = 2, .bytes = payload.bytes, .metadata = nullptr},
        kNever, [this](Outcome got) { outcome = std::move(got); });
    EXPECT_FALSE(outcome) << "answered from inside send_batch";
    rig.run();
  }
  pipeline::testing::Rig rig;
  pipeline::ConnectorOutputs outputs;
  std::unique_ptr<pipeline::Exporter> forward;
  std::optional<Outcome> outcome;
};

TEST(ForwardTest, IsDeliveredWhenThePipelineBehindItHasDelivered) {
  Forwarded forwarded;
  forwarded.send();
  EXPECT_FALSE(forwarded.outcome);
  forwarded.rig.sinks[0].exporter->answer(Kind::kDelivered);
  forwarded.rig.run();
  ASSERT_TRUE(forwarded.outcome);
  EXPECT_EQ(forwarded.outcome->kind, Kind::kDelivered);
  EXPECT_EQ(forwarded.rig.sinks[0].exporter->delivered[0], (std::vector<uint64_t>{1, 2}));
}

TEST(ForwardTest, PartialSuccessAndRefusalArePassedBack) {
  Forwarded partial;
  partial.send();
  partial.rig.sinks[0].exporter->answer(
      {.kind = Kind::kPartial, .rejected_count = 1, .error = {Code::kInvalidArgument, "late"}});
  partial.rig.run();
  EXPECT_EQ(partial.outcome->kind, Kind::kPartial);
  EXPECT_EQ(partial.outcome->rejected_count, 1u);
  EXPECT_EQ(partial.outcome->error.message, "late");
  Forwarded refused;
  refused.send();
  refused.rig.sinks[0].exporter->answer(pipeline::testing::outcome_of(Kind::kBadData, "no"));
  refused.rig.run();
  EXPECT_EQ(refused.outcome->kind, Kind::kRefused);
}

TEST(ForwardTest, ClosingCancels) {
  Forwarded forwarded;
  forwarded.send();
  forwarded.forward->close();
  ASSERT_TRUE(forwarded.outcome);
  EXPECT_EQ(forwarded.outcome->kind, Kind::kCancelled);
  forwarded.rig.sinks[0].exporter->answer(Kind::kDelivered);
  forwarded.rig.run();
}

}  // namespace
}  // namespace millrace::connectors
