#include "millrace/collector.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "c_interface/builders.h"
#include "c_interface/handles.h"
#include "c_interface/timeouts.h"
#include "c_interface/values.h"

using millrace::c_interface::Allowance;
using millrace::c_interface::guarded;
using millrace::c_interface::timeout_of;
using millrace::c_interface::to_code;
namespace v1 = millrace::v1;

namespace {

template <class Handle, class Item, class From>
millrace_code collect(millrace_collector* collector, const From* from,
                      bool (*read)(const From*, Item&, Allowance&)) noexcept {
  if (collector == nullptr) return MILLRACE_INVALID_ARGUMENT;
  return guarded([&] {
    Item item;
    Allowance allowance(collector->item_bytes_max);
    if (!read(from, item, allowance)) return MILLRACE_INVALID_ARGUMENT;
    if (!allowance.is_exceeded()) return to_code(collector->collector.collect(item));
    // Larger than the collector accepts; it is counted like any other item that is too large.
    Handle nothing;
    millrace::c_interface::refuse(nothing.builder);
    return to_code(collector->collector.collect(nothing.builder));
  });
}

template <class Builder>
millrace_code collect_built(millrace_collector* collector, Builder* builder) noexcept {
  if (collector == nullptr || builder == nullptr) return MILLRACE_INVALID_ARGUMENT;
  return to_code(collector->collector.collect(builder->builder));
}

}  // namespace

extern "C" {

const char* millrace_code_name(millrace_code code) {
  if (code > MILLRACE_UNIMPLEMENTED) return "UNKNOWN";
  return v1::error_code_name(static_cast<v1::ErrorCode>(code));
}

const char* millrace_version(void) { return MILLRACE_VERSION; }

uint64_t millrace_now_unix_nano(void) { return v1::now_unix_nano(); }

void millrace_random_trace_id(uint8_t* trace_id) {
  if (trace_id == nullptr) return;
  const v1::TraceId id = v1::random_trace_id();
  std::copy(id.begin(), id.end(), trace_id);
}
void millrace_random_span_id(uint8_t* span_id) {
  if (span_id == nullptr) return;
  const v1::SpanId id = v1::random_span_id();
  std::copy(id.begin(), id.end(), span_id);
}

millrace_code millrace_create(millrace_config* config, millrace_collector** collector) {
  if (collector != nullptr) *collector = nullptr;
  if (config == nullptr || collector == nullptr) return MILLRACE_INVALID_ARGUMENT;
  return guarded([&] {
    const v1::Config assembled = millrace::c_interface::assemble(*config);
    auto created = v1::Collector::create(assembled);
    if (!created) {
      return millrace::c_interface::refuse(*config, to_code(created.error().code),
                                           created.error().message);
    }
    *collector = new millrace_collector{std::move(*created), assembled.item_bytes_max};
    return MILLRACE_OK;
  });
}

millrace_code millrace_collect_span(millrace_collector* collector, const millrace_span* span) {
  return collect<millrace_span_builder, v1::Span>(collector, span,
                                                  millrace::c_interface::read_span);
}
millrace_code millrace_collect_log(millrace_collector* collector,
                                   const millrace_log_record* record) {
  return collect<millrace_log_record_builder, v1::LogRecord>(
      collector, record, millrace::c_interface::read_log_record);
}
millrace_code millrace_collect_metric(millrace_collector* collector,
                                      const millrace_metric_point* point) {
  return collect<millrace_metric_point_builder, v1::MetricPoint>(
      collector, point, millrace::c_interface::read_metric_point);
}
millrace_code millrace_collect_builder(millrace_collector* collector,
                                       millrace_span_builder* builder) {
  return collect_built(collector, builder);
}
millrace_code millrace_collect_log_builder(millrace_collector* collector,
                                           millrace_log_record_builder* builder) {
  return collect_built(collector, builder);
}
millrace_code millrace_collect_metric_builder(millrace_collector* collector,
                                              millrace_metric_point_builder* builder) {
  return collect_built(collector, builder);
}

millrace_code millrace_flush(millrace_collector* collector, uint64_t timeout_ms) {
  if (collector == nullptr) return MILLRACE_INVALID_ARGUMENT;
  return to_code(collector->collector.flush(timeout_of(timeout_ms)));
}
millrace_code millrace_shutdown(millrace_collector* collector, uint64_t timeout_ms) {
  if (collector == nullptr) return MILLRACE_INVALID_ARGUMENT;
  return to_code(collector->collector.shutdown(timeout_of(timeout_ms)));
}
void millrace_destroy(millrace_collector* collector) { delete collector; }

}  // extern "C"
