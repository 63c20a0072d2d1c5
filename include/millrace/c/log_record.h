// A log record as a structure, for millrace_collect_log().
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "millrace/c/result.h"
#include "millrace/c/value.h"

MILLRACE_C_BEGIN

// OTLP's severity numbers. The steps between them (MILLRACE_SEVERITY_INFO + 1 = INFO2) are allowed.
typedef MILLRACE_ENUM(millrace_severity){
    MILLRACE_SEVERITY_UNSPECIFIED = 0, MILLRACE_SEVERITY_TRACE = 1, MILLRACE_SEVERITY_DEBUG = 5,
    MILLRACE_SEVERITY_INFO = 9,        MILLRACE_SEVERITY_WARN = 13, MILLRACE_SEVERITY_ERROR = 17,
    MILLRACE_SEVERITY_FATAL = 21,
} millrace_severity;

// A log record with OTLP's fields.
typedef struct millrace_log_record {
  size_t struct_size;                // sizeof(millrace_log_record)
  uint64_t time_unix_nano;           // when it happened; 0: unknown
  uint64_t observed_time_unix_nano;  // 0: set to now when it is collected
  uint32_t severity;                 // a millrace_severity, or a step between
  uint32_t flags;
  millrace_text severity_text;
  millrace_value body;
  const millrace_attribute* attributes;
  size_t attribute_count;
  uint8_t trace_id[16];
  uint8_t span_id[8];
  millrace_text event_name;
  uint32_t dropped_attributes_count;
  uint32_t reserved;  // 0
} millrace_log_record;

// Sets a record that happened and was observed now, with a text as its body.
static inline void millrace_log_record_init(millrace_log_record* record, uint32_t severity,
                                            const char* body) {
  memset(record, 0, sizeof *record);
  record->struct_size = sizeof *record;
  record->time_unix_nano = millrace_now_unix_nano();
  record->observed_time_unix_nano = record->time_unix_nano;
  record->severity = severity;
  record->body = millrace_text_value(body);
}

MILLRACE_C_END
