// A configuration with setters. millrace/config.h states the meaning, the allowed values and the
// default of each field; a field without a call of its setter has its default. millrace_create()
// checks the values and names one that is not allowed. Only a number outside its enumeration is
// refused by the setter itself, with MILLRACE_INVALID_ARGUMENT.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "millrace/c/result.h"
#include "millrace/c/value.h"

MILLRACE_C_BEGIN

// A configuration to pass to millrace_create() or millrace_processor_create().
typedef struct millrace_config millrace_config;
// One endpoint of a configuration. It belongs to the configuration and is freed with it.
typedef struct millrace_endpoint millrace_endpoint;

// The protocol of an endpoint.
typedef MILLRACE_ENUM(millrace_protocol){
    MILLRACE_PROTOCOL_AUTO = 0,  // HTTP where the URL has a path or the port 4318, gRPC otherwise
    MILLRACE_PROTOCOL_GRPC = 1,
    MILLRACE_PROTOCOL_HTTP = 2,  // protobuf
    MILLRACE_PROTOCOL_HTTP_JSON = 3,
} millrace_protocol;

// The compression of requests.
typedef MILLRACE_ENUM(millrace_compression){
    MILLRACE_COMPRESSION_NONE = 0,
    MILLRACE_COMPRESSION_GZIP = 1,
    MILLRACE_COMPRESSION_ZSTD = 2,
} millrace_compression;

// The behaviour of collect functions when the buffer is full. No choice blocks.
typedef MILLRACE_ENUM(millrace_on_full){
    MILLRACE_ON_FULL_REJECT = 0,       // returns MILLRACE_BUFFER_FULL
    MILLRACE_ON_FULL_DROP_NEWEST = 1,  // returns MILLRACE_OK; this item is dropped and counted
    MILLRACE_ON_FULL_DROP_OLDEST = 2,  // returns MILLRACE_OK; the oldest are dropped and counted
} millrace_on_full;

// When a batch is sent; see millrace::Batching.
typedef MILLRACE_ENUM(millrace_batching){
    MILLRACE_BATCHING_ADAPTIVE = 0,
    MILLRACE_BATCHING_FIXED = 1,
} millrace_batching;

// The level of a log line.
typedef MILLRACE_ENUM(millrace_log_level){
    MILLRACE_LOG_DEBUG = 0,
    MILLRACE_LOG_INFO = 1,
    MILLRACE_LOG_WARN = 2,
    MILLRACE_LOG_ERROR = 3,
} millrace_log_level;

// A configuration with all defaults: http://localhost:4317 over gRPC, batches of 1,000 items or 5
// s, a buffer of 100,000 items.
MILLRACE_API millrace_config* millrace_config_new(void);
// Frees the configuration; allowed after millrace_create(), which copies what it needs.
MILLRACE_API void millrace_config_free(millrace_config* config);
// The reason of the last failed call with this configuration, with the value found and what is
// allowed. Empty when no call has failed.
MILLRACE_API const char* millrace_config_message(const millrace_config* config);

// Sets the fields for which this process has variables OTEL_*; other fields are unchanged. An error
// changes nothing. Endpoints of this configuration stay valid.
MILLRACE_API millrace_code millrace_config_from_environment(millrace_config* config);
// Returns the value of a variable, or null when it is not set. Called only during the call below.
typedef const char* (*millrace_variable_function)(void* context, const char* name);
// The same with variables that `variable` returns.
MILLRACE_API millrace_code millrace_config_from_variables(millrace_config* config,
                                                          millrace_variable_function variable,
                                                          void* context);
// Uses an otelcol configuration instead of endpoints: collected items enter its pipelines in place
// of its receivers. `text` has `size` bytes. After an error the message has one mistake a line.
MILLRACE_API millrace_code millrace_config_from_yaml(millrace_config* config, const char* text,
                                                     size_t size);

// When a batch is sent: its number of items, its age, and the mode (see millrace::Batching).
MILLRACE_API millrace_code millrace_config_set_batch_size(millrace_config* config, uint32_t items);
MILLRACE_API millrace_code millrace_config_set_batch_timeout_ms(millrace_config* config,
                                                                uint32_t timeout_ms);
MILLRACE_API millrace_code millrace_config_set_batching(millrace_config* config,
                                                        millrace_batching batching);
MILLRACE_API millrace_code millrace_config_set_linger_ms(millrace_config* config,
                                                         uint32_t linger_ms);

// The limits of the buffer and of the memory behind it, and what happens when the buffer is full.
MILLRACE_API millrace_code millrace_config_set_buffer_capacity(millrace_config* config,
                                                               uint64_t items);
MILLRACE_API millrace_code millrace_config_set_buffer_bytes(millrace_config* config, size_t bytes);
MILLRACE_API millrace_code millrace_config_set_memory_budget_bytes(millrace_config* config,
                                                                   size_t bytes);
MILLRACE_API millrace_code millrace_config_set_on_full(millrace_config* config,
                                                       millrace_on_full on_full);

// A queue on disk: its directory (null or empty: memory only), and its maximum size in bytes.
MILLRACE_API millrace_code millrace_config_set_storage_directory(millrace_config* config,
                                                                 const char* path);
MILLRACE_API millrace_code millrace_config_set_storage_bytes_max(millrace_config* config,
                                                                 uint64_t bytes);

// The maximum size of an item, and of a text in its attributes.
MILLRACE_API millrace_code millrace_config_set_item_bytes_max(millrace_config* config,
                                                              size_t bytes);
MILLRACE_API millrace_code millrace_config_set_attribute_value_length_max(millrace_config* config,
                                                                          uint32_t length);

// The resource and the instrumentation scope of all items: service.name, further attributes, and
// the name and version of the scope (null: no version).
MILLRACE_API millrace_code millrace_config_set_service_name(millrace_config* config,
                                                            const char* name);
MILLRACE_API millrace_code millrace_config_add_resource_attribute(millrace_config* config,
                                                                  const char* key,
                                                                  const millrace_value* value);
MILLRACE_API millrace_code millrace_config_set_scope(millrace_config* config, const char* name,
                                                     const char* version);

// The URL of the first endpoint. Empty: only endpoints that are added.
MILLRACE_API millrace_code millrace_config_set_endpoint(millrace_config* config, const char* url);
// The first endpoint, for its setters. Null only for a null configuration.
MILLRACE_API millrace_endpoint* millrace_config_endpoint(millrace_config* config);
// Adds an endpoint, which also receives every item. Null when there is no memory or no URL.
MILLRACE_API millrace_endpoint* millrace_config_add_endpoint(millrace_config* config,
                                                             const char* url);

// Protocol, compression, and a header to add to each request (gRPC: metadata).
MILLRACE_API millrace_code millrace_endpoint_set_protocol(millrace_endpoint* endpoint,
                                                          millrace_protocol protocol);
MILLRACE_API millrace_code millrace_endpoint_add_header(millrace_endpoint* endpoint,
                                                        const char* name, const char* value);
MILLRACE_API millrace_code millrace_endpoint_set_compression(millrace_endpoint* endpoint,
                                                             millrace_compression compression);

// TLS for https URLs: the trusted authorities (PEM), the client's certificate and key (PEM), the
// server name to expect instead of the URL's host, and (not 0, for tests) no check of the server.
MILLRACE_API millrace_code millrace_endpoint_set_ca_file(millrace_endpoint* endpoint,
                                                         const char* path);
MILLRACE_API millrace_code millrace_endpoint_set_certificate(millrace_endpoint* endpoint,
                                                             const char* certificate_path,
                                                             const char* key_path);
MILLRACE_API millrace_code millrace_endpoint_set_server_name(millrace_endpoint* endpoint,
                                                             const char* name);
MILLRACE_API millrace_code millrace_endpoint_set_skip_verification(millrace_endpoint* endpoint,
                                                                   int skip);

// The timeout of one attempt, the maximum of requests in flight (1: batches arrive in order), and
// whether the endpoint is required (0: best effort).
MILLRACE_API millrace_code millrace_endpoint_set_timeout_ms(millrace_endpoint* endpoint,
                                                            uint32_t timeout_ms);
MILLRACE_API millrace_code millrace_endpoint_set_concurrency_max(millrace_endpoint* endpoint,
                                                                 uint32_t requests);
MILLRACE_API millrace_code millrace_endpoint_set_required(millrace_endpoint* endpoint,
                                                          int required);
// Retries a batch for `for_ms` since its first attempt (0: no retries). The first retry comes after
// `initial_ms`; each further delay is twice as long, up to `max_ms`.
MILLRACE_API millrace_code millrace_endpoint_set_retry(millrace_endpoint* endpoint, uint32_t for_ms,
                                                       uint32_t initial_ms, uint32_t max_ms);

// Receives a line without a newline: `size` bytes, followed by a null byte.
typedef void (*millrace_log_function)(void* context, millrace_log_level level, const char* line,
                                      size_t size);
// A null function disables logging. Called on the background thread, one line at a time; it should
// return soon. `context` must live until the collector is destroyed.
MILLRACE_API millrace_code millrace_config_set_log(millrace_config* config,
                                                   millrace_log_function log, void* context);

MILLRACE_C_END
