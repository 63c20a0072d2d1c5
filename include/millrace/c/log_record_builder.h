// A log record written as protobuf bytes while it is being described.
#pragma once

#include <stdint.h>

#include "millrace/c/log_record.h"

MILLRACE_C_BEGIN

// Made once, used for one record after the other. What cannot be written (no memory) is answered by
// millrace_collect_log_builder().
typedef struct millrace_log_record_builder millrace_log_record_builder;

// A record that happened and was observed now, with a text as its body (null: without a body);
// reset begins another one in the same room. What is no severity is unspecified.
MILLRACE_API millrace_log_record_builder* millrace_log_record_builder_new(uint32_t severity,
                                                                          const char* body);
MILLRACE_API void millrace_log_record_builder_reset(millrace_log_record_builder* builder,
                                                    uint32_t severity, const char* body);
MILLRACE_API void millrace_log_record_builder_free(millrace_log_record_builder* builder);

// When it happened (0: unknown) and when it was observed, instead of now.
MILLRACE_API void millrace_log_record_builder_set_time(millrace_log_record_builder* builder,
                                                       uint64_t unix_nano);
MILLRACE_API void millrace_log_record_builder_set_observed_time(
    millrace_log_record_builder* builder, uint64_t unix_nano);

// Each at most once a record: a body of any type where it began without one, the severity in the
// words of its source, the event, the span it belongs to (16 and 8 bytes), W3C trace flags.
MILLRACE_API void millrace_log_record_builder_set_body(millrace_log_record_builder* builder,
                                                       const millrace_value* body);
MILLRACE_API void millrace_log_record_builder_set_severity_text(
    millrace_log_record_builder* builder, const char* text);
MILLRACE_API void millrace_log_record_builder_set_event_name(millrace_log_record_builder* builder,
                                                             const char* name);
MILLRACE_API void millrace_log_record_builder_set_span(millrace_log_record_builder* builder,
                                                       const uint8_t* trace_id,
                                                       const uint8_t* span_id);
MILLRACE_API void millrace_log_record_builder_set_flags(millrace_log_record_builder* builder,
                                                        uint32_t flags);

// One more attribute; a key that is there already is not looked for. `yes` is anything but 0.
MILLRACE_API void millrace_log_record_builder_set_text(millrace_log_record_builder* builder,
                                                       const char* key, const char* text);
MILLRACE_API void millrace_log_record_builder_set_bool(millrace_log_record_builder* builder,
                                                       const char* key, int yes);
MILLRACE_API void millrace_log_record_builder_set_integer(millrace_log_record_builder* builder,
                                                          const char* key, int64_t integer);
MILLRACE_API void millrace_log_record_builder_set_double(millrace_log_record_builder* builder,
                                                         const char* key, double number);
MILLRACE_API void millrace_log_record_builder_set_value(millrace_log_record_builder* builder,
                                                        const char* key,
                                                        const millrace_value* value);

MILLRACE_C_END
