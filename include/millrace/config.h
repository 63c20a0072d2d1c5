// The options of a collector. Plain data: set the fields directly, or let from_environment() or
// from_yaml() set them and change the result. Collector::create checks the values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "millrace/exporter.h"
#include "millrace/result.h"
#include "millrace/value.h"

MILLRACE_NAMESPACE_BEGIN

enum class Protocol : uint8_t {
  kAuto,  // HTTP where the URL has a path or the port 4318, gRPC otherwise
  kGrpc,
  kHttp,  // protobuf; the paths /v1/traces, /v1/metrics, /v1/logs are appended to the URL
  kHttpJson,
};
enum class Compression : uint8_t { kNone, kGzip, kZstd };

// The behaviour of collect() when buffer_capacity or buffer_bytes is used up. No choice blocks.
enum class OnFull : uint8_t {
  kReject,      // collect() returns kBufferFull
  kDropNewest,  // collect() returns OK; the item is dropped and counted
  kDropOldest,  // collect() returns OK; the oldest items are dropped and counted
};

enum class Batching : uint8_t {
  // An idle destination gets the items within linger_ms; while a request is in flight the next
  // batch grows. Small batches and low latency under light load, batch_size under heavy load.
  kAdaptive,
  // A batch is sent when it has batch_size items or its first one is batch_timeout_ms old.
  kFixed,
};

enum class LogLevel : uint8_t { kDebug, kInfo, kWarn, kError };

struct Tls {
  // The trusted authorities (PEM), for https: endpoints. Empty: the system's authorities.
  std::string ca_file = {};
  // The client's certificate and its key (PEM), for servers that require a certificate.
  std::string certificate_file = {};
  std::string key_file = {};
  std::string server_name = {};    // for SNI and verification, instead of the URL's host
  bool skip_verification = false;  // true, for tests only: any certificate is accepted
};

// One destination with its protocol and retries.
struct Endpoint {
  std::string url = {};                 // "http://host:4317", "https://host:4318/prefix"
  Protocol protocol = Protocol::kAuto;  // kAuto: chosen by the URL
  std::vector<std::pair<std::string, std::string>> headers = {};  // of each request; gRPC: metadata
  Tls tls = {};                                                   // for https: URLs
  Compression compression = Compression::kNone;                   // of each request
  uint32_t timeout_ms = 10'000;                                   // of one attempt; at least 1
  // False: while the endpoint is down or slow its items are dropped and counted, and no other
  // endpoint is affected. True: requests that it has not answered count in the buffer, which then
  // fills up for all endpoints.
  bool required = true;
  // The maximum of requests in flight; with 1 they arrive in order.
  uint32_t concurrency_max = 10;
  // A batch is retried for this long since its first attempt; 0: no retries.
  uint32_t retry_for_ms = 300'000;
  uint32_t retry_initial_ms = 1'000;  // doubled with jitter at each attempt, up to retry_max_ms
  uint32_t retry_max_ms = 30'000;
};

struct Config {
  // The maximum of items in a batch; at least 1.
  uint32_t batch_size = 1000;
  // The maximum time that the oldest item of a batch waits for others; at least 1.
  uint32_t batch_timeout_ms = 5000;
  // The maximum of items in the buffer: collected, and not yet answered for by every required
  // destination. At least 1. Up to 1,024 it is exact. Above, each collecting thread reserves up to
  // 64 items at a time, so that up to 63 items a thread may be unused when the buffer is full.
  uint64_t buffer_capacity = 100'000;
  // The URL of the first endpoint. Empty: only `endpoints` and `exporters`.
  std::string endpoint = "http://localhost:4317";

  // Further options of `endpoint`. Its field url is ignored; `endpoint` is the URL.
  Endpoint endpoint_options = {};
  // Further endpoints; each receives every item.
  std::vector<Endpoint> endpoints = {};
  // Exporters of the program; each receives every item, on a thread of its own.
  std::vector<std::shared_ptr<Exporter>> exporters = {};

  OnFull on_full = OnFull::kReject;  // what collect() does when the buffer is full
  // The memory of the buffer in bytes, in whole chunks, also partly filled ones; at least 64 KiB.
  size_t buffer_bytes = size_t{96} << 20;
  // The memory for everything else in bytes: compression of requests, answers; at least 1 MiB.
  size_t memory_budget_bytes = size_t{64} << 20;
  Batching batching = Batching::kAdaptive;
  // kAdaptive: how long a span may stay in its thread's chunk; 1 to 1000. A smaller value means
  // lower latency, but more and smaller requests and more wake-ups of the background thread.
  uint32_t linger_ms = 4;

  // A queue on disk. Requests for required endpoints are written and synced there before their room
  // in the buffer is released. This process, or a later one with the same directory, sends them
  // until the endpoint has them. The directory is created if it does not exist; one collector uses
  // it at a time. Empty: memory only. flush() then waits until everything is delivered or on disk.
  // Exporters of the program do not use it.
  std::string storage_directory = {};
  // Its maximum size in bytes; at least 2 MiB; 0: the disk's size. When full, the buffer fills up.
  uint64_t storage_bytes_max = uint64_t{1} << 30;

  // The maximum size of an encoded item; a larger one is refused with kTooLarge. At most 64 MiB.
  size_t item_bytes_max = size_t{1} << 20;
  // Longer texts in attributes are cut at a whole character and counted; 0: no limit. Applies to
  // Span, LogRecord and MetricPoint; builders write texts unchanged.
  uint32_t attribute_value_length_max = 0;

  // The resource of all items. service.name comes from `service_name`, or else from `resource`, or
  // is "unknown_service".
  std::string service_name = {};
  Attributes resource = {};
  std::string scope_name = "millrace";
  std::string scope_version = {};

  // An otelcol configuration instead of endpoints: collected items enter its pipelines in place of
  // its receivers; the receivers, extensions and pages themselves are not started. Set by
  // from_yaml(). `exporters` still receive every item; `endpoint` and `endpoints` are ignored.
  std::string yaml = {};

  // Receives the log lines of the background thread, without a newline, one at a time under a lock;
  // it should return soon. Empty: no log.
  std::function<void(LogLevel level, std::string_view line)> log = {};

  // Reads the variables of the OpenTelemetry specification: OTEL_EXPORTER_OTLP_ENDPOINT, _PROTOCOL,
  // _HEADERS, _TIMEOUT, _COMPRESSION, _CERTIFICATE, _CLIENT_CERTIFICATE, _CLIENT_KEY (each also
  // as …_OTLP_TRACES_…), OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES,
  // OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT, OTEL_BSP_MAX_EXPORT_BATCH_SIZE, OTEL_BSP_SCHEDULE_DELAY,
  // OTEL_BSP_MAX_QUEUE_SIZE. An unset or empty variable leaves its field of `base` unchanged. An
  // error names the variable, its value and what is allowed.
  MILLRACE_API static Result<Config> from_environment(Config base);
  MILLRACE_API static Result<Config> from_environment();
  // A function that returns the value of a variable, or null when it is not set.
  using Variables = std::function<const char*(const char* name)>;
  MILLRACE_API static Result<Config> from_environment(Config base, const Variables& variables);
  // Checks the text. The error has one mistake a line, each with line:column.
  MILLRACE_API static Result<Config> from_yaml(std::string_view text);
};

MILLRACE_NAMESPACE_END
