#include "receivers/own_telemetry/traces_receiver.h"

#include <optional>
#include <utility>

#include "own_spans/span_recorder.h"
#include "receivers/own_telemetry/own_request.h"
#include "wire/writer.h"

namespace millrace::receivers::own_telemetry {
namespace {

constexpr size_t kAroundBytes = 1024;

class OwnTraces final : public reception::Receiver {
 public:
  OwnTraces(reception::ReceiverParts parts, const OwnTracesOptions& options)
      : parts_(std::move(parts)),
        options_(options),
        timer_(parts_.loop->make_timer([this] { send(); })) {
    parts_.own_spans->on_kept([this](size_t count) { on_kept(count); });
  }
  ~OwnTraces() override { parts_.own_spans->on_kept({}); }

  void stop() override {
    send();
    parts_.own_spans->close();
  }

 private:
  // A full batch leaves by the timer as well, in a turn of its own: the span that fills it may end
  // inside of a submission.
  void on_kept(size_t count) {
    if (count == 1) timer_->arm_at(parts_.loop->now() + options_.wait_max);
    if (count == options_.batch_spans) timer_->arm_at(parts_.loop->now());
  }

  void send() {
    timer_->disarm();
    const own_spans::SpanRecorder::Taken spans = parts_.own_spans->take();
    if (spans.count == 0 || parts_.intakes[index_of(Signal::kTraces)] == nullptr) return;
    if (!resource_) resource_ = resource_of(parts_.metrics->snapshot(), options_.resource_names);
    hand_in(parts_, Signal::kTraces, request_of(spans.bytes), spans.count,
            [recorder = parts_.own_spans, count = spans.count] { recorder->note_lost(count); });
  }

  // An ExportTraceServiceRequest.
  Bytes request_of(const Bytes& spans) const {
    wire::Writer writer(spans.size() + kAroundBytes);
    const auto resource_spans = writer.open(1, spans.size() + kAroundBytes / 2);
    const auto resource = writer.open(1, kAroundBytes / 4);
    write_attributes(writer, 1, *resource_);
    writer.close(resource);
    const auto scope_spans = writer.open(2, spans.size() + kScope.size());
    const auto scope = writer.open(1);
    writer.string_field(1, kScope);
    writer.close(scope);
    writer.raw(spans.view());
    writer.close(scope_spans);
    writer.close(resource_spans);
    return writer.finish();
  }

  const reception::ReceiverParts parts_;
  const OwnTracesOptions options_;
  const std::unique_ptr<io::Timer> timer_;
  std::optional<metrics::Labels> resource_;  // it does not change once the process has started
};

class Factory final : public reception::ReceiverFactory {
 public:
  explicit Factory(OwnTracesOptions options) : options_(std::move(options)) {}
  Result<std::unique_ptr<reception::Receiver>> make(reception::ReceiverParts parts) const override {
    return std::make_unique<OwnTraces>(std::move(parts), options_);
  }

 private:
  const OwnTracesOptions options_;
};

}  // namespace

std::shared_ptr<const reception::ReceiverFactory> make_own_traces_factory(
    OwnTracesOptions options) {
  return std::make_shared<Factory>(std::move(options));
}

}  // namespace millrace::receivers::own_telemetry
