#include "receivers/jaeger/receiver.h"

#include <string>
#include <utility>

#include "otlp/admit.h"

namespace millrace::receivers::jaeger {
namespace {

constexpr Duration kRetryAfterOverload = 1s;

// The transports of the counters, in the order of the formats.
size_t transport_of(Format format) { return static_cast<size_t>(format); }

std::string_view reason_of(const Error& error) {
  if (error.code == Code::kUnavailable) return "memory";
  return error.code == Code::kResourceExhausted ? "too_large" : "bad_data";
}

transport::Reply reply_to(const Error& error) {
  transport::Reply reply;
  reply.code = error.code;
  reply.message = error.message;
  if (error.code == Code::kUnavailable) reply.retry_after = kRetryAfterOverload;
  reply.too_large = error.code == Code::kResourceExhausted;
  return reply;
}

}  // namespace

JaegerReceiver::JaegerReceiver(reception::ReceiverParts parts, Options options)
    : parts_(std::move(parts)),
      options_(std::move(options)),
      counters_(parts_, {"grpc", "collector_http", std::string(kCompactTransport),
                         std::string(kBinaryTransport)}) {}

Result<JaegerReceiver::Admitted> JaegerReceiver::admit(Format format, std::span<const uint8_t> body,
                                                       Work work) {
  Result<Bytes> translated = translate(format, body, work, parts_.message_bytes_max);
  if (!translated) return fail(std::move(translated.error()));
  const auto admitted = otlp::admit(Signal::kTraces, translated->view(),
                                    {.pace = work.pace.may_suspend() ? &work.pace : nullptr});
  if (!admitted) return fail(admitted.error().to_error());
  return Admitted{.bytes = std::move(*translated), .item_count = admitted->item_count};
}

pipeline::Payload JaegerReceiver::payload_of(Admitted admitted) {
  return {.signal = Signal::kTraces,
          .item_count = admitted.item_count,
          .bytes = Rope(std::move(admitted.bytes)),
          .metadata = {},
          .completion = nullptr,
          .admitted_at = parts_.loop->now()};
}

void JaegerReceiver::on_request(transport::Request request, transport::Exchange exchange) {
  const bool is_grpc = request.protocol == transport::Protocol::kGrpc;
  const Format format = is_grpc ? Format::kProtobuf : Format::kThrift;
  const size_t transport = transport_of(format);
  Result<Admitted> admitted = admit(format, request.body.view(), parts_.long_work->work());
  request.body = Bytes();  // nothing refers to it any more
  if (!admitted) {
    const transport::Reply refusal = reply_to(admitted.error());
    counters_.refuse(transport, Signal::kTraces, reason_of(admitted.error()), refusal.message,
                     exchange.peer());
    exchange.reply(refusal);
    return;
  }
  if (request.pass.meter != nullptr) {
    request.pass.meter->charge_items(request.pass, admitted->item_count, parts_.loop->now());
  }
  if (admitted->item_count == 0) {
    counters_.show(transport, Signal::kTraces);
    exchange.reply({});
    return;
  }
  pipeline::Payload payload = payload_of(std::move(*admitted));
  payload.metadata = std::move(request.metadata);
  counters_.submit(std::move(payload), is_grpc ? options_.grpc_policy : options_.http_policy,
                   request.deadline, transport, std::move(exchange),
                   {.protocol = is_grpc ? "jaeger/grpc" : "jaeger/thrift",
                    .coding = request.coding,
                    .trace_parent = request.trace_parent});
}

void JaegerReceiver::on_datagram(size_t listener, const io::Datagram& datagram) {
  if (parts_.intakes[index_of(Signal::kTraces)] == nullptr) return;
  const Format format = options_.formats[listener];
  const size_t transport = transport_of(format);
  if (datagram.is_cut) {
    counters_.refuse(transport, Signal::kTraces, "too_large",
                     "a packet is longer than max_packet_size, " +
                         std::to_string(datagram.bytes.size()) + " bytes",
                     datagram.peer);
    return;
  }
  // The longest packet takes less than a slice of a turn.
  Pace pace;
  Result<Admitted> admitted = admit(format, datagram.bytes, {*parts_.pool, pace});
  if (!admitted) {
    counters_.refuse(transport, Signal::kTraces, reason_of(admitted.error()),
                     admitted.error().message, datagram.peer);
    return;
  }
  if (admitted->item_count == 0) return counters_.show(transport, Signal::kTraces);
  counters_.submit_fetched(payload_of(std::move(*admitted)), pipeline::Policy::kAccepted, kNever,
                           transport, datagram.peer);
}

void JaegerReceiver::on_rejected(transport::Protocol protocol, std::optional<Signal> signal,
                                 std::string_view reason, std::string_view detail,
                                 std::string_view peer) {
  const bool is_grpc = protocol == transport::Protocol::kGrpc;
  counters_.on_rejected(transport_of(is_grpc ? Format::kProtobuf : Format::kThrift), signal, reason,
                        detail, peer);
}

}  // namespace millrace::receivers::jaeger
