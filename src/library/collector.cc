// The public classes: each call is passed to the engine of this process.
#include "millrace/collector.h"

#include <exception>
#include <utility>
#include <variant>

#include "library/encode_values.h"
#include "library/handle.h"
#include "millrace/batch_processor.h"
#include "otlp/admit.h"

namespace millrace::v1 {
namespace {

using detail::Access;
using detail::Encoder;
using detail::Handle;
using library::EncodeNotes;
using library::Engine;
using library::Item;

Item item_of(Encoder& encoder, const uint8_t* begin, const EncodeNotes& notes) {
  const detail::Remarks& remarks = encoder.remarks();
  return {.bytes = {begin, static_cast<size_t>(encoder.at() - begin)},
          .repaired_texts = remarks.repaired_texts,
          .corrected_times = notes.corrected_times,
          .truncated_values = notes.truncated_values,
          .skipped_attributes = remarks.skipped,
          .failed = remarks.failed};
}

template <class Value>
Status collect_value(Handle& handle, millrace::Signal signal, const Value& value) {
  Engine* engine = handle.engine();
  if (engine == nullptr) return ErrorCode::kUnavailable;
  Encoder encoder(0);
  EncodeNotes notes;
  encode(value, engine->encode_limits(), encoder, notes);
  return engine->collect(signal, item_of(encoder, encoder.begin(), notes));
}

Status collect_point(Engine& engine, MetricPointBuilder& point, const EncodeNotes& notes) {
  if (!Access::is_valid(point)) return ErrorCode::kInvalidArgument;
  const uint8_t* begin = Access::finish(point, engine.started_unix_nano());
  return engine.collect(millrace::Signal::kMetrics, item_of(Access::encoder(point), begin, notes));
}

// The statistics of a forked child that has not started an engine.
Statistics no_statistics() { return {}; }

}  // namespace

Collector::Collector(std::unique_ptr<Handle> handle) noexcept : handle_(std::move(handle)) {}
Collector::~Collector() = default;
Collector::Collector(Collector&&) noexcept = default;
Collector& Collector::operator=(Collector&&) noexcept = default;

Result<Collector> Collector::create(Config config) {
  try {
    // A child gets the whole configuration except the program's own objects.
    Config for_child = config;
    for_child.exporters.clear();
    auto handle = Handle::create(
        [&config] { return library::plan_from_config(config); },
        [for_child = std::move(for_child)] { return library::plan_from_config(for_child); });
    if (!handle) return handle.error();
    return Collector(std::move(*handle));
  } catch (const std::exception& error) {
    return Error{ErrorCode::kUnavailable, error.what()};
  }
}

Status Collector::collect(const Span& span) noexcept {
  return collect_value(*handle_, millrace::Signal::kTraces, span);
}
Status Collector::collect(const LogRecord& record) noexcept {
  return collect_value(*handle_, millrace::Signal::kLogs, record);
}
Status Collector::collect(const MetricPoint& point) noexcept {
  Engine* engine = handle_->engine();
  if (engine == nullptr) return ErrorCode::kUnavailable;
  const Metric metric{.name = point.name, .unit = point.unit, .description = point.description};
  return std::visit(
      [&](const auto& data) {
        MetricPointBuilder builder(
            metric, data, point.time_unix_nano != 0 ? point.time_unix_nano : now_unix_nano());
        EncodeNotes notes;
        Access::add_rest(builder, point, engine->encode_limits(), notes);
        return collect_point(*engine, builder, notes);
      },
      point.data);
}

Status Collector::collect(SpanBuilder& span) noexcept {
  Engine* engine = handle_->engine();
  if (engine == nullptr) return ErrorCode::kUnavailable;
  EncodeNotes notes;
  const uint8_t* begin = Access::finish(span, notes);
  return engine->collect(millrace::Signal::kTraces, item_of(Access::encoder(span), begin, notes));
}

Status Collector::collect(LogRecordBuilder& record) noexcept {
  Engine* engine = handle_->engine();
  if (engine == nullptr) return ErrorCode::kUnavailable;
  const uint8_t* begin = Access::finish(record);
  return engine->collect(millrace::Signal::kLogs, item_of(Access::encoder(record), begin, {}));
}

Status Collector::collect(MetricPointBuilder& point) noexcept {
  Engine* engine = handle_->engine();
  return engine == nullptr ? Status(ErrorCode::kUnavailable) : collect_point(*engine, point, {});
}

Status Collector::flush(std::chrono::nanoseconds timeout) noexcept {
  Engine* engine = handle_->existing_engine();
  return engine == nullptr ? Status() : engine->flush(timeout);
}

Status Collector::shutdown(std::chrono::nanoseconds timeout) noexcept {
  Engine* engine = handle_->engine();
  return engine == nullptr ? Status(ErrorCode::kUnavailable) : engine->shutdown(timeout);
}

Statistics Collector::statistics() const {
  Engine* engine = handle_->existing_engine();
  return engine == nullptr ? no_statistics() : engine->statistics();
}

BatchProcessor::BatchProcessor(std::unique_ptr<Handle> handle) noexcept
    : handle_(std::move(handle)) {}
BatchProcessor::~BatchProcessor() = default;
BatchProcessor::BatchProcessor(BatchProcessor&&) noexcept = default;
BatchProcessor& BatchProcessor::operator=(BatchProcessor&&) noexcept = default;

Result<BatchProcessor> BatchProcessor::create(BatchProcessorConfig config,
                                              std::vector<std::shared_ptr<Exporter>> exporters) {
  try {
    Config all;
    all.endpoint.clear();
    all.exporters = std::move(exporters);
    all.batch_size = config.batch_size;
    all.batch_timeout_ms = config.batch_timeout_ms;
    all.buffer_capacity = config.buffer_capacity;
    all.buffer_bytes = config.buffer_bytes;
    all.on_full = config.on_full;
    all.batching = config.batching;
    all.item_bytes_max = size_t{64} << 20;
    auto handle =
        Handle::create([&all] { return library::plan_from_config(all); },
                       []() -> Result<library::EnginePlan> {
                         return Error{ErrorCode::kUnavailable, "the exporters are the parent's"};
                       });
    if (!handle) return handle.error();
    return BatchProcessor(std::move(*handle));
  } catch (const std::exception& error) {
    return Error{ErrorCode::kUnavailable, error.what()};
  }
}

Result<uint32_t> BatchProcessor::submit(Signal signal, std::span<const uint8_t> request) {
  Engine* engine = handle_->engine();
  if (engine == nullptr) return Error{ErrorCode::kUnavailable, "a forked child has no exporters"};
  try {
    const auto internal = static_cast<millrace::Signal>(signal);
    if (static_cast<size_t>(signal) >= kSignalCount) {
      return Error{ErrorCode::kInvalidArgument, "no such signal"};
    }
    // Admission needs readable bytes behind the message, so the message is copied first.
    const Bytes copy = Bytes::copy_of(request);
    const auto admitted = otlp::admit(internal, copy.view());
    if (!admitted) {
      return Error{ErrorCode::kInvalidArgument, admitted.error().to_error().message};
    }
    if (admitted->item_count == 0) return 0U;
    const Status status = engine->submit_request(internal, request, admitted->item_count);
    if (!status) return Error{status.code(), status.message()};
    return admitted->item_count;
  } catch (const std::exception& error) {
    return Error{ErrorCode::kUnavailable, error.what()};
  }
}

Status BatchProcessor::flush(std::chrono::nanoseconds timeout) noexcept {
  Engine* engine = handle_->existing_engine();
  return engine == nullptr ? Status() : engine->flush(timeout);
}
Status BatchProcessor::shutdown(std::chrono::nanoseconds timeout) noexcept {
  Engine* engine = handle_->existing_engine();
  return engine == nullptr ? Status() : engine->shutdown(timeout);
}
Statistics BatchProcessor::statistics() const {
  Engine* engine = handle_->existing_engine();
  return engine == nullptr ? no_statistics() : engine->statistics();
}

}  // namespace millrace::v1
