// What processors share that convert the points of streams: each worker has one, all of them share
// the streams, whose table is swept by a timer. One worker's loop.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/log.h"
#include "io/loop.h"
#include "metric_streams/point_walk.h"
#include "pipeline/processor.h"

namespace millrace::metric_streams {

// `Streams` has a `table` (stream_table.h) and the `seed` of its identities.
template <class Streams>
class StreamProcessor : public pipeline::Processor {
 public:
  void flush() override { timer_->disarm(); }

 protected:
  StreamProcessor(std::shared_ptr<Streams> streams, const std::string& name, io::Loop& loop,
                  Logger& log)
      : streams_(std::move(streams)),
        name_(name),
        loop_(loop),
        log_(log),
        timer_(loop_.make_timer([this] { on_timer(); })) {
    arm();
  }

  Streams& streams() { return *streams_; }
  MonotonicTime now() const { return loop_.now(); }

  // Edits all points; `fate_at_limit` is for the log. A conversion is a PointEditor that says
  // whether it has_reached_limit().
  template <class Conversion>
  Result<pipeline::ProcessorResult> convert(pipeline::Payload& payload, Conversion& conversion,
                                            Work& work, std::string_view fate_at_limit) {
    auto edited =
        edit_points(payload.bytes, streams_->seed, conversion, work, "converting metrics");
    if (!edited) return fail(std::move(edited.error()));
    if (conversion.has_reached_limit()) {
      log_.warn(
          "no room for more metric streams",
          {{"processor", name_}, {"streams", streams_->table.size()}, {"fate", fate_at_limit}});
    }
    payload.bytes = std::move(edited->request);
    payload.item_count -= edited->removed_count;
    return pipeline::ProcessorResult{.filtered_count = edited->removed_count};
  }

 private:
  static constexpr Duration kSweepInterval = std::chrono::seconds(1);

  void arm() { timer_->arm_at(loop_.now() + kSweepInterval); }
  void on_timer() {
    streams_->table.sweep_some(loop_.now());
    arm();
  }

  const std::shared_ptr<Streams> streams_;
  const std::string name_;
  io::Loop& loop_;
  Logger& log_;
  const std::unique_ptr<io::Timer> timer_;
};

}  // namespace millrace::metric_streams
