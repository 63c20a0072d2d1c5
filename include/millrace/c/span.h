// A span as a structure, for millrace_collect_span().
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "millrace/c/result.h"
#include "millrace/c/value.h"

MILLRACE_C_BEGIN

// OTLP's span kinds.
typedef MILLRACE_ENUM(millrace_span_kind){
    MILLRACE_SPAN_UNSPECIFIED = 0, MILLRACE_SPAN_INTERNAL = 1, MILLRACE_SPAN_SERVER = 2,
    MILLRACE_SPAN_CLIENT = 3,      MILLRACE_SPAN_PRODUCER = 4, MILLRACE_SPAN_CONSUMER = 5,
} millrace_span_kind;

// OTLP's status codes.
typedef MILLRACE_ENUM(millrace_status_code){
    MILLRACE_STATUS_UNSET = 0,
    MILLRACE_STATUS_OK = 1,
    MILLRACE_STATUS_ERROR = 2,
} millrace_status_code;

// Something that happened during a span, as in OTLP.
typedef struct millrace_span_event {
  uint64_t time_unix_nano;
  millrace_text name;
  const millrace_attribute* attributes;
  size_t attribute_count;
  uint32_t dropped_attributes_count;
  uint32_t reserved;  // 0
} millrace_span_event;

// A link to a related span of this or another trace, as in OTLP.
typedef struct millrace_span_link {
  uint8_t trace_id[16];
  uint8_t span_id[8];
  millrace_text trace_state;
  const millrace_attribute* attributes;
  size_t attribute_count;
  uint32_t dropped_attributes_count;
  uint32_t flags;
} millrace_span_link;

// A finished unit of work, as in OTLP.
typedef struct millrace_span {
  size_t struct_size;  // sizeof(millrace_span)
  // Trace and span ids that are all zero get random values on collect; a parent id stays empty.
  uint8_t trace_id[16];
  uint8_t span_id[8];
  uint8_t parent_span_id[8];
  millrace_text trace_state;
  millrace_text name;
  millrace_span_kind kind;
  uint32_t flags;  // W3C trace flags in the lowest byte
  uint64_t start_time_unix_nano;
  uint64_t end_time_unix_nano;  // an end before the start is sent as the start, and counted
  const millrace_attribute* attributes;
  size_t attribute_count;
  const millrace_span_event* events;
  size_t event_count;
  const millrace_span_link* links;
  size_t link_count;
  uint32_t dropped_attributes_count;
  uint32_t dropped_events_count;
  uint32_t dropped_links_count;
  millrace_status_code status_code;
  millrace_text status_message;
} millrace_span;

// Sets the root of a new trace: new random ids, kind internal, started and ended now.
static inline void millrace_span_init(millrace_span* span, const char* name) {
  memset(span, 0, sizeof *span);
  span->struct_size = sizeof *span;
  millrace_random_trace_id(span->trace_id);
  millrace_random_span_id(span->span_id);
  span->name = millrace_text_of(name);
  span->kind = MILLRACE_SPAN_INTERNAL;
  span->start_time_unix_nano = millrace_now_unix_nano();
  span->end_time_unix_nano = span->start_time_unix_nano;
}

MILLRACE_C_END
