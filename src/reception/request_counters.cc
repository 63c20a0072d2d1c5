#include "reception/request_counters.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "metrics/otelcol_names.h"
#include "reception/request_span.h"

namespace millrace::reception {
namespace {

constexpr std::string_view kMemoryReason = "memory";  // the transport's word as well
constexpr std::string_view kDestinationReason = "destination";

transport::Reply reply_of(const pipeline::Verdict& verdict) {
  transport::Reply reply;
  if (verdict.ok() && verdict.rejected_count == 0 && verdict.partial_message.empty()) return reply;
  reply.code = verdict.code;
  reply.message = verdict.message;
  reply.retry_after = verdict.retry_after;
  reply.too_large = verdict.too_large;
  reply.rejected_count = verdict.rejected_count;
  reply.partial_message = verdict.partial_message;
  return reply;
}

}  // namespace

RequestCounters::RequestCounters(const ReceiverParts& parts, std::vector<std::string> transports)
    : parts_(parts),
      transports_(std::move(transports)),
      counters_(transports_.size()),
      rejected_(transports_.size()) {}

RequestCounters::ItemCounters& RequestCounters::counters(size_t transport, Signal signal) {
  ItemCounters& found = counters_[transport][index_of(signal)];
  if (found.accepted == nullptr) {
    const metrics::Labels labels = {{"receiver", parts_.name},
                                    {"transport", transports_[transport]}};
    auto counter = [&](const metrics::SignalMetrics& family) {
      const metrics::MetricInfo& info = family[index_of(signal)];
      return &parts_.metrics->counter(info.name, info.help, labels);
    };
    found.accepted = counter(metrics::kReceiverAccepted);
    found.refused = counter(metrics::kReceiverRefused);
    found.failed = counter(metrics::kReceiverFailed);
  }
  return found;
}

void RequestCounters::count_rejected(size_t transport, std::string_view reason) {
  auto& counters = rejected_[transport];
  auto found = counters.find(reason);
  if (found == counters.end()) {
    metrics::Counter& counter = parts_.metrics->counter(
        "millrace_receiver_rejected_requests",
        "Requests that were answered with an error before any queue, by reason.",
        {{"receiver", parts_.name},
         {"transport", transports_[transport]},
         {"reason", std::string(reason)}});
    found = counters.emplace(reason, &counter).first;
  }
  found->second->add(1);
}

void RequestCounters::count_memory_refusal(size_t transport, Signal signal) {
  const Seen& seen = seen_[index_of(signal)];
  const uint64_t items =
      seen.requests == 0 ? 1
                         : std::max<uint64_t>(1, (seen.items + seen.requests / 2) / seen.requests);
  counters(transport, signal).refused->add(items);
  for (metrics::Counter* limiter : parts_.memory_refused[index_of(signal)]) limiter->add(items);
}

void RequestCounters::report_refused(size_t transport, std::optional<Signal> signal,
                                     std::string_view reason, std::string_view detail,
                                     std::string_view peer) {
  if (parts_.watcher == nullptr) return;
  parts_.watcher->on_refused({.receiver = parts_.name,
                              .transport = transports_[transport],
                              .signal = signal,
                              .reason = reason,
                              .detail = detail,
                              .peer = peer});
}

void RequestCounters::refuse(size_t transport, Signal signal, std::string_view reason,
                             std::string_view message, std::string_view peer) {
  count_rejected(transport, reason);
  if (reason == kMemoryReason) count_memory_refusal(transport, signal);
  parts_.log->warn("request refused", {{"receiver", parts_.name},
                                       {"transport", transports_[transport]},
                                       {"signal", signal_name(signal)},
                                       {"reason", reason},
                                       {"error", message},
                                       {"peer", peer}});
  report_refused(transport, signal, reason, message, peer);
}

void RequestCounters::on_rejected(size_t transport, std::optional<Signal> signal,
                                  std::string_view reason, std::string_view detail,
                                  std::string_view peer) {
  count_rejected(transport, reason);
  if (reason == kMemoryReason && signal) count_memory_refusal(transport, *signal);
  if (detail.ends_with('\n')) detail.remove_suffix(1);  // of a body for people
  parts_.log->warn("request refused", {{"receiver", parts_.name},
                                       {"transport", transports_[transport]},
                                       {"signal", signal ? signal_name(*signal) : "unknown"},
                                       {"reason", reason},
                                       {"error", detail},
                                       {"peer", peer}});
  report_refused(transport, signal, reason, detail, peer);
}

void RequestCounters::submit(pipeline::Payload payload, pipeline::Policy policy,
                             MonotonicTime deadline, size_t transport, transport::Exchange exchange,
                             const RequestOrigin& origin) {
  const Signal signal = payload.signal;
  const uint32_t item_count = payload.item_count;
  if (parts_.watcher != nullptr) {
    parts_.watcher->on_admitted(
        {.receiver = parts_.name, .origin = origin, .peer = exchange.peer(), .payload = payload});
  }
  pipeline::VerdictCallback on_verdict = [this, exchange = std::move(exchange), transport, signal,
                                          item_count](const pipeline::Verdict& verdict) mutable {
    count(transport, signal, item_count, verdict, exchange.peer());
    exchange.reply(reply_of(verdict));
  };
  if (parts_.own_spans != nullptr) {
    on_verdict = with_span(payload, transport, format_of(origin.protocol), origin.trace_parent,
                           std::move(on_verdict));
  }
  hand_in(std::move(payload), policy, deadline, std::move(on_verdict));
}

void RequestCounters::submit_fetched(pipeline::Payload payload, pipeline::Policy policy,
                                     MonotonicTime deadline, size_t transport, std::string peer,
                                     pipeline::VerdictCallback then) {
  const Signal signal = payload.signal;
  const uint32_t item_count = payload.item_count;
  if (parts_.watcher != nullptr) {
    parts_.watcher->on_admitted({.receiver = parts_.name,
                                 .origin = {.protocol = transports_[transport]},
                                 .peer = peer,
                                 .payload = payload});
  }
  pipeline::VerdictCallback on_verdict = [this, peer = std::move(peer), then = std::move(then),
                                          transport, signal,
                                          item_count](const pipeline::Verdict& verdict) mutable {
    count(transport, signal, item_count, verdict, peer);
    if (then) then(verdict);
  };
  if (parts_.own_spans != nullptr) {
    const std::string_view type = std::string_view(parts_.name).substr(0, parts_.name.find('/'));
    on_verdict = with_span(payload, transport, type, std::nullopt, std::move(on_verdict));
  }
  hand_in(std::move(payload), policy, deadline, std::move(on_verdict));
}

pipeline::VerdictCallback RequestCounters::with_span(
    const pipeline::Payload& payload, size_t transport, std::string_view format,
    const std::optional<http::TraceContext>& parent, pipeline::VerdictCallback on_verdict) {
  return traced({.receiver = parts_.name,
                 .transport = transports_[transport],
                 .format = format,
                 .signal = payload.signal,
                 .item_count = payload.item_count},
                parent, *parts_.own_spans, std::move(on_verdict));
}

void RequestCounters::hand_in(pipeline::Payload payload, pipeline::Policy policy,
                              MonotonicTime deadline, pipeline::VerdictCallback on_verdict) {
  pipeline::Intake* const intake = parts_.intakes[index_of(payload.signal)];
  MILLRACE_CHECK(intake != nullptr);
  Seen& seen = seen_[index_of(payload.signal)];
  ++seen.requests;
  seen.items += payload.item_count;
  const std::optional<pipeline::Verdict> verdict =
      intake->submit(std::move(payload), policy, deadline, std::move(on_verdict));
  // submit() leaves the callback untouched when it returns a verdict.
  if (verdict) on_verdict(*verdict);  // NOLINT(bugprone-use-after-move)
}

void RequestCounters::count(size_t transport, Signal signal, uint32_t item_count,
                            const pipeline::Verdict& verdict, std::string_view peer) {
  ItemCounters& counted = counters(transport, signal);
  ledger::Refusals* refusals = parts_.refusals[index_of(signal)];
  if (verdict.ok()) {
    counted.accepted->add(item_count);
    refusals->accept(item_count);
    return;
  }
  counted.refused->add(item_count);
  refusals->refuse(item_count);
  // The log hears of a queue or destination once, from the destination.
  report_refused(transport, signal, verdict.reason.empty() ? kDestinationReason : verdict.reason,
                 verdict.message, peer);
  if (verdict.reason.empty()) return;
  count_rejected(transport, verdict.reason);
  parts_.log->warn("request refused", {{"receiver", parts_.name},
                                       {"transport", transports_[transport]},
                                       {"signal", signal_name(signal)},
                                       {"reason", verdict.reason},
                                       {"error", verdict.message},
                                       {"peer", peer}});
}

}  // namespace millrace::reception
