#include "kafka/broker_states.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::kafka {
namespace {

std::string broker(std::string_view name, std::string_view source, std::string_view address,
                   std::string_view state) {
  return "\"" + std::string(name) + "\":{\"source\":\"" + std::string(source) +
         "\",\"nodename\":\"" + std::string(address) + "\",\"state\":\"" + std::string(state) +
         "\"}";
}

std::string statistics(const std::string& brokers) { return "{\"brokers\":{" + brokers + "}}"; }

std::string line(std::string_view address, int value) {
  return "millrace_kafka_broker_connected{broker=\"" + std::string(address) +
         "\",kind=\"exporter\",name=\"kafka/a\"} " + std::to_string(value) + "\n";
}

class BrokerStatesTest : public testing::Test {
 protected:
  bool shows(std::string_view address, int value) const {
    return metrics_.to_prometheus_text().find(line(address, value)) != std::string::npos;
  }
  metrics::Registry metrics_;
  BrokerStates states_{metrics_, "exporter", "kafka/a"};
};

TEST_F(BrokerStatesTest, ConnectedBrokersAreOneAndOthersZero) {
  states_.note(statistics(broker("a:1/1", "learned", "a:1", "UP") + "," +
                          broker("b:1/2", "learned", "b:1", "DOWN") + "," +
                          broker("c:1/3", "learned", "c:1", "INIT")));
  EXPECT_TRUE(shows("a:1", 1) && shows("b:1", 0) && shows("c:1", 0))
      << metrics_.to_prometheus_text();
  EXPECT_EQ(states_.known_count(), 3u);
  EXPECT_EQ(states_.connected_count(), 1u);
}

TEST_F(BrokerStatesTest, ABrokerThatIsListedTwiceIsOneBroker) {
  states_.note(statistics(broker("a:1/bootstrap", "configured", "a:1", "INIT") + "," +
                          broker("a:1/1", "learned", "a:1", "UP")));
  EXPECT_EQ(states_.known_count(), 1u);
  EXPECT_TRUE(shows("a:1", 1)) << metrics_.to_prometheus_text();
}

TEST_F(BrokerStatesTest, RolesAreNoBrokers) {
  states_.note(statistics(broker("GroupCoordinator", "logical", "a:1", "UP") + "," +
                          broker(":0/internal", "internal", "", "INIT")));
  EXPECT_EQ(states_.known_count(), 0u);
}

TEST_F(BrokerStatesTest, ABrokerThatLeftIsNotConnected) {
  states_.note(statistics(broker("a:1/1", "learned", "a:1", "UP")));
  states_.note(statistics(broker("b:1/2", "learned", "b:1", "UP")));
  EXPECT_TRUE(shows("a:1", 0) && shows("b:1", 1)) << metrics_.to_prometheus_text();
}

TEST_F(BrokerStatesTest, TextThatIsNoStatisticsChangesNothing) {
  states_.note(statistics(broker("a:1/1", "learned", "a:1", "UP")));
  for (const std::string_view text :
       {"", "{", "[]", "{\"brokers\":[]}", "{\"brokers\":{\"a\":1}"}) {
    states_.note(text);
  }
  EXPECT_TRUE(shows("a:1", 1)) << metrics_.to_prometheus_text();
}

}  // namespace
}  // namespace millrace::kafka
