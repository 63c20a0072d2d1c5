#include "millrace/span_builder.h"

#include <algorithm>

#include "c_interface/builders.h"
#include "c_interface/handles.h"

using millrace::c_interface::as_text;
using millrace::c_interface::set_attribute;
using millrace::c_interface::with;
using millrace::c_interface::write_attributes;
namespace v1 = millrace::v1;

extern "C" {

millrace_span_builder* millrace_span_builder_new(const char* name) {
  return new (std::nothrow) millrace_span_builder{v1::SpanBuilder(as_text(name))};
}
void millrace_span_builder_free(millrace_span_builder* builder) { delete builder; }
void millrace_span_builder_reset(millrace_span_builder* builder, const char* name) {
  with(builder, [=](v1::SpanBuilder& span) { span.reset(as_text(name)); });
}

void millrace_span_builder_set_trace_id(millrace_span_builder* builder, const uint8_t* trace_id) {
  if (trace_id == nullptr) return;
  with(builder, [=](v1::SpanBuilder& span) {
    span.set_trace_id(millrace::c_interface::to_trace_id(trace_id));
  });
}
void millrace_span_builder_set_span_id(millrace_span_builder* builder, const uint8_t* span_id) {
  if (span_id == nullptr) return;
  with(builder, [=](v1::SpanBuilder& span) {
    span.set_span_id(millrace::c_interface::to_span_id(span_id));
  });
}
void millrace_span_builder_set_parent(millrace_span_builder* builder, const uint8_t* span_id) {
  if (span_id == nullptr) return;
  with(builder,
       [=](v1::SpanBuilder& span) { span.set_parent(millrace::c_interface::to_span_id(span_id)); });
}
void millrace_span_builder_ids(millrace_span_builder* builder, uint8_t* trace_id,
                               uint8_t* span_id) {
  with(builder, [=](v1::SpanBuilder& span) {
    if (trace_id != nullptr) std::copy_n(span.trace_id().begin(), 16, trace_id);
    if (span_id != nullptr) std::copy_n(span.span_id().begin(), 8, span_id);
  });
}

void millrace_span_builder_set_kind(millrace_span_builder* builder, millrace_span_kind kind) {
  if (kind > MILLRACE_SPAN_CONSUMER) return;
  with(builder, [=](v1::SpanBuilder& span) { span.set_kind(static_cast<v1::SpanKind>(kind)); });
}
void millrace_span_builder_set_start(millrace_span_builder* builder, uint64_t unix_nano) {
  with(builder, [=](v1::SpanBuilder& span) { span.set_start(unix_nano); });
}
void millrace_span_builder_set_end(millrace_span_builder* builder, uint64_t unix_nano) {
  with(builder, [=](v1::SpanBuilder& span) { span.set_end(unix_nano); });
}
void millrace_span_builder_set_trace_state(millrace_span_builder* builder, const char* state) {
  with(builder, [=](v1::SpanBuilder& span) { span.set_trace_state(as_text(state)); });
}
void millrace_span_builder_set_flags(millrace_span_builder* builder, uint32_t flags) {
  with(builder, [=](v1::SpanBuilder& span) { span.set_flags(flags); });
}
void millrace_span_builder_set_status(millrace_span_builder* builder, millrace_status_code code,
                                      const char* message) {
  if (code > MILLRACE_STATUS_ERROR) return;
  with(builder, [=](v1::SpanBuilder& span) {
    span.set_status(static_cast<v1::StatusCode>(code), as_text(message));
  });
}

void millrace_span_builder_set_text(millrace_span_builder* builder, const char* key,
                                    const char* text) {
  set_attribute(builder, key, as_text(text));
}
void millrace_span_builder_set_bool(millrace_span_builder* builder, const char* key, int yes) {
  set_attribute(builder, key, yes != 0);
}
void millrace_span_builder_set_integer(millrace_span_builder* builder, const char* key,
                                       int64_t integer) {
  set_attribute(builder, key, integer);
}
void millrace_span_builder_set_double(millrace_span_builder* builder, const char* key,
                                      double number) {
  set_attribute(builder, key, number);
}
void millrace_span_builder_set_value(millrace_span_builder* builder, const char* key,
                                     const millrace_value* value) {
  millrace::c_interface::set_value(builder, key, value);
}

void millrace_span_builder_add_event(millrace_span_builder* builder,
                                     const millrace_span_event* event) {
  if (event == nullptr) return;
  with(builder, [=](v1::SpanBuilder& span) {
    v1::detail::Encoder& encoder = v1::detail::Access::encoder(span);
    const auto nested = encoder.open(11);
    encoder.fixed64_field(1,
                          event->time_unix_nano != 0 ? event->time_unix_nano : v1::now_unix_nano());
    encoder.text_field(2, as_text(event->name));
    write_attributes(encoder, 3, event->attributes, event->attribute_count);
    if (event->dropped_attributes_count != 0) {
      encoder.varint_field(4, event->dropped_attributes_count);
    }
    encoder.close(nested);
  });
}

void millrace_span_builder_add_link(millrace_span_builder* builder,
                                    const millrace_span_link* link) {
  if (link == nullptr) return;
  with(builder, [=](v1::SpanBuilder& span) {
    v1::detail::Encoder& encoder = v1::detail::Access::encoder(span);
    const auto nested = encoder.open(13);
    encoder.bytes_field(1, link->trace_id, sizeof link->trace_id);
    encoder.bytes_field(2, link->span_id, sizeof link->span_id);
    if (link->trace_state.size != 0) encoder.text_field(3, as_text(link->trace_state));
    write_attributes(encoder, 4, link->attributes, link->attribute_count);
    if (link->dropped_attributes_count != 0) {
      encoder.varint_field(5, link->dropped_attributes_count);
    }
    if (link->flags != 0) encoder.fixed32_field(6, link->flags);
    encoder.close(nested);
  });
}

}  // extern "C"
