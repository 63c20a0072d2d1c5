#include "receivers/otlp/receiver.h"

#include <utility>

#include "otlp/admit.h"

namespace millrace::receivers {
namespace {

// The wait that an answer asks of a sender when memory is short: long enough for a batch to leave,
// short enough that the sender does not drop the request meanwhile.
constexpr Duration kRetryAfterOverload = 1s;

// The index of a protocol's name among the transports of the counters.
size_t transport_of(transport::Protocol protocol) {
  return protocol == transport::Protocol::kGrpc ? 0 : 1;
}

// As in OTEL_EXPORTER_OTLP_PROTOCOL.
std::string_view protocol_text(const transport::Request& request) {
  if (request.protocol == transport::Protocol::kGrpc) return "grpc";
  return request.format == transport::BodyFormat::kJson ? "http/json" : "http/protobuf";
}

}  // namespace

OtlpReceiver::OtlpReceiver(reception::ReceiverParts parts, Policies policies)
    : parts_(std::move(parts)),
      policies_(policies),
      long_json_(parts_.metrics->counter(
          "millrace_receiver_long_json_requests",
          "JSON requests so large that one step of reading them takes longer than a slice of a "
          "loop's turn.",
          {{"receiver", parts_.name}})),
      counters_(parts_, {"grpc", "http"}) {}

std::optional<OtlpReceiver::Admission> OtlpReceiver::admit(const transport::Request& request,
                                                           transport::Reply& refusal,
                                                           std::string_view& reason) {
  Admission admission{.message = request.body};
  Work work = parts_.long_work->work();
  if (request.format == transport::BodyFormat::kJson && !request.body.empty()) {
    if (request.body.size() > otlp::json::kBytesInASlice) long_json_.add(1);
    Result<Bytes> decoded =
        json_.decode_request(request.signal, request.body, work, parts_.message_bytes_max);
    if (!decoded) {
      refusal.code = decoded.error().code;
      refusal.message = std::move(decoded.error().message);
      switch (refusal.code) {
        case Code::kUnavailable:
          refusal.retry_after = kRetryAfterOverload;
          reason = "memory";
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
  const size_t transport = transport_of(request.protocol);
  transport::Reply refusal;
  std::string_view reason;
  std::optional<Admission> admission = admit(request, refusal, reason);
  if (!admission) {
    counters_.refuse(transport, request.signal, reason, refusal.message, exchange.peer());
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
    counters_.show(transport, request.signal);
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
      request.protocol == transport::Protocol::kGrpc ? policies_.grpc : policies_.http;
  counters_.submit(std::move(payload), policy, request.deadline, transport, std::move(exchange),
                   {.protocol = protocol_text(request),
                    .coding = request.coding,
                    .trace_parent = request.trace_parent});
}

void OtlpReceiver::on_rejected(transport::Protocol protocol, std::optional<Signal> signal,
                               std::string_view reason, std::string_view detail,
                               std::string_view peer) {
  counters_.on_rejected(transport_of(protocol), signal, reason, detail, peer);
}

}  // namespace millrace::receivers
