// A collector as plain data: what make_plan (plan_from_document.h) reads from a configuration, and
// what the library or a test fills in by hand. Nothing in it refers to YAML.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "access/authenticator.h"
#include "access/client_limits.h"
#include "assembly/factories.h"
#include "base/log.h"
#include "base/signal.h"
#include "base/time.h"
#include "config/batch.h"
#include "config/exporter_helper.h"
#include "extensions/console/options.h"
#include "extensions/file_storage/options.h"
#include "extensions/health_check/options.h"
#include "http/trace_context.h"
#include "io/tls.h"
#include "own_spans/span_recorder.h"
#include "pipeline/options.h"
#include "reception/receiver.h"

namespace millrace::assembly {

// Admits senders to one protocol of a receiver, within limits; asked by the servers of all workers.
struct AccessPlan {
  std::vector<std::shared_ptr<transport::RequestGate>> gates;  // in this order
  std::shared_ptr<access::ClientLimits> limits;  // the last of them, for metrics; null: no limits
};

// An authentication extension that is in use, for its reports of changed files.
struct AuthPlan {
  std::string id;
  std::shared_ptr<access::AuthExtension> extension;
};

// The listener that a receiver or an exporter declared, and the parts that assembly makes for it.
struct ListenerPlan {
  reception::Listener listener;
  std::shared_ptr<io::TlsServerContext> tls = nullptr;  // null: plain text
  AccessPlan access = {};
};

struct ReceiverPlan {
  std::string id;  // "otlp/internal"
  std::shared_ptr<const reception::ReceiverFactory> factory;
  std::vector<ListenerPlan> listeners = {};
  std::optional<Duration> pull_interval = {};
  std::optional<config::DeadLetterConfig> dead_letter = {};
};
// For listeners in plain text that every sender may use.
ReceiverPlan make_receiver_plan(std::string id, reception::ReceiverReading reading);

struct StoragePlan {
  std::string id;  // "file_storage/queue"
  extensions::FileStorageOptions options;
};

struct ProcessorPlan {
  std::string id;
  // Null for what maps onto sending and the budget: batch and memory_limiter.
  std::shared_ptr<ProcessorFactory> factory;
  std::optional<config::BatchConfig> batch;
  bool is_memory_limiter = false;
  std::optional<size_t> storage = {};  // in the plan's storages
  uint64_t rules_hash = 0;             // of a redaction's configuration; 0: it is none
};

// A connector that makes another signal: of `from` it makes `into`.
struct SignalChange {
  Signal from = Signal::kTraces;
  Signal into = Signal::kTraces;
};

// The connector of an exporter that is one: the pipelines that it hands on to, as
// indices into Plan::pipelines, in the groups that it tells apart.
struct ConnectorPlan {
  std::vector<std::vector<size_t>> groups;
  // Empty: each signal is handed on as it came, to the pipelines of that signal.
  std::vector<SignalChange> changes = {};
  bool makes(Signal into, Signal from) const {
    if (changes.empty()) return into == from;
    return std::ranges::any_of(changes, [&](const SignalChange& change) {
      return change.from == from && change.into == into;
    });
  }
};

struct ExporterPlan {
  std::string id;
  std::shared_ptr<ExporterFactory> factory;
  config::ExporterHelperConfig helper;
  // False: each request is exported as it came (debug, file, nop).
  bool joins_requests = true;
  // Unless the configuration asks for batches of its own; see pipeline::BatchOptions.
  uint64_t joined_bytes_max = 0;
  // Requests that differ in these entries of their metadata are not joined. Lower case.
  std::vector<std::string> metadata_keys = {};
  std::vector<ListenerPlan> listeners = {};
  std::shared_ptr<const io::TlsClientContext> client_tls = nullptr;  // null: plain text
  // For a plan that is filled in by hand: instead of the values of the helper and batch processors.
  std::optional<pipeline::BatchOptions> batch = {};
  std::optional<pipeline::QueueOptions> queue = {};
  std::shared_ptr<transport::CredentialSource> credentials = nullptr;  // null: shows none
  std::optional<size_t> storage = {};                                  // in the plan's storages
  std::optional<ConnectorPlan> connector = {};
  // By signal: only a failover feeds it, and has another level to turn to.
  std::array<bool, kSignalCount> hands_back = {};
  // By signal: only connectors with storage feed it, and they wait for it.
  std::array<bool, kSignalCount> has_disk_in_front = {};
  // It sends what the collector tells of itself, and is not traced: its spans would make spans.
  bool sends_own_telemetry = false;
};

// Indices into the plan's lists.
struct PipelinePlan {
  Signal signal = Signal::kTraces;
  std::string id;  // "traces/2"
  std::vector<size_t> receivers;
  std::vector<size_t> processors;
  std::vector<size_t> exporters;
};

// The collector's own spans (service::telemetry::traces).
struct OwnSpansPlan {
  own_spans::SpanRecorder::Options recorder;
  http::Propagators propagators;
};

enum class MetricsDetail : uint8_t { kNormal, kDetailed };

struct MetricsPagePlan {
  std::string host = "localhost";
  uint16_t port = 8888;
  MetricsDetail detail = MetricsDetail::kNormal;
  bool counters_end_in_total = false;  // without_type_suffix: false
};

struct Plan {
  std::vector<StoragePlan> storages;
  std::vector<ReceiverPlan> receivers;
  std::vector<ProcessorPlan> processors;
  std::vector<ExporterPlan> exporters;
  std::vector<PipelinePlan> pipelines;
  std::vector<extensions::HealthCheckOptions> health_checks;
  std::vector<AuthPlan> auths;
  std::optional<extensions::console::Options> console = {};
  std::optional<MetricsPagePlan> metrics_page = MetricsPagePlan{};
  std::optional<OwnSpansPlan> own_spans = {};  // nothing: the collector does not trace itself
  // The collector's own resource, shown as target_info; what the configuration adds or overrides,
  // and which defaults it removes.
  metrics::Labels resource;
  std::vector<std::string> resource_without;
  LogOptions log;
  size_t budget_bytes = 256 << 20;
  // SIGTERM to the end, at most; the items still held then are counted and dropped.
  Duration drain_timeout = 20s;
};

}  // namespace millrace::assembly
