// A span written as protobuf bytes while it is being described.
#pragma once

#include <stdint.h>

#include "millrace/c/span.h"

MILLRACE_C_BEGIN

// One builder serves any number of spans, one after the other. When memory runs out while it
// writes, millrace_collect_builder() returns MILLRACE_TOO_LARGE.
typedef struct millrace_span_builder millrace_span_builder;

// Begins a span with that name, started now. reset begins another span in the same memory.
MILLRACE_API millrace_span_builder* millrace_span_builder_new(const char* name);
MILLRACE_API void millrace_span_builder_reset(millrace_span_builder* builder, const char* name);
MILLRACE_API void millrace_span_builder_free(millrace_span_builder* builder);

// Ids of 16, 8 and 8 bytes. Unset ids get random values; a span without a parent is a root.
MILLRACE_API void millrace_span_builder_set_trace_id(millrace_span_builder* builder,
                                                     const uint8_t* trace_id);
MILLRACE_API void millrace_span_builder_set_span_id(millrace_span_builder* builder,
                                                    const uint8_t* span_id);
MILLRACE_API void millrace_span_builder_set_parent(millrace_span_builder* builder,
                                                   const uint8_t* span_id);
// Writes this span's ids (16 and 8 bytes; either pointer may be null) and creates random ones if
// they are not set yet. Child spans need them.
MILLRACE_API void millrace_span_builder_ids(millrace_span_builder* builder, uint8_t* trace_id,
                                            uint8_t* span_id);
// Default: internal.
MILLRACE_API void millrace_span_builder_set_kind(millrace_span_builder* builder,
                                                 millrace_span_kind kind);
// Default: the time of new or reset.
MILLRACE_API void millrace_span_builder_set_start(millrace_span_builder* builder,
                                                  uint64_t unix_nano);
// Default: the time of the collect call.
MILLRACE_API void millrace_span_builder_set_end(millrace_span_builder* builder, uint64_t unix_nano);
// Each at most once a span: W3C trace state, W3C flags (in the lowest byte), status (a null message
// means no message).
MILLRACE_API void millrace_span_builder_set_trace_state(millrace_span_builder* builder,
                                                        const char* state);
MILLRACE_API void millrace_span_builder_set_flags(millrace_span_builder* builder, uint32_t flags);
MILLRACE_API void millrace_span_builder_set_status(millrace_span_builder* builder,
                                                   millrace_status_code code, const char* message);

// Appends an attribute without checking for an earlier one with that key. `yes`: any value but 0.
MILLRACE_API void millrace_span_builder_set_text(millrace_span_builder* builder, const char* key,
                                                 const char* text);
MILLRACE_API void millrace_span_builder_set_bool(millrace_span_builder* builder, const char* key,
                                                 int yes);
MILLRACE_API void millrace_span_builder_set_integer(millrace_span_builder* builder, const char* key,
                                                    int64_t integer);
MILLRACE_API void millrace_span_builder_set_double(millrace_span_builder* builder, const char* key,
                                                   double number);
MILLRACE_API void millrace_span_builder_set_value(millrace_span_builder* builder, const char* key,
                                                  const millrace_value* value);

// Appends an event; a time of 0 means now.
MILLRACE_API void millrace_span_builder_add_event(millrace_span_builder* builder,
                                                  const millrace_span_event* event);
// Appends a link; see millrace_span_link.
MILLRACE_API void millrace_span_builder_add_link(millrace_span_builder* builder,
                                                 const millrace_span_link* link);

MILLRACE_C_END
