// Answers about the collector itself: listeners, senders, refusals, the graph, the ledger,
// memory. Pure functions of what they are given.
#pragma once

#include <array>
#include <vector>

#include "extensions/console/flow_watch.h"
#include "extensions/console/json_writer.h"
#include "extensions/console/loss_times.h"
#include "extensions/console/source.h"
#include "recent/refusal_list.h"
#include "recent/sender_table.h"
#include "recent/store.h"

namespace millrace::extensions::console {

void write_status(JsonWriter& json, const Facts& facts, const State& state,
                  const recent::Store& store);
void write_senders(JsonWriter& json, const recent::SenderTable& senders);
void write_refusals(JsonWriter& json, const std::vector<recent::RefusalEntry>& refusals,
                    uint64_t total);
void write_pipelines(JsonWriter& json, const Facts& facts, const State& state,
                     const FlowWatch& flow);
void write_ledger(JsonWriter& json, const State& state, const LossTimes& losses);
void write_memory(JsonWriter& json, const State& state);

// Items of one signal, since the start.
struct SignalSums {
  uint64_t accepted = 0;
  uint64_t refused = 0;
  uint64_t delivered = 0;
  uint64_t dropped = 0;  // and rejected by the peer
  uint64_t held = 0;     // now
};
std::array<SignalSums, kSignalCount> sum_by_signal(const State& state);

// For the stream of events as well.
void write_sender(JsonWriter& json, const recent::Sender& sender, bool is_packet);
void write_refusal(JsonWriter& json, const recent::RefusalEntry& refusal);
// The life of the collector that a trace came from.
void write_run(JsonWriter& json, const recent::Store& store, size_t run);
void write_recent(JsonWriter& json, const recent::Store::Numbers& numbers);
void write_destination(JsonWriter& json, const DestinationState& destination);
void write_counters(JsonWriter& json, const State& state, const recent::Store::Numbers& recent);

}  // namespace millrace::extensions::console
