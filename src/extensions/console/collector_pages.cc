#include "extensions/console/collector_pages.h"

#include <array>
#include <string>

#include "extensions/console/remedies.h"
#include "wire/utf8.h"

namespace millrace::extensions::console {
namespace {

int64_t milliseconds(WallTime time) { return time.time_since_epoch() / 1ms; }
double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

void write_texts(JsonWriter& json, std::string_view name, const std::vector<std::string>& texts) {
  json.key(name).open_list();
  for (const std::string& text : texts) json.text(text);
  json.close_list();
}

void write_signals(JsonWriter& json, const recent::CountsBySignal& counts) {
  json.key("signals").open_object();
  for (const Signal signal : kSignals) {
    const recent::SignalCounts& count = counts[index_of(signal)];
    if (count.requests == 0) continue;
    json.key(signal_name(signal)).open_object().count("requests", count.requests);
    json.count("items", count.items).count("bytes", count.bytes).close_object();
  }
  json.close_object();
}

void write_receivers(JsonWriter& json, const State& state) {
  json.key("receivers").open_list();
  for (const ReceiverState& receiver : state.receivers) {
    json.open_object().member("name", receiver.name);
    json.member("signal", signal_name(receiver.signal));
    json.count("accepted_items", receiver.accepted_items);
    json.count("refused_items", receiver.refused_items);
    write_texts(json, "refusals", receiver.refusals);
    json.close_object();
  }
  json.close_list();
}

std::vector<std::string> alerts_of(const State& state) {
  std::vector<std::string> alerts;
  if (state.is_draining) alerts.push_back("the collector is stopping");
  for (const ReceiverState& receiver : state.receivers) {
    for (const std::string& refusal : receiver.refusals) {
      alerts.push_back(receiver.name + " refuses " + std::string(signal_name(receiver.signal)) +
                       ": " + refusal);
    }
  }
  constexpr uint32_t kFailuresInARow = 3;
  for (const DestinationState& each : state.destinations) {
    if (each.is_breaker_open || each.consecutive_failures >= kFailuresInARow) {
      alerts.push_back(each.name + " does not take " + std::string(signal_name(each.signal)) +
                       ": " + each.last_answer);
    }
  }
  for (const StorageState& storage : state.storages) {
    if (!storage.trouble.empty()) alerts.push_back(storage.name + ": " + storage.trouble);
  }
  if (state.recent_file && !state.recent_file->trouble.empty()) {
    alerts.push_back("the console keeps nothing on disk: " + state.recent_file->trouble);
  }
  constexpr Duration kDay = 24h;
  constexpr Duration kCertificateWarning = 14 * kDay;
  for (const CertificateState& each : state.certificates) {
    const Duration left = each.expires_at - state.now;
    if (left > kCertificateWarning) continue;
    alerts.push_back("the certificate of " + each.owner +
                     (each.protocol.empty() ? "" : " (" + each.protocol + ")") +
                     (left < Duration(0) ? " has expired"
                                         : " expires in " + std::to_string(left / kDay) + " days"));
  }
  for (const std::string& finding : state.ledger_findings) alerts.push_back(finding);
  for (std::string& alert : alerts) alert = wire::to_utf8(alert);
  return alerts;
}

bool receives_otlp(const ListenerState& listener) {
  return listener.receiver == "otlp" || listener.receiver.starts_with("otlp/");
}

// The lines that point an SDK at the first listener of each protocol.
void write_first_steps(JsonWriter& json, const Facts& facts) {
  json.key("first_steps").open_list();
  std::string first_port;
  for (const auto& [protocol, title] :
       {std::pair<std::string_view, std::string_view>{"http", "An SDK over HTTP"},
        {"grpc", "An SDK over gRPC"}}) {
    for (const ListenerState& listener : facts.listeners) {
      if (listener.protocol != protocol || listener.port == 0 || !receives_otlp(listener)) continue;
      const std::string url = std::string(listener.has_tls ? "https" : "http") +
                              "://localhost:" + std::to_string(listener.port);
      if (first_port.empty()) first_port = std::to_string(listener.port);
      json.open_object().member("title", title);
      json.member("text", "export OTEL_EXPORTER_OTLP_ENDPOINT=" + url +
                              "\nexport OTEL_EXPORTER_OTLP_PROTOCOL=" +
                              (protocol == "grpc" ? "grpc" : "http/protobuf"));
      json.close_object();
      break;
    }
  }
  json.open_object().member("title", "Nothing to send? In another terminal");
  json.member("text", first_port.empty() || first_port == "4318"
                          ? "millrace generate --total 10"
                          : "millrace generate --total 10 --endpoint localhost:" + first_port);
  json.close_object().close_list();
}

void write_quantiles(JsonWriter& json, std::string_view name,
                     const std::optional<DestinationState::Quantiles>& quantiles, double factor) {
  json.key(name);
  if (!quantiles) {
    json.null();
    return;
  }
  json.open_object().key("p50").real(quantiles->p50 * factor);
  json.key("p99").real(quantiles->p99 * factor).close_object();
}

void write_path(JsonWriter& json, std::string_view name, const std::string& path) {
  json.key(name);
  path.empty() ? json.null() : json.text(wire::to_utf8(path));
}

// Batch sizes and latencies at each listed point of a pipeline.
void write_points(JsonWriter& json, const Facts& facts, size_t index, const FlowWatch& flow) {
  const Facts::Pipeline& pipeline = facts.pipelines[index];
  json.key("points").open_list();
  for (size_t point = 0; point < pipeline.steps.size(); ++point) {
    const size_t step = pipeline.steps[point];
    const bool has_step = point != 0 && step != pipeline.steps[point - 1];
    const FlowWatch::Quantiles found = flow.at(index, step);
    json.open_object().count("point", point);
    write_quantiles(json, "batch_items", found.items, 1);
    write_quantiles(json, "latency_ms", has_step ? found.latency_ns : std::nullopt, 1e-6);
    json.close_object();
  }
  json.close_list();
}

void write_recent_file(JsonWriter& json, const std::optional<RecentFileState>& file) {
  json.key("file");
  if (!file) {
    json.null();
    return;
  }
  json.open_object().member("directory", wire::to_utf8(file->directory));
  json.count("bytes", file->bytes).count("bytes_max", file->bytes_max);
  json.count("read_requests", file->read_requests);
  json.count("written_requests", file->written_requests);
  json.count("lost_requests", file->lost_requests);
  json.member("trouble", wire::to_utf8(file->trouble)).close_object();
}

uint64_t dropped_items(const AccountState& account) { return account.counts.dropped_total().items; }

}  // namespace

void write_recent(JsonWriter& json, const recent::Store::Numbers& numbers) {
  json.open_object().count("bytes", numbers.bytes).count("bytes_max", numbers.bytes_max);
  json.count("requests", numbers.requests).count("kept_requests", numbers.kept_count);
  json.count("skipped_requests", numbers.skipped_count).key("oldest_at_ms");
  numbers.oldest_at ? json.signed_number(milliseconds(*numbers.oldest_at)) : json.null();
  json.count("newest", numbers.newest).close_object();
}

void write_run(JsonWriter& json, const recent::Store& store, size_t run) {
  const recent::Run& of = store.runs()[run];
  json.open_object().member("instance_id", wire::to_utf8(of.id));
  json.key("started_at_ms").signed_number(milliseconds(of.started_at));
  json.flag("is_current", run == 0).close_object();
}

void write_status(JsonWriter& json, const Facts& facts, const State& state,
                  const recent::Store& store) {
  json.open_object().member("version", facts.version);
  json.key("started_at_ms").signed_number(milliseconds(facts.started_at));
  json.key("now_ms").signed_number(milliseconds(state.now));
  json.key("uptime_s").real(seconds(state.now - facts.started_at));
  json.flag("is_accepting", state.is_accepting).flag("is_draining", state.is_draining);
  json.count("workers", facts.worker_count).key("listeners").open_list();
  for (const ListenerState& listener : facts.listeners) {
    json.open_object().member("receiver", listener.receiver);
    json.member("protocol", listener.protocol).member("endpoint", listener.endpoint);
    json.count("port", listener.port).flag("tls", listener.has_tls).close_object();
  }
  json.close_list();
  write_first_steps(json, facts);
  write_recent(json.key("recent"), store.numbers());
  json.key("sample_rate").real(facts.sample_rate);
  write_recent_file(json, state.recent_file);
  json.key("runs").open_list();
  for (size_t run = 0; run < store.runs().size(); ++run) write_run(json, store, run);
  json.close_list();
  write_texts(json, "alerts", alerts_of(state));
  json.close_object();
}

void write_sender(JsonWriter& json, const recent::Sender& sender, bool is_packet) {
  json.open_object().member("service", sender.service).member("sdk_name", sender.sdk_name);
  json.member("sdk_language", sender.sdk_language).member("sdk_version", sender.sdk_version);
  if (!is_packet) json.member("receiver", sender.receiver);
  json.member("protocol", sender.protocol).member("encoding", sender.encoding);
  json.member("peer", sender.peer);
  if (!is_packet) {
    json.key("first_seen_ms").signed_number(milliseconds(sender.first_seen));
    json.key("last_seen_ms").signed_number(milliseconds(sender.last_seen));
  }
  write_signals(json, sender.counts);
  json.close_object();
}

void write_senders(JsonWriter& json, const recent::SenderTable& senders) {
  json.open_object().key("senders").open_list();
  for (const recent::Sender& sender : senders.senders()) write_sender(json, sender, false);
  json.close_list().count("forgotten", senders.forgotten_count()).close_object();
}

void write_refusal(JsonWriter& json, const recent::RefusalEntry& refusal) {
  json.open_object().count("id", refusal.id);
  json.key("at_ms").signed_number(milliseconds(refusal.at)).member("receiver", refusal.receiver);
  json.member("protocol", refusal.transport).member("signal", refusal.signal);
  json.member("reason", refusal.reason).member("detail", refusal.detail);
  json.member("peer", refusal.peer).member("remedy", remedy_of(refusal));
  json.count("count", refusal.count).close_object();
}

void write_refusals(JsonWriter& json, const std::vector<recent::RefusalEntry>& refusals,
                    uint64_t total) {
  json.open_object().key("refusals").open_list();
  for (const recent::RefusalEntry& refusal : refusals) write_refusal(json, refusal);
  json.close_list().count("total", total).close_object();
}

void write_destination(JsonWriter& json, const DestinationState& each) {
  json.open_object().member("name", each.name).member("signal", signal_name(each.signal));
  json.flag("is_required", each.is_required).count("queue_size", each.queue_size);
  json.count("queue_capacity", each.queue_capacity).key("oldest_age_s");
  each.oldest_age ? json.real(seconds(*each.oldest_age)) : json.null();
  write_quantiles(json, "batch_items", each.recent_batch_items, 1);
  write_quantiles(json, "latency_ms", each.recent_latency_ns, 1e-6);
  write_path(json, "dead_letter_path", each.dead_letter_path);
  json.count("in_flight", each.in_flight).count("concurrency_limit", each.concurrency_limit);
  json.count("consecutive_failures", each.consecutive_failures);
  json.flag("is_breaker_open", each.is_breaker_open).count("breaker_opened", each.breaker_opened);
  json.count("retries", each.retries).count("sent_items", each.sent_items);
  json.count("failed_items", each.failed_items);
  json.count("enqueue_failed_items", each.enqueue_failed_items).key("since_success_s");
  each.since_success ? json.real(seconds(*each.since_success)) : json.null();
  json.member("last_answer", wire::to_utf8(each.last_answer)).close_object();
}

void write_pipelines(JsonWriter& json, const Facts& facts, const State& state,
                     const FlowWatch& flow) {
  json.open_object().key("pipelines").open_list();
  for (size_t index = 0; index < facts.pipelines.size(); ++index) {
    const Facts::Pipeline& pipeline = facts.pipelines[index];
    // Each destination of a pipeline is given the same items: one account tells for all.
    ledger::AccountSnapshot counts;
    for (const AccountState& account : state.accounts) {
      if (account.pipeline == pipeline.id && account.signal == pipeline.signal) {
        counts = account.counts;
        break;
      }
    }
    json.open_object().member("id", pipeline.id).member("signal", signal_name(pipeline.signal));
    write_texts(json, "receivers", pipeline.receivers);
    write_texts(json, "processors", pipeline.processors);
    write_texts(json, "exporters", pipeline.exporters);
    write_points(json, facts, index, flow);
    json.count("admitted_items", counts.admitted.items);
    json.count("filtered_items", counts.filtered.items);
    json.count("sampled_out_items", counts.sampled_out.items).close_object();
  }
  json.close_list().key("connectors").open_list();
  for (const Facts::Connector& connector : facts.connectors) {
    json.open_object().member("name", connector.name);
    write_texts(json, "feeds", connector.feeds);
    json.close_object();
  }
  json.close_list();
  write_receivers(json, state);
  json.key("destinations").open_list();
  for (const DestinationState& each : state.destinations) write_destination(json, each);
  json.close_list().key("storages").open_list();
  for (const StorageState& storage : state.storages) {
    json.open_object().member("name", storage.name);
    json.member("trouble", wire::to_utf8(storage.trouble)).count("bytes", storage.bytes);
    json.count("bytes_max", storage.bytes_max).close_object();
  }
  json.close_list().key("certificates").open_list();
  for (const CertificateState& each : state.certificates) {
    json.open_object().member("owner", each.owner).member("protocol", each.protocol);
    json.key("expires_at_ms").signed_number(milliseconds(each.expires_at)).close_object();
  }
  json.close_list().close_object();
}

namespace {

void write_losses(JsonWriter& json, const AccountState& account, const LossTimes& losses) {
  json.key("losses").open_list();
  for (size_t reason = 0; reason < LossTimes::kReasonCount; ++reason) {
    const uint64_t items = LossTimes::items_of(account, reason);
    if (items == 0) continue;
    json.open_object().member(
        "reason", reason == LossTimes::kRejectedByPeer
                      ? "rejected_by_peer"
                      : ledger::drop_reason_name(static_cast<ledger::DropReason>(reason)));
    const auto times = losses.of(account, reason).value_or(LossTimes::Times{});
    json.count("items", items).key("first_at_ms").signed_number(milliseconds(times.first_at));
    json.key("last_at_ms").signed_number(milliseconds(times.last_at)).close_object();
  }
  json.close_list();
}

}  // namespace

void write_ledger(JsonWriter& json, const State& state, const LossTimes& losses) {
  json.open_object().key("accounts").open_list();
  for (const AccountState& account : state.accounts) {
    const ledger::AccountSnapshot& counts = account.counts;
    json.open_object().member("signal", signal_name(account.signal));
    json.member("pipeline", account.pipeline).member("destination", account.destination);
    json.count("admitted", counts.admitted.items).count("recovered", counts.recovered.items);
    json.count("delivered", counts.delivered.items).count("filtered", counts.filtered.items);
    json.count("sampled_out", counts.sampled_out.items);
    json.count("rejected_by_peer", counts.rejected_by_peer.items).key("dropped").open_object();
    for (size_t reason = 0; reason < ledger::kDropReasonCount; ++reason) {
      if (counts.dropped[reason].items == 0) continue;
      json.count(ledger::drop_reason_name(static_cast<ledger::DropReason>(reason)),
                 counts.dropped[reason].items);
    }
    json.close_object().count("dropped_total", dropped_items(account));
    json.count("held", account.held_items);
    const uint64_t gone = counts.left().items + account.held_items;
    json.key("difference").signed_number(static_cast<int64_t>(counts.entered().items - gone));
    write_path(json, "dead_letter_path", account.dead_letter_path);
    write_losses(json, account, losses);
    json.close_object();
  }
  json.close_list();
  write_receivers(json, state);
  json.flag("is_balanced", state.ledger_findings.empty()).count("audits", state.audit_count);
  write_texts(json, "findings", state.ledger_findings);
  json.close_object();
}

void write_memory(JsonWriter& json, const State& state) {
  json.open_object().count("limit_bytes", state.memory_limit);
  json.count("used_bytes", state.memory_used).count("peak_bytes", state.memory_peak);
  json.count("refusals", state.memory_refusals).key("terms").open_list();
  for (const auto& [name, bytes] : state.memory_terms) {
    json.open_object().member("name", name).count("bytes", bytes).close_object();
  }
  json.close_list().close_object();
}

std::array<SignalSums, kSignalCount> sum_by_signal(const State& state) {
  std::array<SignalSums, kSignalCount> sums{};
  for (const ReceiverState& receiver : state.receivers) {
    sums[index_of(receiver.signal)].accepted += receiver.accepted_items;
    sums[index_of(receiver.signal)].refused += receiver.refused_items;
  }
  for (const AccountState& account : state.accounts) {
    SignalSums& sum = sums[index_of(account.signal)];
    sum.delivered += account.counts.delivered.items;
    sum.dropped += dropped_items(account) + account.counts.rejected_by_peer.items;
    sum.held += account.held_items;
  }
  return sums;
}

void write_counters(JsonWriter& json, const State& state, const recent::Store::Numbers& recent) {
  const auto sums = sum_by_signal(state);
  json.open_object().key("at_ms").signed_number(milliseconds(state.now));
  json.key("signals").open_object();
  for (const Signal signal : kSignals) {
    const SignalSums& sum = sums[index_of(signal)];
    json.key(signal_name(signal)).open_object().count("accepted", sum.accepted);
    json.count("refused", sum.refused).count("delivered", sum.delivered);
    json.count("dropped", sum.dropped).count("held", sum.held).close_object();
  }
  json.close_object().key("destinations").open_list();
  for (const DestinationState& each : state.destinations) write_destination(json, each);
  json.close_list().count("memory_used_bytes", state.memory_used);
  json.count("memory_limit_bytes", state.memory_limit);
  write_recent(json.key("recent"), recent);
  json.flag("is_balanced", state.ledger_findings.empty()).close_object();
}

}  // namespace millrace::extensions::console
