// What can be set about a collector. Plain data: fill it by hand, or let from_environment() or
// from_yaml() do it, and change what they made. Collector::create checks it.
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

// What collect() does when buffer_capacity or buffer_bytes is used up. None of them blocks.
enum class OnFull : uint8_t {
  kReject,      // collect() says kBufferFull
  kDropNewest,  // collect() says OK; the span is dropped and counted
  kDropOldest,  // collect() says OK; what waits longest is dropped and counted
};

enum class Batching : uint8_t {
  // A free destination gets what there is within linger_ms; while it is busy the next batch grows.
  // Small and quick under light load, batch_size under heavy load.
  kAdaptive,
  // A batch is sent when it has batch_size items or its first one is batch_timeout_ms old.
  kFixed,
};

enum class LogLevel : uint8_t { kDebug, kInfo, kWarn, kError };

struct Tls {
  // For https: endpoints. Empty: the system's authorities.
  std::string ca_file = {};
  // The client's certificate, for servers that ask for one.
  std::string certificate_file = {};
  std::string key_file = {};
  std::string server_name = {};  // SNI and verification, instead of the URL's host
  bool skip_verification = false;
};

// One back end.
struct Endpoint {
  std::string url = {};                 // "http://host:4317", "https://host:4318/prefix"
  Protocol protocol = Protocol::kAuto;  // how it is spoken to
  std::vector<std::pair<std::string, std::string>> headers = {};  // of each request; gRPC: metadata
  Tls tls = {};                                                   // for https: URLs
  Compression compression = Compression::kNone;                   // of each request
  uint32_t timeout_ms = 10'000;                                   // of one attempt; at least 1
  // False: when the endpoint is down or slow it loses data, which is counted, and no other endpoint
  // is affected. True: requests that it has not answered count in the buffer, which then fills up
  // for all endpoints.
  bool required = true;
  // Requests in flight at once; 1 means ordered.
  uint32_t concurrency_max = 10;
  // A batch is tried again for so long since its first attempt; 0: never tried again.
  uint32_t retry_for_ms = 300'000;
  uint32_t retry_initial_ms = 1'000;  // doubled with jitter at each attempt, up to retry_max_ms
  uint32_t retry_max_ms = 30'000;
};

struct Config {
  // A batch has at most so many items; at least 1.
  uint32_t batch_size = 1000;
  // The oldest item of a batch waits at most so long for others; at least 1.
  uint32_t batch_timeout_ms = 5000;
  // Items in the buffer: collected, and not yet answered for by every required destination. At
  // least 1. Up to 1,024 it is kept exactly. Beyond, a thread that collects takes up to 64 places
  // at a time, and when the buffer is full up to 63 of each thread's may be unused.
  uint64_t buffer_capacity = 100'000;
  // Where to. Empty: nowhere but to `endpoints` and `exporters`.
  std::string endpoint = "http://localhost:4317";

  // More about `endpoint` (its url field is ignored: `endpoint` is the URL).
  Endpoint endpoint_options = {};
  // Further back ends; each gets everything.
  std::vector<Endpoint> endpoints = {};
  // The user's own; each gets everything, on a thread of its own.
  std::vector<std::shared_ptr<Exporter>> exporters = {};

  OnFull on_full = OnFull::kReject;  // what collect() does when the buffer is full
  // Memory of the buffer: chunks as they are allocated, also partly filled ones; at least 64 KiB.
  size_t buffer_bytes = size_t{96} << 20;
  // Memory for everything behind the buffer: requests being compressed, answers; at least 1 MiB.
  size_t memory_budget_bytes = size_t{64} << 20;
  Batching batching = Batching::kAdaptive;
  // kAdaptive: how long a span may lie in its thread's chunk; 1 to 1000. Smaller: lower latency,
  // more and smaller requests, more wake-ups of the background thread.
  uint32_t linger_ms = 4;

  // A queue on disk: every required endpoint's requests are written and synced there before their
  // places in the buffer are free, and sent by this process or by the next one with the same
  // directory, until the endpoint has them. Made when it is not there; one collector at a time.
  // Empty: memory only. A flush then ends when everything is delivered or on disk. User exporters
  // have no part in it.
  std::string storage_directory = {};
  // What it may take there; at least 2 MiB, 0: as much as there is. When full, the buffer fills up.
  uint64_t storage_bytes_max = uint64_t{1} << 30;

  // One item, encoded; larger ones are refused with kTooLarge. At most 64 MiB.
  size_t item_bytes_max = size_t{1} << 20;
  // Longer texts in attributes are cut at a whole character and counted; 0: no limit. In values
  // (Span, LogRecord, MetricPoint); builders write what they are given.
  uint32_t attribute_value_length_max = 0;

  // The resource of everything collected. service.name: from here, or from `resource`, or
  // "unknown_service".
  std::string service_name = {};
  Attributes resource = {};
  std::string scope_name = "millrace";
  std::string scope_version = {};

  // An otelcol configuration instead of the endpoints above: what is collected enters its pipelines
  // where its receivers stand; the receivers, extensions and pages themselves are not started. Set
  // by from_yaml(). `exporters` above still get everything; endpoint and endpoints are ignored.
  std::string yaml = {};

  // Of the background thread; may be empty: then nothing is written anywhere. Called under a lock,
  // one line at a time, without a newline; it should return soon.
  std::function<void(LogLevel level, std::string_view line)> log = {};

  // The variables of the OpenTelemetry specification: OTEL_EXPORTER_OTLP_ENDPOINT, _PROTOCOL,
  // _HEADERS, _TIMEOUT, _COMPRESSION, _CERTIFICATE, _CLIENT_CERTIFICATE, _CLIENT_KEY (each also
  // as …_OTLP_TRACES_…), OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES,
  // OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT, OTEL_BSP_MAX_EXPORT_BATCH_SIZE, OTEL_BSP_SCHEDULE_DELAY,
  // OTEL_BSP_MAX_QUEUE_SIZE. Unset and empty ones change nothing in `base`; what cannot be read is
  // an error that names the variable, the value and what is allowed.
  MILLRACE_API static Result<Config> from_environment(Config base);
  MILLRACE_API static Result<Config> from_environment();
  // The same for variables from elsewhere; null: unset.
  using Variables = std::function<const char*(const char* name)>;
  MILLRACE_API static Result<Config> from_environment(Config base, const Variables& variables);
  // Checks the text; the error has every mistake, one a line, as line:column.
  MILLRACE_API static Result<Config> from_yaml(std::string_view text);
};

MILLRACE_NAMESPACE_END
