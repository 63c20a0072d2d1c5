#include "assembly/self_metrics.h"

#include <chrono>
#include <utility>

#include "metrics/otelcol_names.h"

namespace millrace::assembly {
namespace {

constexpr std::string_view kLedgerItems = "millrace_ledger_items";
constexpr std::string_view kLedgerItemsHelp =
    "Items of each account by what became of them: admitted + recovered = delivered + filtered + "
    "sampled_out + rejected_by_peer + dropped_* + held.";
constexpr std::string_view kLedgerBytes = "millrace_ledger_bytes";
constexpr std::string_view kLedgerBytesHelp =
    "Bytes, as admitted, of each account by what became of them.";

}  // namespace

SelfMetrics::SelfMetrics(metrics::Registry& registry, const ledger::Ledger& ledger,
                         const Budget& budget, std::function<ledger::Held()> held)
    : registry_(registry), held_(std::move(held)), process_(registry, metrics::this_process()) {
  for (const ledger::Account* account : ledger.accounts()) add_account(*account);
  add_gauge("millrace_memory_budget_bytes", "The memory budget.",
            [&budget] { return static_cast<double>(budget.limit()); });
  add_gauge("millrace_memory_reserved_bytes", "What is reserved in the memory budget.",
            [&budget] { return static_cast<double>(budget.used()); });
  for (size_t index = 0; index < kMemoryTermCount; ++index) {
    const auto term = static_cast<MemoryTerm>(index);
    handles_.push_back(registry_.gauge(
        "millrace_memory_term_bytes", "What is reserved in the memory budget, by what it is for.",
        {{"term", std::string(memory_term_name(term))}},
        [&budget, term] { return static_cast<double>(budget.used(term)); }));
  }
  handles_.push_back(registry_.counter_function(
      "millrace_memory_refusals", "Reservations that the memory budget refused.", {},
      [&budget] { return static_cast<double>(budget.refusal_count()); }));
}

void SelfMetrics::observe_batches(const ExporterPlan& exporter, pipeline::Destination& destination,
                                  const std::string& batch_processor, MetricsDetail detail) {
  const std::vector<double> item_bounds(metrics::kBatchSendSizeBounds.begin(),
                                        metrics::kBatchSendSizeBounds.end());
  const std::vector<double> byte_bounds(metrics::kBatchSendSizeBytesBounds.begin(),
                                        metrics::kBatchSendSizeBytesBounds.end());
  std::vector<metrics::Histogram*> of_items;
  std::vector<metrics::Histogram*> of_bytes;
  auto add = [&](const metrics::MetricInfo& info, metrics::Labels labels,
                 const std::vector<double>& bounds, std::vector<metrics::Histogram*>& into) {
    into.push_back(&registry_.histogram(info.name, info.help, std::move(labels), bounds));
  };
  // otelcol's two reasons to send: the batch was full, or its time was up.
  metrics::Counter* by_size = nullptr;
  metrics::Counter* by_timeout = nullptr;
  if (!batch_processor.empty()) {
    const metrics::Labels labels = {{"processor", batch_processor}};
    add(metrics::kProcessorBatchSendSize, labels, item_bounds, of_items);
    const metrics::MetricInfo& size = metrics::kProcessorBatchSizeTriggerSend;
    by_size = &registry_.counter(size.name, size.help, labels);
    const metrics::MetricInfo& timeout = metrics::kProcessorBatchTimeoutTriggerSend;
    by_timeout = &registry_.counter(timeout.name, timeout.help, labels);
  }
  if (detail == MetricsDetail::kDetailed) {
    const metrics::Labels labels = {{"exporter", exporter.id}};
    add(metrics::kExporterQueueBatchSendSize, labels, item_bounds, of_items);
    add(metrics::kExporterQueueBatchSendSizeBytes, labels, byte_bounds, of_bytes);
  }
  if (of_items.empty()) return;
  destination.observe_batches(
      [of_items, of_bytes, by_size, by_timeout, full = destination.options().batch.items_min](
          uint64_t item_count, uint64_t byte_count) {
        if (by_size != nullptr) (item_count >= full ? by_size : by_timeout)->add(1);
        for (metrics::Histogram* sizes : of_items) sizes->record(static_cast<double>(item_count));
        for (metrics::Histogram* sizes : of_bytes) sizes->record(static_cast<double>(byte_count));
      });
}

void SelfMetrics::add_audit(const pipeline::Auditor& auditor) {
  add_gauge("millrace_ledger_imbalance_items",
            "Items that the ledger provably cannot account for, lost or invented, as of the last "
            "audit; anything but 0 is a bug.",
            [&auditor] {
              double sum = 0;
              for (const ledger::Finding& finding : auditor.findings()) {
                sum += static_cast<double>(finding.items < 0 ? -finding.items : finding.items);
              }
              return sum;
            });
  handles_.push_back(registry_.counter_function(
      "millrace_ledger_audits", "Audits of the ledger, about one a second.", {},
      [&auditor] { return static_cast<double>(auditor.round_count()); }));
}

void SelfMetrics::add_memory_limiter(const std::string& processor, const ledger::Account& account) {
  const metrics::MetricInfo& info = metrics::kMemoryLimiterAccepted[index_of(account.signal())];
  handles_.push_back(registry_.counter_function(
      info.name, info.help, {{"processor", processor}},
      [&account] { return static_cast<double>(account.snapshot().admitted.items); }));
}

void SelfMetrics::add_storage(const std::string& id, std::function<segment_log::Numbers()> read) {
  using segment_log::Numbers;
  const metrics::Labels labels = {{"extension", id}};
  auto value_of = [&read](uint64_t Numbers::* field) {
    return [read, field] { return static_cast<double>(read().*field); };
  };
  auto add_gauge_of = [&](std::string_view name, std::string_view help, uint64_t Numbers::* field) {
    handles_.push_back(registry_.gauge(name, help, labels, value_of(field)));
  };
  auto add_counter_of = [&](std::string_view name, std::string_view help,
                            uint64_t Numbers::* field) {
    handles_.push_back(registry_.counter_function(name, help, labels, value_of(field)));
  };
  add_gauge_of("millrace_storage_segments", "Segments of the log on disk.", &Numbers::segments);
  add_gauge_of("millrace_storage_bytes", "What the segments take on disk.",
               &Numbers::bytes_on_disk);
  add_gauge_of("millrace_storage_bytes_max", "What they may take; 0: no limit.",
               &Numbers::bytes_max);
  add_counter_of("millrace_storage_records_written", "Requests written to the log.",
                 &Numbers::records_written);
  add_counter_of("millrace_storage_bytes_written", "Bytes written to the log, headers included.",
                 &Numbers::bytes_written);
  add_counter_of("millrace_storage_commits", "Group commits, each with one sync.",
                 &Numbers::commits);
  add_counter_of("millrace_storage_commit_failures", "Commits that the disk refused.",
                 &Numbers::commit_failures);
  add_counter_of("millrace_storage_records_recovered", "Unfinished records found at the start.",
                 &Numbers::records_recovered);
  add_counter_of("millrace_storage_torn_bytes_cut",
                 "Bytes behind the last commit, cut at the start.", &Numbers::torn_bytes_cut);
  add_counter_of("millrace_storage_records_quarantined", "Damaged records that were set aside.",
                 &Numbers::records_quarantined);
  add_counter_of("millrace_storage_segments_refused", "Segments of a newer version, left alone.",
                 &Numbers::segments_refused);
}

void SelfMetrics::add_gauge(std::string_view name, std::string_view help,
                            std::function<double()> read) {
  handles_.push_back(registry_.gauge(name, help, {}, std::move(read)));
}

void SelfMetrics::add_account(const ledger::Account& account) {
  auto add_state = [&](std::string_view state,
                       ledger::Amount (*read)(const ledger::AccountSnapshot&)) {
    const metrics::Labels labels = {{"signal", std::string(signal_name(account.signal()))},
                                    {"pipeline", account.pipeline()},
                                    {"destination", account.destination()},
                                    {"state", std::string(state)}};
    handles_.push_back(registry_.counter_function(
        kLedgerItems, kLedgerItemsHelp, labels,
        [&account, read] { return static_cast<double>(read(account.snapshot()).items); }));
    handles_.push_back(registry_.counter_function(
        kLedgerBytes, kLedgerBytesHelp, labels,
        [&account, read] { return static_cast<double>(read(account.snapshot()).bytes); }));
  };
  add_state("admitted", [](const ledger::AccountSnapshot& s) { return s.admitted; });
  add_state("recovered", [](const ledger::AccountSnapshot& s) { return s.recovered; });
  add_state("delivered", [](const ledger::AccountSnapshot& s) { return s.delivered; });
  add_state("filtered", [](const ledger::AccountSnapshot& s) { return s.filtered; });
  add_state("sampled_out", [](const ledger::AccountSnapshot& s) { return s.sampled_out; });
  add_state("rejected_by_peer",
            [](const ledger::AccountSnapshot& s) { return s.rejected_by_peer; });
  for (size_t reason = 0; reason < ledger::kDropReasonCount; ++reason) {
    const std::string state =
        "dropped_" + std::string(ledger::drop_reason_name(static_cast<ledger::DropReason>(reason)));
    const metrics::Labels labels = {{"signal", std::string(signal_name(account.signal()))},
                                    {"pipeline", account.pipeline()},
                                    {"destination", account.destination()},
                                    {"state", state}};
    handles_.push_back(
        registry_.counter_function(kLedgerItems, kLedgerItemsHelp, labels, [&account, reason] {
          return static_cast<double>(account.snapshot().dropped[reason].items);
        }));
  }
  handles_.push_back(registry_.gauge(
      "millrace_ledger_held_items", "Items that lie in queues, in flight and in processors.",
      {{"signal", std::string(signal_name(account.signal()))},
       {"pipeline", account.pipeline()},
       {"destination", account.destination()}},
      [&account, this] { return static_cast<double>(held_().of(account).items); }));
}

void SelfMetrics::add_listeners(const std::string& kind, const std::string& id,
                                const std::vector<ListenerPlan>& listeners) {
  for (const ListenerPlan& listener : listeners) {
    const metrics::Labels labels = {{kind, id},
                                    {"transport", std::string(listener.listener.protocol)}};
    if (listener.access.limits != nullptr) add_limits(labels, kind, listener.access.limits);
    if (listener.tls == nullptr) continue;
    add_certificate(labels, [tls = listener.tls] { return tls->certificate_expiry(); });
  }
}

void SelfMetrics::add_client_certificate(const ExporterPlan& exporter) {
  const auto& tls = exporter.client_tls;
  if (tls == nullptr || tls->certificate_expiry() == WallTime::max()) return;
  add_certificate({{"exporter", exporter.id}}, [tls] { return tls->certificate_expiry(); });
}

void SelfMetrics::add_certificate(metrics::Labels labels, std::function<WallTime()> expiry) {
  handles_.push_back(
      registry_.gauge("millrace_certificate_expiry_timestamp_seconds",
                      "When the TLS certificate in use expires, in seconds since 1970.",
                      std::move(labels), [expiry = std::move(expiry)] {
                        return std::chrono::duration<double>(expiry().time_since_epoch()).count();
                      }));
}

void SelfMetrics::add_limits(const metrics::Labels& labels, const std::string& kind,
                             const std::shared_ptr<const access::ClientLimits>& limits) {
  handles_.push_back(registry_.gauge(
      "millrace_" + kind + "_limited_clients", "Clients whose rates are being counted.", labels,
      [limits] { return static_cast<double>(limits->client_count()); }));
  handles_.push_back(registry_.counter_function(
      "millrace_" + kind + "_limited_clients_forgotten",
      "Clients that were forgotten because more than clients_max came.", labels,
      [limits] { return static_cast<double>(limits->forgotten_count()); }));
}

void SelfMetrics::add_response_limits(const ExporterPlan& exporter) {
  const auto counters = exporter.factory->response_counters();
  if (counters == nullptr) return;
  for (size_t i = 1; i < http::kResponseLimitCount; ++i) {
    const auto limit = static_cast<http::ResponseLimit>(i);
    handles_.push_back(registry_.counter_function(
        "millrace_exporter_limited_responses",
        "Responses and connections of destinations that passed a bound.",
        {{"exporter", exporter.id}, {"reason", std::string(http::response_limit_name(limit))}},
        [counters, limit] { return static_cast<double>(counters->count_of(limit)); }));
  }
}

void SelfMetrics::add_destination(const ExporterPlan& exporter,
                                  pipeline::Destination& destination) {
  const Signal signal = destination.options().signal;
  metrics::Labels sent_labels = exporter.factory->labels(signal);
  sent_labels.emplace_back("exporter", exporter.id);
  auto add_counter = [&](const metrics::SignalMetrics& family, const metrics::Labels& labels,
                         uint64_t pipeline::DestinationNumbers::* field) {
    const metrics::MetricInfo& info = family[index_of(signal)];
    handles_.push_back(registry_.counter_function(
        info.name, info.help, labels,
        [&destination, field] { return static_cast<double>(destination.numbers().*field); }));
  };
  using pipeline::DestinationNumbers;
  const metrics::Labels exporter_only = {{"exporter", exporter.id}};
  add_counter(metrics::kExporterSent, sent_labels, &DestinationNumbers::sent_items);
  add_counter(metrics::kExporterSendFailed, sent_labels, &DestinationNumbers::failed_items);
  add_counter(metrics::kExporterEnqueueFailed, exporter_only,
              &DestinationNumbers::enqueue_failed_items);

  const metrics::Labels typed = {{"exporter", exporter.id},
                                 {"data_type", std::string(signal_name(signal))}};
  auto add_gauge_of = [&](const metrics::MetricInfo& info,
                          std::function<double(const DestinationNumbers&)> read) {
    handles_.push_back(registry_.gauge(
        info.name, info.help, typed,
        [&destination, read = std::move(read)] { return read(destination.numbers()); }));
  };
  add_gauge_of(metrics::kExporterQueueSize,
               [](const DestinationNumbers& n) { return static_cast<double>(n.queue_size); });
  add_gauge_of(metrics::kExporterQueueCapacity,
               [](const DestinationNumbers& n) { return static_cast<double>(n.queue_capacity); });
  handles_.push_back(registry_.gauge(
      "millrace_exporter_breaker_open",
      "1 while the destination does not answer and is probed by one batch at a time.", typed,
      [&destination] { return destination.numbers().breaker_open ? 1.0 : 0.0; }));
  handles_.push_back(registry_.counter_function(
      "millrace_exporter_breaker_opened", "How often the destination stopped answering.", typed,
      [&destination] { return static_cast<double>(destination.numbers().breaker_opened); }));
  add_gauge_of(metrics::kExporterInFlightRequests,
               [](const DestinationNumbers& n) { return static_cast<double>(n.in_flight); });
}

}  // namespace millrace::assembly
