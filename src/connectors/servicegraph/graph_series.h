// The requests between services, counted by client, server, kind of connection, success and
// dimensions: cumulative series, which begin when the first request was counted.
//
// Bounded as a StreamTable is; a series that saw no request for 15 minutes is forgotten. Threads:
// any for count(); one worker writes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "connectors/servicegraph/edge_store.h"
#include "connectors/servicegraph/options.h"
#include "item_identity/identity.h"
#include "metric_streams/distribution.h"
#include "metric_streams/stream_table.h"
#include "otlp/rope_writer.h"

namespace millrace::connectors::servicegraph {

class GraphSeries {
 public:
  GraphSeries(const Options& options, Budget& budget, size_t bytes_max);

  // False: there is no room for a new series.
  bool count(const Edge& edge, const item_identity::IdentityMaker& maker, MonotonicTime now,
             uint64_t now_unix_nano);
  void forget_silent(MonotonicTime now) { table_.sweep_some(now); }
  // Whether anything was counted since the last call.
  bool take_news() { return has_news_.exchange(false, std::memory_order_relaxed); }

  // Where write_some() continues; the end: is_end().
  struct Cursor {
    uint64_t emission = 0;
    size_t shard = 0;
    bool is_end() const { return shard == Table::kShards; }
  };
  // Begins an emission, in which each series is written once, whatever is counted meanwhile.
  Cursor begin() { return {.emission = ++emission_}; }
  // Writes the four metrics with the next series into one request. Returns the number of points.
  uint32_t write_some(uint64_t now_unix_nano, Cursor& cursor, otlp::RopeWriter& out);

 private:
  struct Series {
    std::string attributes;  // KeyValues, each in field kAttributes
    uint64_t start = 0;
    uint64_t count = 0;
    uint64_t emission = 0;  // the last one that it was written in
    bool has_failed = false;
    metric_streams::PointValues client;
    metric_streams::PointValues server;
    size_t bytes() const;
  };
  using Table = metric_streams::StreamTable<Series>;
  static constexpr uint32_t kAttributes = 1;

  class Writing;
  std::string attributes_of(const Edge& edge) const;

  const Options& options_;
  Table table_;
  std::atomic<bool> has_news_{false};  // set by all, taken by the writer; orders nothing
  uint64_t emission_ = 0;              // the writer's
};

}  // namespace millrace::connectors::servicegraph
