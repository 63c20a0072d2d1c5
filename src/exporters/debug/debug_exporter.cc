#include "exporters/debug/debug_exporter.h"

#include <deque>
#include <optional>
#include <utility>

#include "exporters/debug/request_walk.h"
#include "exporters/debug/sampler.h"
#include "exporters/debug/text.h"
#include "otlp/views.h"
#include "pipeline/answers.h"

namespace millrace::exporters {
namespace {

using pipeline::Batch;
using pipeline::Outcome;

// When the sink had no room.
constexpr Duration kRetryInterval = 20ms;
// What one turn of the loop does, in bytes of text; about half a millisecond. A message that is
// counted costs as much as kCountingBytes, a summary as kSummaryBytes.
constexpr size_t kTurnBytes = BatchText::kPieceBytes;
constexpr size_t kCountingBytes = 6;
constexpr size_t kSummaryBytes = 512;

// otelcol's counts of a batch.
class BatchCounts {
 public:
  BatchCounts(const Batch& batch, Work& work)
      : signal_(batch.signal),
        items_(batch.item_count),
        walk_(batch.bytes,
              signal_ == Signal::kMetrics ? RequestWalk::Depth::kItems
                                          : RequestWalk::Depth::kResources,
              work) {}

  // Counts on; true when all is counted.
  bool advance(size_t* work) {
    for (; *work < kTurnBytes; *work += kCountingBytes) {
      const RequestWalk::Step step = walk_.next();
      if (step == RequestWalk::Step::kEnd) return true;
      if (step == RequestWalk::Step::kResource || step == RequestWalk::Step::kUnreadableResource) {
        ++resources_;
      }
      if (step == RequestWalk::Step::kItem) ++metrics_;
    }
    return false;
  }

  // otelcol's words.
  bool print(const DebugSink& sink) const {
    switch (signal_) {
      case Signal::kTraces:
        return sink.summary("Traces", {{"resource spans", resources_}, {"spans", items_}});
      case Signal::kMetrics:
        return sink.summary(
            "Metrics",
            {{"resource metrics", resources_}, {"metrics", metrics_}, {"data points", items_}});
      case Signal::kLogs:
        return sink.summary("Logs", {{"resource logs", resources_}, {"log records", items_}});
      case Signal::kProfiles:
        return sink.summary("Profiles", {{"resource profiles", resources_}, {"samples", items_}});
    }
    return true;
  }

 private:
  const Signal signal_;
  const uint64_t items_;
  RequestWalk walk_;
  uint64_t resources_ = 0;
  uint64_t metrics_ = 0;
};

// A pace that outlives the tasks in which its user runs: it reports each step to the pace of the
// task that runs now.
class PassedOnPace final : private Pace::Keeper {
 public:
  Pace pace{*this};
  void pass_on_to(Pace& to) { to_ = &to; }

 private:
  static constexpr int64_t kUnitsAtOnce = 2000;
  int64_t on_units_used() override {
    to_->step(kUnitsAtOnce);
    return kUnitsAtOnce;
  }
  Pace* to_ = nullptr;
};

// One batch on its way into the sink.
class Printing {
 public:
  enum class State : uint8_t { kMore, kNoRoom, kDone };

  Printing(Batch batch, const DebugOptions& options, pipeline::Exporter::Done done, ChunkPool& pool)
      : bytes_(batch.bytes.size()),
        work_{pool, pace_.pace},
        counts_(batch, work_),
        done_(std::move(done)) {
    if (options.verbosity == Verbosity::kBasic) return;
    text_.emplace(batch.signal, std::move(batch.bytes), options.verbosity, work_,
                  options.control_characters);
  }

  size_t bytes() const { return bytes_; }

  // Makes a piece and hands it over; adds what it did to `*work`. `pace` may suspend the caller.
  State advance(const DebugSink& sink, Pace& pace, size_t* work) {
    pace_.pass_on_to(pace);
    if (!is_counted_) {
      is_counted_ = counts_.advance(work);
      return State::kMore;
    }
    if (!is_summarized_) {
      *work += kSummaryBytes;
      is_summarized_ = counts_.print(sink);
      if (!is_summarized_) return State::kNoRoom;
      return text_ ? State::kMore : State::kDone;
    }
    if (piece_.empty()) piece_ = text_->next();
    if (piece_.empty() || is_cancelled_) return State::kDone;
    *work += piece_.size();
    if (!sink.text(piece_)) return State::kNoRoom;
    piece_.clear();
    return State::kMore;
  }

  void answer(Outcome outcome) {
    is_cancelled_ = outcome.kind == Outcome::Kind::kCancelled;
    done_(std::move(outcome));
  }

 private:
  const size_t bytes_;
  PassedOnPace pace_;
  Work work_;
  BatchCounts counts_;
  std::optional<BatchText> text_;
  pipeline::Exporter::Done done_;
  bool is_counted_ = false;
  bool is_summarized_ = false;
  bool is_cancelled_ = false;
  std::string piece_;  // made and not yet taken
};

class DebugExporter final : public pipeline::Exporter {
 public:
  DebugExporter(const DebugOptions& options, DebugSink sink, io::Loop& loop, ChunkPool& pool,
                io::LongWork& long_work)
      : options_(options),
        sampler_(options.sampling_initial, options.sampling_thereafter),
        sink_(std::move(sink)),
        loop_(loop),
        pool_(pool),
        long_work_(long_work),
        answers_(loop),
        timer_(loop.make_timer([this] { print_more(); })) {}

  void send_batch(Batch batch, MonotonicTime, Done done) override {
    if (closed_ || !sampler_.admits(loop_.now())) {
      return answers_.add(std::move(done), {.kind = closed_ ? Outcome::Kind::kCancelled
                                                            : Outcome::Kind::kDelivered});
    }
    if (!text_memory_ && options_.verbosity != Verbosity::kBasic) {
      text_memory_ =
          Reservation::make_beyond(pool_.budget(), MemoryTerm::kWork, BatchText::kPieceBytesMax);
    }
    printing_.push_back(
        std::make_shared<Printing>(std::move(batch), options_, std::move(done), pool_));
    if (!is_printing_ && !timer_->armed()) timer_->arm_at(loop_.now());
  }

  void close() override {
    closed_ = true;
    timer_->disarm();
    while (!printing_.empty()) answer_first(Outcome::Kind::kCancelled);
    answers_.flush();
  }

  std::string describe() const override {
    return waits_ ? "waits for its output to be read" : "prints what arrives";
  }

 private:
  // A turn's part, so that others run in between.
  void print_more() {
    waits_ = false;
    is_printing_ = true;
    // Shared with the task, which may be suspended when the exporter is closed.
    long_work_.run(printing_.front()->bytes(), [this, first = printing_.front()] {
      print_from(first, long_work_.work().pace);
      if (closed_) return;
      is_printing_ = false;
      if (printing_.empty()) {
        text_memory_ = {};
      } else {
        timer_->arm_at(loop_.now() + (waits_ ? kRetryInterval : 0ms));
      }
    });
  }

  // `first`, and the short batches behind it.
  void print_from(std::shared_ptr<Printing> first, Pace& pace) {
    for (size_t work = 0; work < kTurnBytes && !waits_;) {
      const Printing::State state = first->advance(sink_, pace, &work);
      if (closed_) return;  // while it was suspended
      waits_ = state == Printing::State::kNoRoom;
      if (state != Printing::State::kDone) continue;
      answer_first(Outcome::Kind::kDelivered);
      if (printing_.empty() || long_work_.is_long(printing_.front()->bytes())) return;
      first = printing_.front();
    }
  }

  void answer_first(Outcome::Kind kind) {
    const std::shared_ptr<Printing> first = std::move(printing_.front());
    printing_.pop_front();
    first->answer({.kind = kind});
  }

  const DebugOptions options_;
  Sampler sampler_;
  const DebugSink sink_;
  io::Loop& loop_;
  ChunkPool& pool_;
  io::LongWork& long_work_;
  pipeline::Answers answers_;
  std::deque<std::shared_ptr<Printing>> printing_;  // oldest first
  Reservation text_memory_;   // for one piece of text, while there is something to print
  bool is_printing_ = false;  // the oldest, in a task of long_work_
  bool waits_ = false;
  bool closed_ = false;
  std::unique_ptr<io::Timer> timer_;
};

}  // namespace

std::unique_ptr<pipeline::Exporter> make_debug_exporter(const DebugOptions& options, DebugSink sink,
                                                        io::Loop& loop, ChunkPool& pool,
                                                        io::LongWork& long_work) {
  return std::make_unique<DebugExporter>(options, std::move(sink), loop, pool, long_work);
}

}  // namespace millrace::exporters
