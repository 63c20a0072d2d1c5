// The connections of one client to its brokers, as a metric: millrace_kafka_broker_connected has a
// value for each broker that the client knows. 0 is a broker that cannot be reached, or that the
// client does not need now: librdkafka connects to the brokers of its partitions only.
//
// The states come from librdkafka's statistics (STATISTICS.md of librdkafka: `brokers`), which the
// library writes every kStatisticsInterval.
//
// One loop. Ends its values with itself.
#pragma once

#include <atomic>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "metrics/registry.h"

namespace millrace::kafka {

inline constexpr const char* kStatisticsInterval = "5000";  // the property's value, milliseconds

class BrokerStates {
 public:
  // `kind`: "exporter" or "receiver"; `name`: "kafka/a". `metrics` outlives this. Clients of one
  // component add up.
  BrokerStates(metrics::Registry& metrics, std::string_view kind, std::string name);

  // The text of a statistics event. Brokers that it does not name any more keep the value 0.
  void note(std::string_view statistics);
  // Known brokers, and those that are connected.
  size_t known_count() const { return brokers_.size(); }
  size_t connected_count() const;

 private:
  struct Broker {
    // Written by the loop, read by the thread that renders metrics: relaxed, it orders nothing.
    std::shared_ptr<std::atomic<bool>> is_connected;  // shared with the gauge's function
    metrics::Registry::Handle gauge;
  };
  Broker& broker(const std::string& address);

  metrics::Registry& metrics_;
  const std::string kind_;
  const std::string name_;
  std::map<std::string, Broker> brokers_;  // by "host:port"
};

}  // namespace millrace::kafka
