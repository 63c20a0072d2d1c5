// A destination that does what a test says, and a payload whose items have names.
//
// A test payload is a sequence of fixed-size records, eight bytes an item, so that items can be
// followed through joining and cutting without any protobuf.
#pragma once

#include <cstring>
#include <deque>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "pipeline/batch_cutter.h"
#include "pipeline/exporter.h"
#include "pipeline/payload.h"

namespace millrace::pipeline::testing {

inline Bytes bytes_of_items(const std::vector<uint64_t>& items) {
  return Bytes::copy_of(
      std::span(reinterpret_cast<const uint8_t*>(items.data()), items.size() * 8));
}

// Bytes that are not of this kind end in half an item, filled up with zeros.
inline std::vector<uint64_t> items_of(const Rope& rope) {
  std::vector<uint64_t> items((rope.size() + 7) / 8);
  if (!items.empty()) rope.copy_to(reinterpret_cast<uint8_t*>(items.data()));
  return items;
}

inline Payload payload_of(const std::vector<uint64_t>& items, Signal signal = Signal::kTraces) {
  Payload payload;
  payload.signal = signal;
  payload.item_count = static_cast<uint32_t>(items.size());
  payload.bytes = Rope(bytes_of_items(items));
  return payload;
}

// Cuts between records.
inline std::vector<CutPiece> cut_records(Signal, const Rope& request, CutLimits limits,
                                         Work* work = nullptr) {
  uint64_t step = request.size() / 8;
  if (limits.items_max != 0) step = std::min(step, limits.items_max);
  if (limits.bytes_max != 0) step = std::min(step, std::max<uint64_t>(1, limits.bytes_max / 8));
  std::vector<CutPiece> pieces;
  for (uint64_t at = 0; at < request.size() / 8; at += step) {
    if (work != nullptr) work->pace.step(1);
    const uint64_t count = std::min<uint64_t>(step, request.size() / 8 - at);
    pieces.push_back({request.slice(at * 8, count * 8), static_cast<uint32_t>(count)});
  }
  return pieces;
}

class FakeExporter final : public Exporter {
 public:
  struct Attempt {
    Batch batch;
    MonotonicTime deadline;
    Done done;
  };
  // Not null: answers in place of the test, in a coming turn of `loop`.
  using Script = std::function<std::optional<Outcome>(const Batch&)>;

  explicit FakeExporter(io::Loop& loop, Script script = {})
      : loop_(loop), script_(std::move(script)) {}

  void send_batch(Batch batch, MonotonicTime deadline, Done done) override {
    ++attempt_count;
    std::optional<Outcome> outcome = script_ ? script_(batch) : std::nullopt;
    if (!outcome) {
      open.push_back({std::move(batch), deadline, std::move(done)});
      return;
    }
    loop_.post([this, batch = std::move(batch), outcome = std::move(*outcome),
                done = std::move(done)]() mutable { finish(batch, std::move(outcome), done); });
  }
  bool flush(Flushed done) override { return on_flush != nullptr && on_flush(std::move(done)); }
  void close() override {
    closed = true;
    while (!open.empty()) answer({.kind = Outcome::Kind::kCancelled});
  }
  std::string describe() const override { return "fake"; }

  // Answers the oldest open attempt.
  void answer(Outcome outcome) {
    Attempt attempt = std::move(open.front());
    open.pop_front();
    finish(attempt.batch, std::move(outcome), attempt.done);
  }
  void answer(Outcome::Kind kind) { answer(Outcome{.kind = kind}); }

  std::deque<Attempt> open;
  std::vector<std::vector<uint64_t>> delivered;  // batches, by their items
  std::vector<MetadataRef> delivered_metadata;
  std::function<bool(Flushed)> on_flush;  // null: it holds nothing
  int attempt_count = 0;
  bool closed = false;

 private:
  void finish(const Batch& batch, Outcome outcome, Done& done) {
    if (outcome.kind == Outcome::Kind::kDelivered || outcome.kind == Outcome::Kind::kPartial) {
      delivered.push_back(items_of(batch.bytes));
      delivered_metadata.push_back(batch.metadata);
    }
    done(std::move(outcome));
  }
  io::Loop& loop_;
  Script script_;
};

}  // namespace millrace::pipeline::testing
