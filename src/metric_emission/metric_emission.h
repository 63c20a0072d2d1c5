// Emits the metrics that a connector makes by itself: once an interval, and when the process ends
// and nothing is queued for the connector any more, so that what was counted since the last
// interval is not lost. An emission takes several turns of the loop, a request in each.
//
// One worker's loop. Cost beside the source's: a request of some thousand points at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/log.h"
#include "base/time.h"
#include "io/long_work.h"
#include "metric_emission/offering.h"
#include "otlp/rope_writer.h"
#include "pipeline/exporter.h"

namespace millrace::metric_emission {

// A request is full, more or less, with so many points.
inline constexpr uint32_t kPointsAtOnce = 5000;

enum class Occasion : uint8_t {
  kInterval,
  kEnd,  // nothing may follow
};

// The connector that is emitted for. It outlives the emission.
class MetricSource {
 public:
  // Before an emission: brings together what was counted. Calls `ready` once, in this or a later
  // turn: whether anything was counted since the last emission.
  virtual void collect(std::function<void(bool has_news)> ready) = 0;
  struct Written {
    uint32_t point_count = 0;
    bool is_last = false;  // all is written
  };
  // Writes a request with the next points of the emission. When `out` has no memory the emission
  // ends there, and what it lacks is left to the next one.
  virtual Written write_some(Occasion occasion, uint64_t now_unix_nano, otlp::RopeWriter& out) = 0;
  // Behind the last request: forgets what has expired.
  virtual void end_emission() {}

 protected:
  ~MetricSource() = default;
};

struct EmissionOptions {
  std::string name;           // of the connector, for the log
  Duration interval = 60s;    // 0: emit_now() only
  bool is_cumulative = true;  // a later emission includes what was refused
};

struct EmissionParts {
  io::Loop& loop;
  io::LongWork& long_work;
  Logger& log;
  const std::function<WallTime()>& wall_clock;
  pipeline::ConnectorOutputs& outputs;
};

class MetricEmission {
 public:
  MetricEmission(EmissionOptions options, MetricSource& source, const EmissionParts& parts);
  ~MetricEmission();
  MetricEmission(const MetricEmission&) = delete;
  MetricEmission& operator=(const MetricEmission&) = delete;

  // Emits beside the interval. While an emission is under way another one follows it.
  void emit_now();
  // As pipeline::Exporter::flush. An emission under way is finished first; one that finds no memory
  // is tried again, once a second.
  bool flush(pipeline::Exporter::Flushed done);
  // Nothing is emitted any more; `done` of a flush is called.
  void close();

 private:
  enum class Phase : uint8_t { kIdle, kCollecting, kWriting };

  void on_interval();
  void begin(Occasion occasion);
  void on_collected(bool has_news);
  void write_turn();
  void end();
  void check_flushed();

  const EmissionOptions options_;
  MetricSource& source_;
  io::Loop& loop_;
  io::LongWork& long_work_;
  Logger& log_;
  const std::function<WallTime()>& wall_clock_;
  const std::shared_ptr<MetricEmission*> self_;  // points to null once this is gone or closed
  Offering offering_;
  const std::unique_ptr<io::Timer> interval_timer_;
  Phase phase_ = Phase::kIdle;
  Occasion occasion_ = Occasion::kInterval;
  uint64_t now_unix_nano_ = 0;           // of the emission under way
  bool is_wanted_ = false;               // emit_now() came during an emission
  bool has_begun_end_ = false;           // the emission of the flush has begun
  bool lacked_memory_ = false;           // the last emission was not written to its end
  pipeline::Exporter::Flushed flushed_;  // of a flush that is not finished
};

}  // namespace millrace::metric_emission
