// The state of the collector that the console shows; assembly implements it. Called on the loop of
// the console's server, while the collector's loops run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/log_histogram.h"
#include "base/signal.h"
#include "base/time.h"
#include "ledger/ledger.h"

namespace millrace::extensions::console {

struct ListenerState {
  std::string receiver;
  std::string protocol;
  std::string endpoint;
  uint16_t port = 0;
  bool has_tls = false;
};

// What does not change while the collector runs.
struct Facts {
  std::string version;
  WallTime started_at;
  size_t worker_count = 0;
  double sample_rate = 1;  // the share of the traces that is kept
  std::vector<ListenerState> listeners;
  struct Pipeline {
    Signal signal = Signal::kTraces;
    std::string id;
    std::vector<std::string> receivers;
    std::vector<std::string> processors;
    std::vector<std::string> exporters;
    // steps[i]: how many of the first i listed processors edit requests by themselves; `batch` and
    // `memory_limiter` do not. One more entry than processors.
    std::vector<size_t> steps;
    // Points before it must not be looked at, because a redaction stands behind them.
    size_t open_from = 0;
  };
  std::vector<Pipeline> pipelines;
  struct Connector {
    std::string name;
    std::vector<std::string> feeds;
  };
  std::vector<Connector> connectors;
};

struct DestinationState {
  std::string name;
  Signal signal = Signal::kTraces;
  bool is_required = true;
  uint64_t queue_size = 0;
  uint64_t queue_capacity = 0;
  uint32_t in_flight = 0;
  uint32_t concurrency_limit = 0;
  uint32_t consecutive_failures = 0;
  bool is_breaker_open = false;
  uint64_t breaker_opened = 0;
  uint64_t retries = 0;
  uint64_t sent_items = 0;
  uint64_t failed_items = 0;
  uint64_t enqueue_failed_items = 0;
  std::optional<Duration> since_success;
  std::string last_answer;
  std::optional<Duration> oldest_age;  // of what is not settled; nothing: nothing is held
  std::string dead_letter_path;        // empty: none are kept
  // Since the start.
  LogHistogram::Counts batch_items{};
  LogHistogram::Counts latency_ns{};
  // The last minute, or the time since the start if that is shorter (recent_flow.h).
  struct Quantiles {
    double p50 = 0;
    double p99 = 0;
  };
  std::optional<Quantiles> recent_batch_items;
  std::optional<Quantiles> recent_latency_ns;
};

struct ReceiverState {
  std::string name;
  Signal signal = Signal::kTraces;
  uint64_t accepted_items = 0;
  uint64_t refused_items = 0;
  std::vector<std::string> refusals;
};

struct StorageState {
  std::string name;
  std::string trouble;
  uint64_t bytes = 0;
  uint64_t bytes_max = 0;
};

struct CertificateState {
  std::string owner;     // "receiver otlp"
  std::string protocol;  // of a listener; empty: it is shown to a destination
  WallTime expires_at;
};

// The files of recent telemetry (recent_file/recent_file.h).
struct RecentFileState {
  std::string directory;
  uint64_t bytes = 0;
  uint64_t bytes_max = 0;
  uint64_t read_requests = 0;
  uint64_t written_requests = 0;
  uint64_t lost_requests = 0;
  std::string trouble;
};

struct AccountState {
  Signal signal = Signal::kTraces;
  std::string pipeline;
  std::string destination;
  ledger::AccountSnapshot counts;
  uint64_t held_items = 0;
  std::string dead_letter_path;  // empty: none are kept
};

struct State {
  WallTime now;
  bool is_accepting = false;
  bool is_draining = false;
  std::vector<DestinationState> destinations;
  std::vector<ReceiverState> receivers;
  std::vector<StorageState> storages;
  std::vector<CertificateState> certificates;
  std::optional<RecentFileState> recent_file;  // nothing: none is configured
  std::vector<AccountState> accounts;
  std::vector<std::string> ledger_findings;
  uint64_t audit_count = 0;
  uint64_t memory_limit = 0;
  uint64_t memory_used = 0;
  uint64_t memory_peak = 0;
  uint64_t memory_refusals = 0;
  std::vector<std::pair<std::string, uint64_t>> memory_terms;
};

class Source {
 public:
  virtual const Facts& facts() const = 0;
  virtual State state() const = 0;
  // Sends a trace through the pipelines of a receiver of traces; its id in hex. Nothing: no
  // pipeline takes traces, or the collector is draining.
  virtual std::optional<std::string> send_test_trace() = 0;

 protected:
  ~Source() = default;
};

}  // namespace millrace::extensions::console
