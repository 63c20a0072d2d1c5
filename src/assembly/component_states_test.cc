#include "assembly/component_states.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace::assembly {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(ComponentStatesTest, GaugesOfOnePartitionAreOneState) {
  metrics::Registry registry;
  const metrics::Labels labels = {{"name", "kafka"}, {"partition", "0"}, {"topic", "a"}};
  const auto offset =
      registry.gauge("otelcol_kafka_receiver_current_offset", "", labels, [] { return 5.0; });
  const auto lag =
      registry.gauge("otelcol_kafka_receiver_offset_lag", "", labels, [] { return 3.0; });
  const auto states = component_states(registry.snapshot());
  ASSERT_EQ(states.size(), 1u);
  EXPECT_THAT(states[0].labels,
              ElementsAre(Pair("name", "kafka"), Pair("partition", "0"), Pair("topic", "a")));
  EXPECT_THAT(states[0].values, ElementsAre(Pair("current_offset", 5), Pair("offset_lag", 3)));
}

TEST(ComponentStatesTest, ABrokerIsAStateOfItsOwn) {
  metrics::Registry registry;
  const auto connected =
      registry.gauge("millrace_kafka_broker_connected", "",
                     {{"broker", "a:1"}, {"kind", "exporter"}}, [] { return 1.0; });
  const auto states = component_states(registry.snapshot());
  ASSERT_EQ(states.size(), 1u);
  EXPECT_THAT(states[0].values, ElementsAre(Pair("connected", 1)));
}

TEST(ComponentStatesTest, CountersAndOtherMetricsAreNotShown) {
  metrics::Registry registry;
  registry.counter("otelcol_kafka_receiver_records", "", {{"name", "kafka"}}).add(1);
  const auto other = registry.gauge("otelcol_exporter_queue_size", "", {}, [] { return 1.0; });
  EXPECT_TRUE(component_states(registry.snapshot()).empty());
}

}  // namespace
}  // namespace millrace::assembly
