#include "kafka/broker_states.h"

#include <simdjson.h>

#include <algorithm>
#include <utility>

namespace millrace::kafka {
namespace {

using simdjson::dom::element;

std::string_view text_of(const element& object, std::string_view key) {
  std::string_view text;
  return object[key].get_string().get(text) == simdjson::SUCCESS ? text : std::string_view();
}

}  // namespace

BrokerStates::BrokerStates(metrics::Registry& metrics, std::string_view kind, std::string name)
    : metrics_(metrics), kind_(kind), name_(std::move(name)) {}

BrokerStates::Broker& BrokerStates::broker(const std::string& address) {
  const auto [found, is_new] = brokers_.try_emplace(address);
  Broker& broker = found->second;
  if (!is_new) return broker;
  broker.is_connected = std::make_shared<std::atomic<bool>>(false);
  broker.gauge = metrics_.gauge(
      "millrace_kafka_broker_connected", "Clients that are connected to the broker.",
      {{"broker", address}, {"kind", kind_}, {"name", name_}},
      [state = broker.is_connected] { return state->load(std::memory_order_relaxed) ? 1.0 : 0.0; });
  return broker;
}

void BrokerStates::note(std::string_view statistics) {
  simdjson::dom::parser parser;
  element all;
  simdjson::dom::object brokers;
  if (parser.parse(statistics.data(), statistics.size()).get(all) != simdjson::SUCCESS ||
      all["brokers"].get_object().get(brokers) != simdjson::SUCCESS) {
    return;
  }
  // One broker may be listed twice: as it was configured, and as the cluster names it.
  std::map<std::string, bool> connected;
  for (const simdjson::dom::key_value_pair each : brokers) {
    const std::string_view source = text_of(each.value, "source");
    if (source != "learned" && source != "configured") continue;  // roles, such as a coordinator
    const std::string_view address = text_of(each.value, "nodename");
    if (address.empty()) continue;
    const std::string_view state = text_of(each.value, "state");
    connected[std::string(address)] |= state == "UP" || state == "UPDATE";
  }
  for (auto& [address, broker] : brokers_) connected.try_emplace(address, false);
  for (const auto& [address, is_connected] : connected) {
    broker(address).is_connected->store(is_connected, std::memory_order_relaxed);
  }
}

size_t BrokerStates::connected_count() const {
  return static_cast<size_t>(std::ranges::count_if(brokers_, [](const auto& each) {
    return each.second.is_connected->load(std::memory_order_relaxed);
  }));
}

}  // namespace millrace::kafka
