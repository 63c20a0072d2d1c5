// A log record written as protobuf bytes while it is being described.
#pragma once

#include <stdint.h>

#include "millrace/c/log_record.h"

MILLRACE_C_BEGIN

// One builder serves any number of records, one after the other. When memory runs out while it
// writes, millrace_collect_log_builder() returns MILLRACE_TOO_LARGE.
typedef struct millrace_log_record_builder millrace_log_record_builder;

// Begins a record with the current time and a text as its body (null: no body). reset begins
// another record in the same memory. A number that is no severity means "unspecified".
MILLRACE_API millrace_log_record_builder* millrace_log_record_builder_new(uint32_t severity,
                                                                          const char* body);
MILLRACE_API void millrace_log_record_builder_reset(millrace_log_record_builder* builder,
                                                    uint32_t severity, const char* body);
MILLRACE_API void millrace_log_record_builder_free(millrace_log_record_builder* builder);

// Sets when it happened (0: unknown) and when it was observed, instead of the current time.
MILLRACE_API void millrace_log_record_builder_set_time(millrace_log_record_builder* builder,
                                                       uint64_t unix_nano);
MILLRACE_API void millrace_log_record_builder_set_observed_time(
    millrace_log_record_builder* builder, uint64_t unix_nano);

// Each at most once a record: a body of any type (if the record began without one), the severity in
// the words of its source, the event, the ids of its span (16 and 8 bytes), W3C trace flags.
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

// Appends an attribute without checking for an earlier one with that key. `yes`: any value but 0.
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
