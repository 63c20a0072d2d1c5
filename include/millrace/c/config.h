// A configuration, made by setters. millrace/config.h says for each field what it means, what is
// allowed, and its default; a field without a setter keeps it. A value that is not allowed is found
// by millrace_create(), which names it, except for a number that is none of its enumeration:
// MILLRACE_INVALID_ARGUMENT at once.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "millrace/c/result.h"
#include "millrace/c/value.h"

MILLRACE_C_BEGIN

// A configuration being made.
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
// buffer.
MILLRACE_API millrace_config* millrace_config_new(void);
// Also after millrace_create(), which copies what it needs.
MILLRACE_API void millrace_config_free(millrace_config* config);
// Why the last call with this configuration that failed did: whole words, which name what was found
// and what is allowed. Empty before the first.
MILLRACE_API const char* millrace_config_message(const millrace_config* config);

// Takes what the variables OTEL_* of this process say; others stay as they are. On an error nothing
// is changed. The endpoints of this configuration stay valid.
MILLRACE_API millrace_code millrace_config_from_environment(millrace_config* config);
// What a variable's value is; null: it is not set. Called during millrace_config_from_variables().
typedef const char* (*millrace_variable_function)(void* context, const char* name);
// The same for variables from elsewhere.
MILLRACE_API millrace_code millrace_config_from_variables(millrace_config* config,
                                                          millrace_variable_function variable,
                                                          void* context);
// An otelcol configuration instead of endpoints: what is collected enters its pipelines where its
// receivers stand. `text` has `size` bytes. On an error the message has every mistake, one a line.
MILLRACE_API millrace_code millrace_config_from_yaml(millrace_config* config, const char* text,
                                                     size_t size);

// When a batch is sent: with so many items, after so long, and see millrace::Batching.
MILLRACE_API millrace_code millrace_config_set_batch_size(millrace_config* config, uint32_t items);
MILLRACE_API millrace_code millrace_config_set_batch_timeout_ms(millrace_config* config,
                                                                uint32_t timeout_ms);
MILLRACE_API millrace_code millrace_config_set_batching(millrace_config* config,
                                                        millrace_batching batching);
MILLRACE_API millrace_code millrace_config_set_linger_ms(millrace_config* config,
                                                         uint32_t linger_ms);

// How much is kept: in the buffer, and behind it (memory_budget_bytes); and what happens to more.
MILLRACE_API millrace_code millrace_config_set_buffer_capacity(millrace_config* config,
                                                               uint64_t items);
MILLRACE_API millrace_code millrace_config_set_buffer_bytes(millrace_config* config, size_t bytes);
MILLRACE_API millrace_code millrace_config_set_memory_budget_bytes(millrace_config* config,
                                                                   size_t bytes);
MILLRACE_API millrace_code millrace_config_set_on_full(millrace_config* config,
                                                       millrace_on_full on_full);

// A queue on disk: its directory, null or empty for memory only, and the most it takes there.
MILLRACE_API millrace_code millrace_config_set_storage_directory(millrace_config* config,
                                                                 const char* path);
MILLRACE_API millrace_code millrace_config_set_storage_bytes_max(millrace_config* config,
                                                                 uint64_t bytes);

// How large an item may be, and a text in its attributes.
MILLRACE_API millrace_code millrace_config_set_item_bytes_max(millrace_config* config,
                                                              size_t bytes);
MILLRACE_API millrace_code millrace_config_set_attribute_value_length_max(millrace_config* config,
                                                                          uint32_t length);

// Whose telemetry it is: service.name, further attributes of the resource, the instrumentation
// scope (a null version is none).
MILLRACE_API millrace_code millrace_config_set_service_name(millrace_config* config,
                                                            const char* name);
MILLRACE_API millrace_code millrace_config_add_resource_attribute(millrace_config* config,
                                                                  const char* key,
                                                                  const millrace_value* value);
MILLRACE_API millrace_code millrace_config_set_scope(millrace_config* config, const char* name,
                                                     const char* version);

// The URL of the first back end. Empty: none but those that are added.
MILLRACE_API millrace_code millrace_config_set_endpoint(millrace_config* config, const char* url);
// The first back end, to say more about it. Never null for a configuration.
MILLRACE_API millrace_endpoint* millrace_config_endpoint(millrace_config* config);
// A further back end, which gets everything as well. Null when there is no memory or no URL.
MILLRACE_API millrace_endpoint* millrace_config_add_endpoint(millrace_config* config,
                                                             const char* url);

// How a back end is spoken to; add_header is for each request (gRPC: metadata).
MILLRACE_API millrace_code millrace_endpoint_set_protocol(millrace_endpoint* endpoint,
                                                          millrace_protocol protocol);
MILLRACE_API millrace_code millrace_endpoint_add_header(millrace_endpoint* endpoint,
                                                        const char* name, const char* value);
MILLRACE_API millrace_code millrace_endpoint_set_compression(millrace_endpoint* endpoint,
                                                             millrace_compression compression);

// TLS, for https: the trusted authorities (PEM), the client's certificate and key (PEM), the server
// name to expect instead of the URL's host, and, for tests, no verification of the server (not 0).
MILLRACE_API millrace_code millrace_endpoint_set_ca_file(millrace_endpoint* endpoint,
                                                         const char* path);
MILLRACE_API millrace_code millrace_endpoint_set_certificate(millrace_endpoint* endpoint,
                                                             const char* certificate_path,
                                                             const char* key_path);
MILLRACE_API millrace_code millrace_endpoint_set_server_name(millrace_endpoint* endpoint,
                                                             const char* name);
MILLRACE_API millrace_code millrace_endpoint_set_skip_verification(millrace_endpoint* endpoint,
                                                                   int skip);

// How hard it is tried: one attempt, requests in flight at once (1 means ordered), and whether
// everything waits for it (0: best effort).
MILLRACE_API millrace_code millrace_endpoint_set_timeout_ms(millrace_endpoint* endpoint,
                                                            uint32_t timeout_ms);
MILLRACE_API millrace_code millrace_endpoint_set_concurrency_max(millrace_endpoint* endpoint,
                                                                 uint32_t requests);
MILLRACE_API millrace_code millrace_endpoint_set_required(millrace_endpoint* endpoint,
                                                          int required);
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

MILLRACE_C_END
