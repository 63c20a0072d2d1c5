#include "receivers/otlp/receiver.h"

#include <algorithm>
#include <utility>

#include "metrics/otelcol_names.h"
#include "otlp/admit.h"

namespace millrace::receivers {
namespace {

// What a sender is told when memory is short: long enough for a batch to leave, short enough that
// nothing is given up meanwhile.
constexpr Duration kRetryAfterOverload = 1s;
constexpr std::string_view kMemoryReason = "memory";  // the transport's word as well

std::string_view transport_name(transport::Protocol protocol) {
  return protocol == transport::Protocol::kGrpc ? "grpc" : "http";
}

}  // namespace

OtlpReceiver::OtlpReceiver(Parts parts) : parts_(std::move(parts)) {}

OtlpReceiver::Counters& OtlpReceiver::counters(transport::Protocol protocol, Signal signal) {
  Counters& found = counters_[static_cast<size_t>(protocol)][index_of(signal)];
  if (found.accepted == nullptr) {
    const metrics::Labels labels = {{"receiver", parts_.name},
                                    {"transport", std::string(transport_name(protocol))}};
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

void OtlpReceiver::count_rejected(transport::Protocol protocol, std::string_view reason) {
  auto& counters = rejected_[static_cast<size_t>(protocol)];
  auto found = counters.find(reason);
  if (found == counters.end()) {
    metrics::Counter& counter = parts_.metrics->counter(
        "millrace_receiver_rejected_requests",
        "Requests that were answered with an error before any queue, by reason.",
        {{"receiver", parts_.name},
         {"transport", std::string(transport_name(protocol))},
         {"reason", std::string(reason)}});
    found = counters.emplace(reason, &counter).first;
  }
  found->second->add(1);
}

void OtlpReceiver::count_memory_refusal(transport::Protocol protocol, Signal signal) {
  const Seen& seen = seen_[index_of(signal)];
  const uint64_t items =
      seen.requests == 0 ? 1
                         : std::max<uint64_t>(1, (seen.items + seen.requests / 2) / seen.requests);
  counters(protocol, signal).refused->add(items);
  for (metrics::Counter* limiter : parts_.memory_refused[index_of(signal)]) limiter->add(items);
}

std::optional<OtlpReceiver::Admission> OtlpReceiver::admit(const transport::Request& request,
                                                           transport::Reply& refusal,
                                                           std::string_view& reason) {
  Admission admission{.message = request.body};
  Work work = parts_.long_work->work();
  if (request.format == transport::BodyFormat::kJson && !request.body.empty()) {
    Result<Bytes> decoded =
        json_.decode_request(request.signal, request.body, work, parts_.message_bytes_max);
    if (!decoded) {
      refusal.code = decoded.error().code;
      refusal.message = std::move(decoded.error().message);
      switch (refusal.code) {
        case Code::kUnavailable:
          refusal.retry_after = kRetryAfterOverload;
          reason = kMemoryReason;
          break;
        case Code::kResourceExhausted:
          refusal.too_large = true;
          reason = "too_large";
          break;
        default:
          reason = "bad_data";
      }
      return std::nullopt;
    }
    admission.message = std::move(*decoded);
  }
  const auto admitted = otlp::admit(request.signal, admission.message.view(),
                                    {.pace = work.pace.may_suspend() ? &work.pace : nullptr});
  if (!admitted) {
    Error error = admitted.error().to_error();
    refusal.code = error.code;
    refusal.message = std::move(error.message);
    refusal.bad_field = admitted.error().field_path;
    reason = "bad_data";
    return std::nullopt;
  }
  admission.item_count = admitted->item_count;
  return admission;
}

void OtlpReceiver::on_request(transport::Request request, transport::Exchange exchange) {
  transport::Reply refusal;
  std::string_view reason;
  std::optional<Admission> admission = admit(request, refusal, reason);
  if (!admission) {
    count_rejected(request.protocol, reason);
    if (reason == kMemoryReason) count_memory_refusal(request.protocol, request.signal);
    parts_.log->warn("request refused", {{"receiver", parts_.name},
                                         {"transport", transport_name(request.protocol)},
                                         {"signal", signal_name(request.signal)},
                                         {"reason", reason},
                                         {"error", refusal.message}});
    exchange.reply(refusal);
    return;
  }
  if (request.pass.meter != nullptr) {
    request.pass.meter->charge_items(request.pass, admission->item_count, parts_.loop->now());
  }
  // An envelope without items carries nothing to deliver or to lose (OTLP: receivers may ignore
  // it); its sender hears success. Profiles without samples may still bring a dictionary, which is
  // passed through like all else; only a message of no bytes is nothing.
  const bool is_empty =
      request.signal == Signal::kProfiles ? admission->message.empty() : admission->item_count == 0;
  if (is_empty) {
    counters(request.protocol, request.signal);
    exchange.reply({});
    return;
  }
  pipeline::Payload payload{.signal = request.signal,
                            .item_count = admission->item_count,
                            .bytes = Rope(std::move(admission->message)),
                            .metadata = std::move(request.metadata),
                            .completion = nullptr,
                            .admitted_at = parts_.loop->now()};
  request.body = Bytes();  // the payload owns it now; a compacting queue must be the last holder
  const pipeline::Policy policy =
      request.protocol == transport::Protocol::kGrpc ? parts_.grpc_policy : parts_.http_policy;
  const uint32_t item_count = payload.item_count;
  Seen& seen = seen_[index_of(request.signal)];
  ++seen.requests;
  seen.items += item_count;
  parts_.intakes[index_of(request.signal)]->submit(
      std::move(payload), policy, request.deadline,
      [this, exchange = std::move(exchange), protocol = request.protocol, signal = request.signal,
       item_count](const pipeline::Verdict& verdict) mutable {
        answer(exchange, protocol, signal, item_count, verdict);
      });
}

void OtlpReceiver::answer(transport::Exchange& exchange, transport::Protocol protocol,
                          Signal signal, uint32_t item_count, const pipeline::Verdict& verdict) {
  Counters& counted = counters(protocol, signal);
  ledger::Refusals* refusals = parts_.refusals[index_of(signal)];
  if (verdict.ok()) {
    counted.accepted->add(item_count);
    refusals->accept(item_count);
    if (verdict.rejected_count == 0 && verdict.partial_message.empty()) {
      exchange.reply({});
      return;
    }
  } else {
    counted.refused->add(item_count);
    refusals->refuse(item_count);
    if (!verdict.reason.empty()) {
      count_rejected(protocol, verdict.reason);
      parts_.log->warn("request refused", {{"receiver", parts_.name},
                                           {"transport", transport_name(protocol)},
                                           {"signal", signal_name(signal)},
                                           {"reason", verdict.reason},
                                           {"error", verdict.message}});
    }
  }
  transport::Reply reply;
  reply.code = verdict.code;
  reply.message = verdict.message;
  reply.retry_after = verdict.retry_after;
  reply.too_large = verdict.too_large;
  reply.rejected_count = verdict.rejected_count;
  reply.partial_message = verdict.partial_message;
  exchange.reply(reply);
}

void OtlpReceiver::on_rejected(transport::Protocol protocol, std::optional<Signal> signal,
                               std::string_view reason, std::string_view detail,
                               std::string_view peer) {
  count_rejected(protocol, reason);
  if (reason == kMemoryReason && signal) count_memory_refusal(protocol, *signal);
  if (detail.ends_with('\n')) detail.remove_suffix(1);  // of a body for people
  parts_.log->warn("request refused", {{"receiver", parts_.name},
                                       {"transport", transport_name(protocol)},
                                       {"signal", signal ? signal_name(*signal) : "unknown"},
                                       {"reason", reason},
                                       {"error", detail},
                                       {"peer", peer}});
}

void OtlpReceiver::on_connections(int change) {
  if (parts_.connection_count != nullptr) {
    parts_.connection_count->fetch_add(change, std::memory_order_relaxed);
  }
}

}  // namespace millrace::receivers
