// Streams of samples at a point of a pipeline (server-sent events): `edge` first, then `sample` for
// each sampled request and `passed` once a second. While a stream is open the point is looked at
// (recent/edge_taps.h).
//
// Bounded: kClientsMax streams, each with one text that waits; a reader that is slow misses
// samples. On the console's loop.
#pragma once

#include <memory>
#include <vector>

#include "extensions/console/edge.h"
#include "extensions/console/event_client.h"
#include "extensions/console/query.h"
#include "extensions/console/source.h"
#include "io/loop.h"
#include "memory/chunk_pool.h"
#include "pipeline/rule_steps.h"
#include "recent/edge_taps.h"
#include "transport/server/page.h"

namespace millrace::extensions::console {

// [pipeline][listed processor]; without texts: no rules are known.
using RulesOfPipelines = std::vector<std::vector<pipeline::RuleSteps>>;

class TapStreams {
 public:
  struct Parts {
    io::Loop* loop = nullptr;
    const Source* source = nullptr;
    recent::EdgeTaps* taps = nullptr;
    const RulesOfPipelines* rules = nullptr;
    ChunkPool* pool = nullptr;  // of this loop
  };
  static constexpr size_t kClientsMax = 16;

  explicit TapStreams(Parts parts);
  ~TapStreams();
  TapStreams(const TapStreams&) = delete;
  TapStreams& operator=(const TapStreams&) = delete;

  // The answer to a new client: 400 and 404 where the query is wrong, 403 where the point may not
  // be looked at, 503 when there are too many.
  transport::PageReply connect(const Query& query);
  size_t client_count() const { return streams_.size(); }

 private:
  class Stream;
  void tick();

  const Parts parts_;
  std::unique_ptr<io::Timer> timer_;
  std::vector<std::unique_ptr<Stream>> streams_;
  std::shared_ptr<TapStreams*> self_;  // clients hold it; null inside once this is gone
};

}  // namespace millrace::extensions::console
