#include "millrace/log_record_builder.h"

#include <new>

#include "c_interface/builders.h"
#include "c_interface/handles.h"

using millrace::c_interface::Allowance;
using millrace::c_interface::as_text;
using millrace::c_interface::kBuilderItemBytesMax;
using millrace::c_interface::set_attribute;
using millrace::c_interface::with;
namespace v1 = millrace::v1;

namespace {

// A number that is no severity becomes "unspecified", so that the record is not lost.
v1::Severity to_severity(uint32_t severity) {
  return static_cast<v1::Severity>(severity > MILLRACE_SEVERITY_FATAL + 3 ? 0 : severity);
}

}  // namespace

extern "C" {

millrace_log_record_builder* millrace_log_record_builder_new(uint32_t severity, const char* body) {
  return new (std::nothrow)
      millrace_log_record_builder{v1::LogRecordBuilder(to_severity(severity), as_text(body))};
}
void millrace_log_record_builder_free(millrace_log_record_builder* builder) { delete builder; }
void millrace_log_record_builder_reset(millrace_log_record_builder* builder, uint32_t severity,
                                       const char* body) {
  with(builder,
       [=](v1::LogRecordBuilder& record) { record.reset(to_severity(severity), as_text(body)); });
}

void millrace_log_record_builder_set_time(millrace_log_record_builder* builder,
                                          uint64_t unix_nano) {
  with(builder, [=](v1::LogRecordBuilder& record) { record.set_time(unix_nano); });
}
void millrace_log_record_builder_set_observed_time(millrace_log_record_builder* builder,
                                                   uint64_t unix_nano) {
  with(builder, [=](v1::LogRecordBuilder& record) { record.set_observed_time(unix_nano); });
}
void millrace_log_record_builder_set_body(millrace_log_record_builder* builder,
                                          const millrace_value* body) {
  if (body == nullptr) return;
  with(builder, [=](v1::LogRecordBuilder& record) {
    Allowance allowance(kBuilderItemBytesMax);
    v1::Value value = millrace::c_interface::to_value(*body, allowance);
    if (allowance.is_exceeded()) return millrace::c_interface::refuse(record);
    record.set_body(value);
  });
}
void millrace_log_record_builder_set_severity_text(millrace_log_record_builder* builder,
                                                   const char* text) {
  with(builder, [=](v1::LogRecordBuilder& record) { record.set_severity_text(as_text(text)); });
}
void millrace_log_record_builder_set_event_name(millrace_log_record_builder* builder,
                                                const char* name) {
  with(builder, [=](v1::LogRecordBuilder& record) { record.set_event_name(as_text(name)); });
}
void millrace_log_record_builder_set_span(millrace_log_record_builder* builder,
                                          const uint8_t* trace_id, const uint8_t* span_id) {
  if (trace_id == nullptr || span_id == nullptr) return;
  with(builder, [=](v1::LogRecordBuilder& record) {
    record.set_span(millrace::c_interface::to_trace_id(trace_id),
                    millrace::c_interface::to_span_id(span_id));
  });
}
void millrace_log_record_builder_set_flags(millrace_log_record_builder* builder, uint32_t flags) {
  with(builder, [=](v1::LogRecordBuilder& record) { record.set_flags(flags); });
}

void millrace_log_record_builder_set_text(millrace_log_record_builder* builder, const char* key,
                                          const char* text) {
  set_attribute(builder, key, as_text(text));
}
void millrace_log_record_builder_set_bool(millrace_log_record_builder* builder, const char* key,
                                          int yes) {
  set_attribute(builder, key, yes != 0);
}
void millrace_log_record_builder_set_integer(millrace_log_record_builder* builder, const char* key,
                                             int64_t integer) {
  set_attribute(builder, key, integer);
}
void millrace_log_record_builder_set_double(millrace_log_record_builder* builder, const char* key,
                                            double number) {
  set_attribute(builder, key, number);
}
void millrace_log_record_builder_set_value(millrace_log_record_builder* builder, const char* key,
                                           const millrace_value* value) {
  millrace::c_interface::set_value(builder, key, value);
}

}  // extern "C"
