// The collector for C, and for everything that can call C: hand over spans, log records and metric
// points from any thread; they are batched, sent, retried and counted in the background.
//
//   millrace_config *config = millrace_config_new();
//   millrace_config_set_service_name(config, "shop");
//   millrace_collector *collector = NULL;
//   if (millrace_create(config, &collector) != MILLRACE_OK)
//     fprintf(stderr, "%s\n", millrace_config_message(config));
//   millrace_config_free(config);
//   millrace_span span;
//   millrace_span_init(&span, "checkout");
//   millrace_collect_span(collector, &span);
//   millrace_shutdown(collector, 2000);
//   millrace_destroy(collector);
//
// What is said about threads, fork(), deadlines and counting in millrace/collector.h holds here.
//
// Rules for all of it:
// - Handles are opaque. A null handle is MILLRACE_INVALID_ARGUMENT, or does nothing where nothing
// is
//   returned. Configurations, builders and statistics belong to one thread at a time; a collector
//   and a processor may be used by any number of threads until they are destroyed.
// - Texts are UTF-8. What is not is repaired (U+FFFD) and counted. The library copies what it is
//   given before it returns; texts it returns live as long as the handle they came from, until the
//   next call that changes it.
// - Functions never let a C++ exception out, and never print.
// - The binary interface grows without breaking: enumerations and functions are only added, never
//   renumbered; structures that begin with struct_size grow at the end, and the library reads and
//   writes at most struct_size bytes of them; all other structures never change.
#ifndef MILLRACE_MILLRACE_H
#define MILLRACE_MILLRACE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "millrace/version.h"

#ifndef MILLRACE_API
#define MILLRACE_API __attribute__((visibility("default")))
#endif

// In C++ the width of an enumeration is said, in C it is that of unsigned int.
#ifdef __cplusplus
#define MILLRACE_ENUM(name) enum name : uint32_t
extern "C" {
#else
#define MILLRACE_ENUM(name) enum name
#endif

// ---------------------------------------------------------------------------------------- Results

// What a call answers.
typedef MILLRACE_ENUM(millrace_code){
    MILLRACE_OK = 0,
    MILLRACE_BUFFER_FULL = 1,        // the buffer is used up; nothing was taken
    MILLRACE_SHUT_DOWN = 2,          // after millrace_shutdown(); nothing was taken
    MILLRACE_TOO_LARGE = 3,          // one item larger than item_bytes_max; nothing was taken
    MILLRACE_INVALID_ARGUMENT = 4,   // a null pointer, or a value that is not allowed
    MILLRACE_DEADLINE_EXCEEDED = 5,  // the deadline came first; what is left is counted
    MILLRACE_UNAVAILABLE = 6,        // the system has no threads, descriptors or memory for it
    MILLRACE_UNIMPLEMENTED = 7,      // known, and not in this version
} millrace_code;

// "BUFFER_FULL" and so on; "UNKNOWN" for other numbers. Never null, never freed.
MILLRACE_API const char* millrace_code_name(millrace_code code);

// The library's version, "0.1.0"; MILLRACE_VERSION_MAJOR and so on are the header's.
MILLRACE_API const char* millrace_version(void);

// Nanoseconds since the Unix epoch, now.
MILLRACE_API uint64_t millrace_now_unix_nano(void);

// Fills in 16 random bytes that are not all zero. A forked child does not repeat its parent's.
MILLRACE_API void millrace_random_trace_id(uint8_t* trace_id);
// The same for the 8 bytes of a span id.
MILLRACE_API void millrace_random_span_id(uint8_t* span_id);

// --------------------------------------------------------------------------------- Configurations

// A configuration being made; millrace/config.h says what each field means, and its default.
typedef struct millrace_config millrace_config;
// One back end of a configuration. It belongs to the configuration and ends with it.
typedef struct millrace_endpoint millrace_endpoint;

// How an endpoint is spoken to.
typedef MILLRACE_ENUM(millrace_protocol){
    MILLRACE_PROTOCOL_AUTO = 0,  // HTTP where the URL has a path or the port 4318, gRPC otherwise
    MILLRACE_PROTOCOL_GRPC = 1,
    MILLRACE_PROTOCOL_HTTP = 2,  // protobuf
    MILLRACE_PROTOCOL_HTTP_JSON = 3,
} millrace_protocol;

// How requests are compressed.
typedef MILLRACE_ENUM(millrace_compression){
    MILLRACE_COMPRESSION_NONE = 0,
    MILLRACE_COMPRESSION_GZIP = 1,
    MILLRACE_COMPRESSION_ZSTD = 2,
} millrace_compression;

// What a collect function does when the buffer is full. None of them blocks.
typedef MILLRACE_ENUM(millrace_on_full){
    MILLRACE_ON_FULL_REJECT = 0,       // it answers MILLRACE_BUFFER_FULL
    MILLRACE_ON_FULL_DROP_NEWEST = 1,  // it answers MILLRACE_OK; this item is dropped and counted
    MILLRACE_ON_FULL_DROP_OLDEST = 2,  // it answers MILLRACE_OK; the oldest are dropped and counted
} millrace_on_full;

// When a batch is sent; see millrace::Batching.
typedef MILLRACE_ENUM(millrace_batching){
    MILLRACE_BATCHING_ADAPTIVE = 0,
    MILLRACE_BATCHING_FIXED = 1,
} millrace_batching;

// How important a line for the log is.
typedef MILLRACE_ENUM(millrace_log_level){
    MILLRACE_LOG_DEBUG = 0,
    MILLRACE_LOG_INFO = 1,
    MILLRACE_LOG_WARN = 2,
    MILLRACE_LOG_ERROR = 3,
} millrace_log_level;

// With every default: http://localhost:4317 over gRPC, 1,000 items or 5 s a batch, 100,000 items of
// buffer. Null when there is no memory. Setters of the handle may be called with null, too.
MILLRACE_API millrace_config* millrace_config_new(void);
// Also after millrace_create(), which copies what it needs.
MILLRACE_API void millrace_config_free(millrace_config* config);
// Why the last call with this configuration that failed did: whole words, which name what was found
// and what is allowed. Empty before the first.
MILLRACE_API const char* millrace_config_message(const millrace_config* config);

// Takes what the variables OTEL_* of this process say; others stay as they are. On an error nothing
// is changed. The endpoints of this configuration stay valid.
MILLRACE_API millrace_code millrace_config_from_environment(millrace_config* config);
// An otelcol configuration instead of endpoints: what is collected enters its pipelines where its
// receivers stand. `text` has `size` bytes. On an error the message has every mistake, one a line.
MILLRACE_API millrace_code millrace_config_from_yaml(millrace_config* config, const char* text,
                                                     size_t size);

// The items of a batch, at most; at least 1.
MILLRACE_API millrace_code millrace_config_set_batch_size(millrace_config* config, uint32_t items);
// How long the oldest item of a batch waits for others, at most.
MILLRACE_API millrace_code millrace_config_set_batch_timeout_ms(millrace_config* config,
                                                                uint32_t timeout_ms);
// Items collected and not yet answered for, at most.
MILLRACE_API millrace_code millrace_config_set_buffer_capacity(millrace_config* config,
                                                               uint64_t items);
// Memory of the buffer.
MILLRACE_API millrace_code millrace_config_set_buffer_bytes(millrace_config* config, size_t bytes);
// Memory for everything behind the buffer.
MILLRACE_API millrace_code millrace_config_set_memory_budget_bytes(millrace_config* config,
                                                                   size_t bytes);
// What happens when the buffer is full.
MILLRACE_API millrace_code millrace_config_set_on_full(millrace_config* config,
                                                       millrace_on_full on_full);
// When a batch is sent.
MILLRACE_API millrace_code millrace_config_set_batching(millrace_config* config,
                                                        millrace_batching batching);
// How long an item may lie in its thread's chunk, with MILLRACE_BATCHING_ADAPTIVE.
MILLRACE_API millrace_code millrace_config_set_linger_ms(millrace_config* config,
                                                         uint32_t linger_ms);
// The size of one encoded item, at most.
MILLRACE_API millrace_code millrace_config_set_item_bytes_max(millrace_config* config,
                                                              size_t bytes);
// Longer texts in attributes are cut; 0: no limit.
MILLRACE_API millrace_code millrace_config_set_attribute_value_length_max(millrace_config* config,
                                                                          uint32_t length);
// service.name of everything collected.
MILLRACE_API millrace_code millrace_config_set_service_name(millrace_config* config,
                                                            const char* name);
// The instrumentation scope; a null version is none.
MILLRACE_API millrace_code millrace_config_set_scope(millrace_config* config, const char* name,
                                                     const char* version);

// The URL of the first back end. Empty: none but those that are added.
MILLRACE_API millrace_code millrace_config_set_endpoint(millrace_config* config, const char* url);
// The first back end, to say more about it. Never null for a configuration.
MILLRACE_API millrace_endpoint* millrace_config_endpoint(millrace_config* config);
// A further back end, which gets everything as well. Null when there is no memory or no URL.
MILLRACE_API millrace_endpoint* millrace_config_add_endpoint(millrace_config* config,
                                                             const char* url);
// See millrace_protocol.
MILLRACE_API millrace_code millrace_endpoint_set_protocol(millrace_endpoint* endpoint,
                                                          millrace_protocol protocol);
// One more header (gRPC: metadata) of each request.
MILLRACE_API millrace_code millrace_endpoint_add_header(millrace_endpoint* endpoint,
                                                        const char* name, const char* value);
// See millrace_compression.
MILLRACE_API millrace_code millrace_endpoint_set_compression(millrace_endpoint* endpoint,
                                                             millrace_compression compression);
// The authorities that may have signed the server's certificate (PEM); for https.
MILLRACE_API millrace_code millrace_endpoint_set_ca_file(millrace_endpoint* endpoint,
                                                         const char* path);
// Who we are, for servers that ask (PEM).
MILLRACE_API millrace_code millrace_endpoint_set_certificate(millrace_endpoint* endpoint,
                                                             const char* certificate_path,
                                                             const char* key_path);
// The name to expect in the certificate, instead of the URL's host.
MILLRACE_API millrace_code millrace_endpoint_set_server_name(millrace_endpoint* endpoint,
                                                             const char* name);
// Not 0: whoever answers is believed. For tests.
MILLRACE_API millrace_code millrace_endpoint_set_skip_verification(millrace_endpoint* endpoint,
                                                                   int skip);
// Of one attempt; at least 1.
MILLRACE_API millrace_code millrace_endpoint_set_timeout_ms(millrace_endpoint* endpoint,
                                                            uint32_t timeout_ms);
// 0: best effort; when it is down it loses data, which is counted, and nobody else notices.
MILLRACE_API millrace_code millrace_endpoint_set_required(millrace_endpoint* endpoint,
                                                          int required);
// Requests in flight at once; 1 means ordered.
MILLRACE_API millrace_code millrace_endpoint_set_concurrency_max(millrace_endpoint* endpoint,
                                                                 uint32_t requests);
// A batch is tried again for `for_ms` since its first attempt (0: never), first after `initial_ms`,
// then after twice as long each time, up to `max_ms`.
MILLRACE_API millrace_code millrace_endpoint_set_retry(millrace_endpoint* endpoint, uint32_t for_ms,
                                                       uint32_t initial_ms, uint32_t max_ms);

// Gets a line without a newline, of `size` bytes and also ending in a null byte.
typedef void (*millrace_log_function)(void* context, millrace_log_level level, const char* line,
                                      size_t size);
// Null: nothing is written anywhere. Called on the background thread, one line at a time; it should
// return soon. `context` must live until the collector is destroyed.
MILLRACE_API millrace_code millrace_config_set_log(millrace_config* config,
                                                   millrace_log_function log, void* context);

// -------------------------------------------------------------------------------------- Attributes

// Bytes of somebody else; size counts without a null byte at the end.
typedef struct millrace_text {
  const char* data;  // null: an empty text
  size_t size;       // in bytes
} millrace_text;

// The type of a value.
typedef MILLRACE_ENUM(millrace_value_type){
    MILLRACE_VALUE_EMPTY = 0,  // OTLP knows a value without one
    MILLRACE_VALUE_TEXT = 1,   MILLRACE_VALUE_BOOL = 2,  MILLRACE_VALUE_INTEGER = 3,
    MILLRACE_VALUE_DOUBLE = 4, MILLRACE_VALUE_BYTES = 5,
    MILLRACE_VALUE_ARRAY = 6,  // of values of any type
    MILLRACE_VALUE_MAP = 7,    // of attributes
} millrace_value_type;

struct millrace_attribute;
struct millrace_value;

// The items of an array.
typedef struct millrace_array {
  const struct millrace_value* items;  // borrowed
  size_t count;                        // of items
} millrace_array;

// The entries of a map, in order.
typedef struct millrace_map {
  const struct millrace_attribute* items;  // borrowed
  size_t count;                            // of items
} millrace_map;

// A value of one of the types that OTLP has; the members of `as` are read as `type` says.
typedef struct millrace_value {
  millrace_value_type type;  // which member of `as` it is
  uint32_t reserved;         // 0
  union {
    millrace_text text;  // also for MILLRACE_VALUE_BYTES
    uint64_t boolean;    // 0 or 1
    int64_t integer;
    double number;
    millrace_array array;
    millrace_map map;
  } as;  // the value itself
} millrace_value;

// A name and its value. An attribute with an empty key is left out and counted.
typedef struct millrace_attribute {
  millrace_text key;     // not empty
  millrace_value value;  // of any type
} millrace_attribute;

// Borrows a text that ends in a null byte; null is an empty one.
static inline millrace_text millrace_text_of(const char* text) {
  millrace_text result;
  result.data = text;
  result.size = text == NULL ? 0 : strlen(text);
  return result;
}
// A value without one.
static inline millrace_value millrace_empty_value(void) {
  millrace_value value;
  memset(&value, 0, sizeof value);
  return value;
}
// A text as a value; borrowed.
static inline millrace_value millrace_text_value(const char* text) {
  millrace_value value = millrace_empty_value();
  value.type = MILLRACE_VALUE_TEXT;
  value.as.text = millrace_text_of(text);
  return value;
}
// Yes (not 0) or no as a value.
static inline millrace_value millrace_bool_value(int yes) {
  millrace_value value = millrace_empty_value();
  value.type = MILLRACE_VALUE_BOOL;
  value.as.boolean = yes != 0;
  return value;
}
// A whole number as a value.
static inline millrace_value millrace_integer_value(int64_t integer) {
  millrace_value value = millrace_empty_value();
  value.type = MILLRACE_VALUE_INTEGER;
  value.as.integer = integer;
  return value;
}
// A floating-point number as a value.
static inline millrace_value millrace_double_value(double number) {
  millrace_value value = millrace_empty_value();
  value.type = MILLRACE_VALUE_DOUBLE;
  value.as.number = number;
  return value;
}
// Bytes as a value; borrowed.
static inline millrace_value millrace_bytes_value(const void* data, size_t size) {
  millrace_value value = millrace_empty_value();
  value.type = MILLRACE_VALUE_BYTES;
  value.as.text.data = (const char*)data;
  value.as.text.size = size;
  return value;
}
// Several values as one; borrowed.
static inline millrace_value millrace_array_value(const millrace_value* items, size_t count) {
  millrace_value value = millrace_empty_value();
  value.type = MILLRACE_VALUE_ARRAY;
  value.as.array.items = items;
  value.as.array.count = count;
  return value;
}
// Attributes as a value; borrowed.
static inline millrace_value millrace_map_value(const millrace_attribute* items, size_t count) {
  millrace_value value = millrace_empty_value();
  value.type = MILLRACE_VALUE_MAP;
  value.as.map.items = items;
  value.as.map.count = count;
  return value;
}
// A name and its value; both borrowed.
static inline millrace_attribute millrace_attribute_of(const char* key, millrace_value value) {
  millrace_attribute attribute;
  attribute.key = millrace_text_of(key);
  attribute.value = value;
  return attribute;
}

// One more attribute of the resource of everything collected.
MILLRACE_API millrace_code millrace_config_add_resource_attribute(millrace_config* config,
                                                                  const char* key,
                                                                  const millrace_value* value);

// ------------------------------------------------------------------------------------------- Spans

// As in OTLP.
typedef MILLRACE_ENUM(millrace_span_kind){
    MILLRACE_SPAN_UNSPECIFIED = 0, MILLRACE_SPAN_INTERNAL = 1, MILLRACE_SPAN_SERVER = 2,
    MILLRACE_SPAN_CLIENT = 3,      MILLRACE_SPAN_PRODUCER = 4, MILLRACE_SPAN_CONSUMER = 5,
} millrace_span_kind;

// As in OTLP.
typedef MILLRACE_ENUM(millrace_status_code){
    MILLRACE_STATUS_UNSET = 0,
    MILLRACE_STATUS_OK = 1,
    MILLRACE_STATUS_ERROR = 2,
} millrace_status_code;

// Something that happened during a span; the meaning of each field is OTLP's.
typedef struct millrace_span_event {
  uint64_t time_unix_nano;
  millrace_text name;
  const millrace_attribute* attributes;
  size_t attribute_count;
  uint32_t dropped_attributes_count;
  uint32_t reserved;  // 0
} millrace_span_event;

// A span of this or another trace that has to do with this one; the meaning of each field is
// OTLP's.
typedef struct millrace_span_link {
  uint8_t trace_id[16];
  uint8_t span_id[8];
  millrace_text trace_state;
  const millrace_attribute* attributes;
  size_t attribute_count;
  uint32_t dropped_attributes_count;
  uint32_t flags;
} millrace_span_link;

// A finished unit of work. millrace_span_init() sets every field; the meaning is OTLP's.
typedef struct millrace_span {
  size_t struct_size;  // sizeof(millrace_span)
  // Ids that are all zero get random values when the span is collected; the parent's stays empty.
  uint8_t trace_id[16];
  uint8_t span_id[8];
  uint8_t parent_span_id[8];
  millrace_text trace_state;
  millrace_text name;
  millrace_span_kind kind;
  uint32_t flags;  // W3C trace flags in the lowest byte
  uint64_t start_time_unix_nano;
  uint64_t end_time_unix_nano;  // before the start: sent as the start, and counted
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

// The root of a new trace: fresh random ids, internal, started and ended now.
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

// A span written as protobuf bytes while it is being described: made once, used for one span after
// the other. What cannot be written (no memory) is answered by millrace_collect_builder().
typedef struct millrace_span_builder millrace_span_builder;

// Starts a span of that name now. Null when there is no memory.
MILLRACE_API millrace_span_builder* millrace_span_builder_new(const char* name);
// Begins another span in the same room, started now.
MILLRACE_API void millrace_span_builder_reset(millrace_span_builder* builder, const char* name);
// Ends the builder.
MILLRACE_API void millrace_span_builder_free(millrace_span_builder* builder);
// 16 bytes; without it they are random.
MILLRACE_API void millrace_span_builder_set_trace_id(millrace_span_builder* builder,
                                                     const uint8_t* trace_id);
// 8 bytes; without it they are random.
MILLRACE_API void millrace_span_builder_set_span_id(millrace_span_builder* builder,
                                                    const uint8_t* span_id);
// 8 bytes; without it the span is a root.
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
// W3C trace state; at most once a span.
MILLRACE_API void millrace_span_builder_set_trace_state(millrace_span_builder* builder,
                                                        const char* state);
// W3C trace flags in the lowest byte; at most once a span.
MILLRACE_API void millrace_span_builder_set_flags(millrace_span_builder* builder, uint32_t flags);
// At most once a span; a null message is none.
MILLRACE_API void millrace_span_builder_set_status(millrace_span_builder* builder,
                                                   millrace_status_code code, const char* message);
// An attribute with a text; a key that is there already is not looked for.
MILLRACE_API void millrace_span_builder_set_text(millrace_span_builder* builder, const char* key,
                                                 const char* text);
// An attribute with yes (not 0) or no.
MILLRACE_API void millrace_span_builder_set_bool(millrace_span_builder* builder, const char* key,
                                                 int yes);
// An attribute with a whole number.
MILLRACE_API void millrace_span_builder_set_integer(millrace_span_builder* builder, const char* key,
                                                    int64_t integer);
// An attribute with a floating-point number.
MILLRACE_API void millrace_span_builder_set_double(millrace_span_builder* builder, const char* key,
                                                   double number);
// An attribute with a value of any type.
MILLRACE_API void millrace_span_builder_set_value(millrace_span_builder* builder, const char* key,
                                                  const millrace_value* value);
// Something that happened; a time of 0 is now.
MILLRACE_API void millrace_span_builder_add_event(millrace_span_builder* builder,
                                                  const millrace_span_event* event);
// See millrace_span_link.
MILLRACE_API void millrace_span_builder_add_link(millrace_span_builder* builder,
                                                 const millrace_span_link* link);

// --------------------------------------------------------------------------- Logs and metric
// points

// As in OTLP; the steps between (MILLRACE_SEVERITY_INFO + 1 = INFO2) are allowed.
typedef MILLRACE_ENUM(millrace_severity){
    MILLRACE_SEVERITY_UNSPECIFIED = 0, MILLRACE_SEVERITY_TRACE = 1, MILLRACE_SEVERITY_DEBUG = 5,
    MILLRACE_SEVERITY_INFO = 9,        MILLRACE_SEVERITY_WARN = 13, MILLRACE_SEVERITY_ERROR = 17,
    MILLRACE_SEVERITY_FATAL = 21,
} millrace_severity;

// One log record. millrace_log_record_init() sets every field; the meaning is OTLP's.
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

// Happened and observed now, with a text as its body.
static inline void millrace_log_record_init(millrace_log_record* record, uint32_t severity,
                                            const char* body) {
  memset(record, 0, sizeof *record);
  record->struct_size = sizeof *record;
  record->time_unix_nano = millrace_now_unix_nano();
  record->observed_time_unix_nano = record->time_unix_nano;
  record->severity = severity;
  record->body = millrace_text_value(body);
}

// What kind of metric a point belongs to.
typedef MILLRACE_ENUM(millrace_metric_kind){
    MILLRACE_METRIC_GAUGE = 0,
    MILLRACE_METRIC_SUM = 1,
    MILLRACE_METRIC_HISTOGRAM = 2,
} millrace_metric_kind;

// As in OTLP.
typedef MILLRACE_ENUM(millrace_temporality){
    MILLRACE_TEMPORALITY_DELTA = 1,
    MILLRACE_TEMPORALITY_CUMULATIVE = 2,
} millrace_temporality;

// One data point of one metric. One of the init functions sets every field; the meaning is OTLP's.
typedef struct millrace_metric_point {
  size_t struct_size;  // sizeof(millrace_metric_point)
  millrace_metric_kind kind;
  millrace_temporality temporality;  // of a sum or a histogram
  millrace_text name;
  millrace_text description;
  millrace_text unit;  // UCUM: "s", "By", "{request}"
  uint64_t start_time_unix_nano;
  uint64_t time_unix_nano;  // 0: set to now when it is collected
  const millrace_attribute* attributes;
  size_t attribute_count;
  uint32_t flags;
  uint32_t is_monotonic;  // of a sum
  millrace_value value;   // of a gauge or a sum: MILLRACE_VALUE_INTEGER or MILLRACE_VALUE_DOUBLE
  // Of a histogram. Sum, min and max count where their has_ is not 0.
  uint64_t count;
  double sum;
  double min;
  double max;
  uint32_t has_sum;
  uint32_t has_min;
  uint32_t has_max;
  uint32_t reserved;  // 0
  // One more bucket count than bounds, or none of either; bounds ascend.
  const uint64_t* bucket_counts;
  size_t bucket_count;
  const double* explicit_bounds;
  size_t bound_count;
} millrace_metric_point;

// A point of that kind, taken now: cumulative, a sum that only grows. Set `value` or the fields of
// a histogram.
static inline void millrace_metric_point_init(millrace_metric_point* point,
                                              millrace_metric_kind kind, const char* name,
                                              const char* unit) {
  memset(point, 0, sizeof *point);
  point->struct_size = sizeof *point;
  point->kind = kind;
  point->temporality = MILLRACE_TEMPORALITY_CUMULATIVE;
  point->is_monotonic = 1;
  point->name = millrace_text_of(name);
  point->unit = millrace_text_of(unit);
  point->time_unix_nano = millrace_now_unix_nano();
  point->value = millrace_integer_value(0);
}

// --------------------------------------------------------------------------------------- Exporters

// What a batch or a count is about.
typedef MILLRACE_ENUM(millrace_signal){
    MILLRACE_TRACES = 0,
    MILLRACE_METRICS = 1,
    MILLRACE_LOGS = 2,
} millrace_signal;

// One valid ExportTraceServiceRequest (or …Metrics…, …Logs…) in protobuf: immutable and shared. An
// exporter sees it during the call, or for as long as it keeps it.
typedef struct millrace_batch millrace_batch;

// Of what signal.
MILLRACE_API millrace_signal millrace_batch_signal(const millrace_batch* batch);
// How many spans, data points or log records.
MILLRACE_API uint32_t millrace_batch_item_count(const millrace_batch* batch);
// How many bytes all pieces have together.
MILLRACE_API size_t millrace_batch_byte_count(const millrace_batch* batch);
// How many pieces the message has.
MILLRACE_API size_t millrace_batch_piece_count(const millrace_batch* batch);
// Piece `index`, nothing is copied; valid as long as the batch. Empty beyond the last.
MILLRACE_API millrace_text millrace_batch_piece(const millrace_batch* batch, size_t index);
// Copies the message to `to`, at most `size` bytes of it; says how many.
MILLRACE_API size_t millrace_batch_copy(const millrace_batch* batch, void* to, size_t size);
// A batch of one's own on the same bytes, for any thread, also after the collector is gone. Null
// when there is no memory.
MILLRACE_API millrace_batch* millrace_batch_keep(const millrace_batch* batch);
// Ends what millrace_batch_keep() made.
MILLRACE_API void millrace_batch_release(millrace_batch* batch);

// What became of a batch.
typedef MILLRACE_ENUM(millrace_export_kind){
    MILLRACE_EXPORT_DELIVERED = 0,  // the destination has it, less rejected_count items
    MILLRACE_EXPORT_RETRY = 1,      // it may pass: the same batch comes again after a while
    MILLRACE_EXPORT_REFUSED = 2,    // it never will: dropped and counted
} millrace_export_kind;

// More about it; all zero to begin with.
typedef struct millrace_export_outcome {
  size_t struct_size;       // set by the library; fields beyond it must not be written
  uint64_t rejected_count;  // delivered, less these items
  uint32_t retry_after_ms;  // not before; 0: as the library thinks right
  uint32_t reserved;        // 0
  char message[256];        // for statistics and the log; ends in a null byte
} millrace_export_outcome;

// An exporter of one's own. Functions are called on a thread that the collector keeps for it, one
// call at a time.
typedef struct millrace_exporter {
  size_t struct_size;  // sizeof(millrace_exporter)
  const char* name;    // in statistics: "exporter/<name>"; copied
  void* context;       // handed to each function
  // One batch; it may block, and blocks nobody else. After `timeout_ms` the batch counts as failed
  // for the time being and comes again once the call has returned. Never null.
  millrace_export_kind (*export_batch)(void* context, const millrace_batch* batch,
                                       uint64_t timeout_ms, millrace_export_outcome* outcome);
  // The last call on the exporter's thread; may be null.
  void (*shutdown)(void* context);
  // When nothing will ever call again, on any thread: when the collector and the configuration are
  // gone, and, if millrace_shutdown() was not in time for it or not called, when the exporter's
  // thread has ended. `context` must live until then. May be null.
  void (*destroy)(void* context);
} millrace_exporter;

// Sets every field.
static inline void millrace_exporter_init(
    millrace_exporter* exporter, const char* name, void* context,
    millrace_export_kind (*export_batch)(void* context, const millrace_batch* batch,
                                         uint64_t timeout_ms, millrace_export_outcome* outcome)) {
  memset(exporter, 0, sizeof *exporter);
  exporter->struct_size = sizeof *exporter;
  exporter->name = name;
  exporter->context = context;
  exporter->export_batch = export_batch;
}

// One more exporter, which gets everything. With an error nothing of it will be called.
MILLRACE_API millrace_code millrace_config_add_exporter(millrace_config* config,
                                                        const millrace_exporter* exporter);

// --------------------------------------------------------------------------------------- Collector

// See millrace::Collector.
typedef struct millrace_collector millrace_collector;

// No endpoint is contacted or looked up here. On an error *collector is null, and
// millrace_config_message() says why. The configuration may be used again.
MILLRACE_API millrace_code millrace_create(millrace_config* config, millrace_collector** collector);

// One item; it is copied. Never blocks. MILLRACE_OK: it is in the buffer, or was dropped and
// counted as configured.
MILLRACE_API millrace_code millrace_collect_span(millrace_collector* collector,
                                                 const millrace_span* span);
// The same for what a builder has written; ends it now unless its end was set. The builder can be
// reset and used again.
MILLRACE_API millrace_code millrace_collect_builder(millrace_collector* collector,
                                                    millrace_span_builder* builder);
// The same for a log record.
MILLRACE_API millrace_code millrace_collect_log(millrace_collector* collector,
                                                const millrace_log_record* record);
// The same for a metric point.
MILLRACE_API millrace_code millrace_collect_metric(millrace_collector* collector,
                                                   const millrace_metric_point* point);

// Waits until everything collected before is answered for or counted as dropped, at most
// `timeout_ms`.
MILLRACE_API millrace_code millrace_flush(millrace_collector* collector, uint64_t timeout_ms);
// The end: what is there is sent, retried until the deadline, then dropped and counted. Returns in
// time whatever the destinations do. Statistics may be asked for until the collector is destroyed.
MILLRACE_API millrace_code millrace_shutdown(millrace_collector* collector, uint64_t timeout_ms);
// Without millrace_shutdown() before: like one with a deadline of nothing. No other thread may be
// inside a function with this collector, or call one afterwards.
MILLRACE_API void millrace_destroy(millrace_collector* collector);

// Batching, retries and fan-out alone, for those who have a source of their own; see
// millrace::BatchProcessor.
typedef struct millrace_processor millrace_processor;

// Takes batch_size, batch_timeout_ms, buffer_capacity, buffer_bytes, on_full, batching and the
// exporters of the configuration, at least one; the endpoints have no meaning here.
MILLRACE_API millrace_code millrace_processor_create(millrace_config* config,
                                                     millrace_processor** processor);
// One Export…ServiceRequest in protobuf; it is checked completely and copied. `item_count`, which
// may be null, gets how many items it has. `message`, which may be null, gets at most
// `message_size` bytes of why it was refused, and ends in a null byte.
MILLRACE_API millrace_code millrace_processor_submit(millrace_processor* processor,
                                                     millrace_signal signal, const void* request,
                                                     size_t size, uint32_t* item_count,
                                                     char* message, size_t message_size);
// As millrace_flush().
MILLRACE_API millrace_code millrace_processor_flush(millrace_processor* processor,
                                                    uint64_t timeout_ms);
// As millrace_shutdown().
MILLRACE_API millrace_code millrace_processor_shutdown(millrace_processor* processor,
                                                       uint64_t timeout_ms);
// As millrace_destroy().
MILLRACE_API void millrace_processor_destroy(millrace_processor* processor);

// -------------------------------------------------------------------------------------- Statistics

// A snapshot; see millrace::Statistics for what adds up to what.
typedef struct millrace_statistics millrace_statistics;

// Room in arrays of counts by reason; reasons may be added up to it.
#define MILLRACE_DROP_REASON_ROOM 16

// Why items were dropped: the index into `dropped` and `dropped_in_buffer`.
typedef MILLRACE_ENUM(millrace_drop_reason){
    MILLRACE_DROP_BUFFER_FULL = 0,   MILLRACE_DROP_OLDEST = 1,
    MILLRACE_DROP_RETRY_EXPIRED = 2, MILLRACE_DROP_NOT_RETRIED = 3,
    MILLRACE_DROP_AGE_EXPIRED = 4,   MILLRACE_DROP_REFUSED = 5,
    MILLRACE_DROP_BAD_DATA = 6,      MILLRACE_DROP_TOO_LARGE = 7,
    MILLRACE_DROP_DEADLINE = 8,      MILLRACE_DROP_STORAGE_FAILED = 9,
    MILLRACE_DROP_SHUTDOWN = 10,     MILLRACE_DROP_HANDED_BACK = 11,
} millrace_drop_reason;

// "buffer_full" and so on; "unknown" for other numbers. Never null, never freed.
MILLRACE_API const char* millrace_drop_reason_name(millrace_drop_reason reason);

// The sums. Counts are items.
typedef struct millrace_totals {
  size_t struct_size;  // sizeof(millrace_totals)
  uint64_t collected;  // collect said OK
  uint64_t refused;    // collect said anything else
  uint64_t exported;   // delivered; an item that went to two destinations counts twice
  uint64_t failed;     // dropped by a destination, or rejected by the peer
  uint64_t queued;     // not answered for yet, at each destination
  uint64_t dropped[MILLRACE_DROP_REASON_ROOM];  // by millrace_drop_reason, everywhere
  uint64_t repaired_texts;                      // were not UTF-8
  uint64_t corrected_times;                     // spans whose end was before their start
  uint64_t truncated_values;                    // longer than attribute_value_length_max
  uint64_t skipped_attributes;                  // without a key, or nested too deep
  uint64_t exporter_exceptions;                 // thrown by exporters in C++
  uint64_t buffer_bytes;                        // held now
  uint64_t thread_count;                        // that have collected and still run
  uint32_t balances;                            // 1: the ledger adds up for every destination
  uint32_t reserved;                            // 0
} millrace_totals;

// What one signal's collect calls did.
typedef struct millrace_signal_statistics {
  size_t struct_size;                                     // sizeof(millrace_signal_statistics)
  uint64_t collected;                                     // MILLRACE_OK
  uint64_t refused_buffer_full;                           // MILLRACE_BUFFER_FULL
  uint64_t refused_shut_down;                             // MILLRACE_SHUT_DOWN
  uint64_t refused_too_large;                             // MILLRACE_TOO_LARGE
  uint64_t buffered;                                      // on the way to the destinations
  uint64_t dropped_in_buffer[MILLRACE_DROP_REASON_ROOM];  // by millrace_drop_reason
} millrace_signal_statistics;

// What one destination did with one signal.
typedef struct millrace_destination_statistics {
  size_t struct_size;         // sizeof(millrace_destination_statistics)
  const char* name;           // "otlp_grpc/1"; lives as long as the statistics
  const char* last_error;     // empty while all is well; lives as long as the statistics
  millrace_signal signal;     // of which these are the counts
  uint32_t reserved;          // 0
  uint64_t delivered;         // it said OK
  uint64_t rejected_by_peer;  // it said OK, less these
  uint64_t filtered;          // by the processors of a configuration
  uint64_t queued;            // not answered for yet
  uint64_t retries;           // requests that were sent again
  uint64_t dropped[MILLRACE_DROP_REASON_ROOM];  // by millrace_drop_reason
} millrace_destination_statistics;

// Any thread. Null when there is no memory or no collector.
MILLRACE_API millrace_statistics* millrace_statistics_of(const millrace_collector* collector);
// The same of a processor.
MILLRACE_API millrace_statistics* millrace_processor_statistics(
    const millrace_processor* processor);
// Ends the snapshot.
MILLRACE_API void millrace_statistics_free(millrace_statistics* statistics);
// Set struct_size before; the rest is filled in.
MILLRACE_API millrace_code millrace_statistics_totals(const millrace_statistics* statistics,
                                                      millrace_totals* totals);
// Set struct_size before; the rest is filled in.
MILLRACE_API millrace_code millrace_statistics_signal(const millrace_statistics* statistics,
                                                      millrace_signal signal,
                                                      millrace_signal_statistics* counts);
// One for each destination and signal it takes.
MILLRACE_API size_t millrace_statistics_destination_count(const millrace_statistics* statistics);
// Set struct_size before; the rest is filled in. MILLRACE_INVALID_ARGUMENT beyond the last.
MILLRACE_API millrace_code millrace_statistics_destination(const millrace_statistics* statistics,
                                                           size_t index,
                                                           millrace_destination_statistics* counts);

#ifdef __cplusplus
}
#endif

#endif
