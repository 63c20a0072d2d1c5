// The sink's request handler: counts, records and answers requests as the options say. Runs on one
// loop, over sockets or in the simulation.
#pragma once

#include <cstdio>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "daemon/sink/options.h"
#include "daemon/sink/tally.h"
#include "io/loop.h"
#include "memory/chunk_pool.h"
#include "otlp/json/decode.h"
#include "transport/server/server.h"

namespace millrace::load {

class SinkService final : public transport::RequestHandler {
 public:
  // `on_accepted` runs after each counted request; `on_cut` when connections must be
  // closed. `record` may be null; the service does not close it.
  SinkService(io::Loop& loop, ChunkPool& pool, const SinkOptions& options, std::FILE* record,
              std::function<void()> on_accepted, std::function<void()> on_cut);
  void on_request(transport::Request request, transport::Exchange exchange) override;
  Tally& tally() { return tally_; }

 private:
  struct Waiting {
    MonotonicTime when;
    transport::Exchange exchange;
    transport::Reply reply;
  };

  struct Accepted {
    transport::Reply reply;
    uint64_t items = 0;
  };
  Accepted accept(const transport::Request& request);
  void record(const Bytes& body);
  // `items` is the work of the request for a back end of limited speed.
  void answer(transport::Exchange exchange, transport::Reply reply, uint64_t items);
  void answer_due();

  io::Loop& loop_;
  ChunkPool& pool_;
  const Misbehaviour how_;
  MisbehaviourPlan plan_;
  std::FILE* const record_;
  const std::function<void()> on_accepted_;
  const std::function<void()> on_cut_;
  Tally tally_;
  otlp::json::Decoder json_;
  std::unique_ptr<io::Timer> delay_timer_;
  MonotonicTime busy_until_{};   // of a back end of limited speed
  std::deque<Waiting> waiting_;  // in order of time, because the delay is constant
  std::vector<transport::Exchange> hung_;
};

}  // namespace millrace::load
