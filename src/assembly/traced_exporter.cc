#include "assembly/traced_exporter.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace millrace::assembly {
namespace {

using pipeline::Outcome;

// The common part of the spans of one exporter. Attempts share it, because an answer may come
// when the exporter has gone.
struct Spans {
  std::string exporter;
  Signal signal;
  std::string name;
  own_spans::SpanRecorder& recorder;

  void end(const own_spans::OpenSpan& span, uint64_t item_count, const Outcome& outcome) const {
    const bool is_delivered =
        outcome.kind == Outcome::Kind::kDelivered || outcome.kind == Outcome::Kind::kPartial;
    const uint64_t failed =
        is_delivered ? std::min(outcome.rejected_count, item_count) : item_count;
    const std::array<own_spans::Attribute, 4> attributes = {
        {{.key = "exporter", .text = exporter},
         {.key = "data_type", .text = signal_name(signal)},
         {.key = "items.sent", .number = static_cast<int64_t>(item_count - failed)},
         {.key = "items.failed", .number = static_cast<int64_t>(failed)}}};
    recorder.end(span, {.name = name,
                        .attributes = attributes,
                        .is_error = !is_delivered,
                        .error = outcome.error.message});
  }
};

class TracedExporter final : public pipeline::Exporter {
 public:
  TracedExporter(std::shared_ptr<const Spans> spans, std::unique_ptr<pipeline::Exporter> exporter)
      : spans_(std::move(spans)), exporter_(std::move(exporter)) {}

  void send_batch(pipeline::Batch batch, MonotonicTime deadline, Done done) override {
    const std::optional<own_spans::OpenSpan> span = spans_->recorder.start({});
    if (!span) return exporter_->send_batch(std::move(batch), deadline, std::move(done));
    const uint32_t item_count = batch.item_count;
    exporter_->send_batch(std::move(batch), deadline,
                          [spans = spans_, span = *span, item_count,
                           then = std::move(done)](Outcome outcome) mutable {
                            spans->end(span, item_count, outcome);
                            then(std::move(outcome));
                          });
  }
  bool flush(Flushed done) override { return exporter_->flush(std::move(done)); }
  void close() override { exporter_->close(); }
  std::string describe() const override { return exporter_->describe(); }

 private:
  const std::shared_ptr<const Spans> spans_;
  const std::unique_ptr<pipeline::Exporter> exporter_;
};

}  // namespace

std::unique_ptr<pipeline::Exporter> make_traced_exporter(
    std::string_view id, Signal signal, own_spans::SpanRecorder& spans,
    std::unique_ptr<pipeline::Exporter> exporter) {
  const std::string exporter_id(id);
  auto common = std::make_shared<const Spans>(
      Spans{.exporter = exporter_id,
            .signal = signal,
            .name = "exporter/" + exporter_id + "/" + std::string(signal_name(signal)),
            .recorder = spans});
  return std::make_unique<TracedExporter>(std::move(common), std::move(exporter));
}

}  // namespace millrace::assembly
