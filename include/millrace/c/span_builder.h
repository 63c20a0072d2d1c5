// A span written as protobuf bytes while it is being described.
#pragma once

#include <stdint.h>

#include "millrace/c/span.h"

MILLRACE_C_BEGIN

// Made once, used for one span after the other. What cannot be written (no memory) is answered by
// millrace_collect_builder().
typedef struct millrace_span_builder millrace_span_builder;

// A span of that name, started now; reset begins another one in the same room.
MILLRACE_API millrace_span_builder* millrace_span_builder_new(const char* name);
MILLRACE_API void millrace_span_builder_reset(millrace_span_builder* builder, const char* name);
MILLRACE_API void millrace_span_builder_free(millrace_span_builder* builder);

// 16 bytes, 8 bytes, 8 bytes. Without them the ids are random, and the span is a root.
MILLRACE_API void millrace_span_builder_set_trace_id(millrace_span_builder* builder,
                                                     const uint8_t* trace_id);
MILLRACE_API void millrace_span_builder_set_span_id(millrace_span_builder* builder,
                                                    const uint8_t* span_id);
MILLRACE_API void millrace_span_builder_set_parent(millrace_span_builder* builder,
                                                   const uint8_t* span_id);
// The ids of this span, made now if they are not set yet: what its children need. 16 and 8 bytes
// are written; either may be null.
MILLRACE_API void millrace_span_builder_ids(millrace_span_builder* builder, uint8_t* trace_id,
                                            uint8_t* span_id);
// Internal unless it is set.
MILLRACE_API void millrace_span_builder_set_kind(millrace_span_builder* builder,
                                                 millrace_span_kind kind);
// Instead of when the builder was made or reset.
MILLRACE_API void millrace_span_builder_set_start(millrace_span_builder* builder,
                                                  uint64_t unix_nano);
// Instead of when the span is collected.
MILLRACE_API void millrace_span_builder_set_end(millrace_span_builder* builder, uint64_t unix_nano);
// Each at most once a span: W3C trace state and flags (in the lowest byte), status (a null message
// is none).
MILLRACE_API void millrace_span_builder_set_trace_state(millrace_span_builder* builder,
                                                        const char* state);
MILLRACE_API void millrace_span_builder_set_flags(millrace_span_builder* builder, uint32_t flags);
MILLRACE_API void millrace_span_builder_set_status(millrace_span_builder* builder,
                                                   millrace_status_code code, const char* message);

// One more attribute; a key that is there already is not looked for. `yes` is anything but 0.
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

// Something that happened; a time of 0 is now.
MILLRACE_API void millrace_span_builder_add_event(millrace_span_builder* builder,
                                                  const millrace_span_event* event);
// See millrace_span_link.
MILLRACE_API void millrace_span_builder_add_link(millrace_span_builder* builder,
                                                 const millrace_span_link* link);

MILLRACE_C_END
