// Exceptions counted by service, span, kind, status and dimensions: cumulative series, which begin
// when the first exception was counted.
//
// Bounded as a StreamTable is; a series without an exception for 15 minutes is forgotten. Threads:
// any for count(); one worker writes.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "connectors/exceptions/exception_event.h"
#include "connectors/exceptions/options.h"
#include "item_identity/identity.h"
#include "metric_streams/stream_table.h"
#include "otlp/rope_writer.h"

namespace millrace::connectors::exceptions {

class ExceptionSeries {
 public:
  ExceptionSeries(const Options& options, Budget& budget, size_t bytes_max);

  // False: there is no room for a new series.
  bool count(const ExceptionEvent& exception, const item_identity::IdentityMaker& maker,
             MonotonicTime now, uint64_t now_unix_nano);
  void forget_silent(MonotonicTime now) { table_.sweep_some(now); }
  // Whether anything was counted since the last call.
  bool take_news() { return has_news_.exchange(false, std::memory_order_relaxed); }

  // The shard of which the next request is; at the end kShards.
  static constexpr size_t kShards = 64;
  // Writes the series of the next shards into one request, and takes their exemplars. Returns the
  // number of points.
  uint32_t write_some(uint64_t now_unix_nano, size_t& shard, otlp::RopeWriter& out);

 private:
  struct Exemplar {
    std::array<uint8_t, 16> trace_id{};
    std::array<uint8_t, 8> span_id{};
    double value = 0;
  };
  struct Series {
    std::string attributes;  // fields of a data point
    uint64_t start = 0;
    uint64_t count = 0;
    std::vector<Exemplar> exemplars;  // of this interval
    size_t bytes() const { return attributes.capacity() + exemplars.capacity() * sizeof(Exemplar); }
  };
  using Table = metric_streams::StreamTable<Series>;
  static_assert(kShards == Table::kShards);

  std::string attributes_of(const ExceptionEvent& exception) const;
  static void add_exemplar(const ExceptionEvent& exception, Series& series);
  static void write_point(const Series& series, uint64_t now_unix_nano, otlp::RopeWriter& out);

  const Options& options_;
  Table table_;
  std::atomic<bool> has_news_{false};  // set by all, taken by the writer; orders nothing
};

}  // namespace millrace::connectors::exceptions
