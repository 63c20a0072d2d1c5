// A back end that misbehaves as its seed says, and records the items that it took.
//
// "Taken" means that it decided to keep the item, whether its OK arrived or not: the part of
// at-least-once that the collector cannot know.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "io/sim/world.h"
#include "memory/budget.h"
#include "memory/chunk_pool.h"
#include "otlp/json/decode.h"
#include "tests/sim/coverage.h"
#include "tests/sim/impostor.h"
#include "tests/sim/numbered_items.h"
#include "tests/sim/scenario.h"
#include "transport/server/server.h"

namespace millrace::sim_test {

class Sink final : public transport::RequestHandler, public transport::ServerObserver {
 public:
  struct Expected {
    bool untouched = false;                        // spans may arrive as they were sent
    bool edited = false;                           // spans may arrive with the attribute
    std::string edit_text;                         // the value of the attribute; empty: it varies
    std::array<bool, kSignalCount> filtered = {};  // each way of the signal has a filter
  };
  Sink(io::sim::World& world, const DestinationScenario& scenario, Expected expected, uint64_t seed,
       const SentItems& sent, Coverage& coverage);
  ~Sink();
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  // From now on every valid request is taken at once.
  void heal();

  struct Counts {
    uint64_t ok_items = 0;        // in requests that were answered OK, or should have been
    uint64_t rejected_items = 0;  // of those, rejected in a partial success
  };
  const Counts& counts(Signal signal) const { return counts_[index_of(signal)]; }
  // The number of requests with OK that contained the item; rejected items count as well.
  uint32_t times_taken(Signal signal, uint64_t number) const {
    const uint32_t* found = taken_.find(signal, number);
    return found == nullptr ? 0 : *found;
  }
  const std::vector<std::string>& problems() const { return problems_; }

  void on_request(transport::Request request, transport::Exchange exchange) override;
  void on_rejected(transport::Protocol, std::optional<Signal>, std::string_view reason,
                   std::string_view, std::string_view) override;
  void on_connections(int) override {}

 private:
  struct Late {
    transport::Exchange exchange;
    transport::Reply reply;
    std::unique_ptr<io::Timer> timer;
  };
  void listen();
  void go_away();
  void vanish();
  void check_item(Signal signal, const NumberedItem& item);
  // Whether the data itself is bad; `reply` then has the refusal.
  bool refuses_data(const std::vector<NumberedItem>& items, transport::Reply& reply);
  bool refuses_by_mood(double mood, transport::Reply& reply);
  void exaggerate_rejections(Signal signal, size_t item_count, transport::Reply& reply);
  void take(Signal signal, const std::vector<NumberedItem>& items, transport::Reply& reply);
  void answer_late(transport::Exchange exchange, transport::Reply reply);
  Duration soon(Duration about);

  io::sim::World& world_;
  const DestinationScenario scenario_;
  SinkBehaviour behaviour_;
  const Expected expected_;
  Random random_;
  const SentItems& sent_;
  Coverage& coverage_;
  std::unique_ptr<io::Loop> loop_;
  Budget budget_{size_t{1} << 30};
  ChunkPool pool_{budget_, 2};
  otlp::json::Decoder json_;
  std::unique_ptr<transport::Server> server_;
  std::unique_ptr<Impostor> impostor_;                       // while there is no server
  std::vector<std::unique_ptr<transport::Server>> leaving_;  // have sent GOAWAY
  std::vector<transport::Exchange> hung_;
  std::list<Late> late_;
  std::unique_ptr<io::Timer> restart_timer_;
  std::unique_ptr<io::Timer> vanish_timer_;
  std::unique_ptr<io::Timer> return_timer_;
  std::array<Counts, kSignalCount> counts_;
  ItemTable<uint32_t> taken_;
  std::vector<std::string> problems_;
};

}  // namespace millrace::sim_test
