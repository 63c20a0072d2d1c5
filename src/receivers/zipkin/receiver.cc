#include "receivers/zipkin/receiver.h"

#include <utility>

#include "otlp/admit.h"
#include "receivers/zipkin/translate.h"

namespace millrace::receivers::zipkin {
namespace {

constexpr Duration kRetryAfterOverload = 1s;

// otelcol's names, in the order of the counters' transports.
constexpr std::string_view kJsonTransport = "http_v2_json";
constexpr std::string_view kProtobufTransport = "http_v2_proto";

transport::Reply reply_to(const Error& error, std::string_view* reason) {
  transport::Reply reply;
  reply.code = error.code;
  reply.message = error.message;
  switch (error.code) {
    case Code::kUnavailable:
      reply.retry_after = kRetryAfterOverload;
      *reason = "memory";
      break;
    case Code::kResourceExhausted:
      reply.too_large = true;
      *reason = "too_large";
      break;
    default:
      *reason = "bad_data";
  }
  return reply;
}

}  // namespace

ZipkinReceiver::ZipkinReceiver(reception::ReceiverParts parts, Options options)
    : parts_(std::move(parts)),
      options_(options),
      counters_(parts_, {std::string(kJsonTransport), std::string(kProtobufTransport)}) {}

void ZipkinReceiver::on_request(transport::Request request, transport::Exchange exchange) {
  const bool is_json = request.format == transport::BodyFormat::kJson;
  const size_t transport = is_json ? 0 : 1;
  Work work = parts_.long_work->work();
  Result<Bytes> translated = translate(is_json ? Format::kJson : Format::kProtobuf, request.body,
                                       options_.parse_string_tags, work, parts_.message_bytes_max);
  Result<uint32_t> item_count = 0;
  if (translated) {
    request.body = Bytes();  // nothing refers to it any more
    const auto admitted = otlp::admit(Signal::kTraces, translated->view(),
                                      {.pace = work.pace.may_suspend() ? &work.pace : nullptr});
    item_count = admitted ? Result<uint32_t>(admitted->item_count)
                          : Result<uint32_t>(fail(admitted.error().to_error()));
  } else {
    item_count = fail(translated.error());
  }
  if (!item_count) {
    std::string_view reason;
    const transport::Reply refusal = reply_to(item_count.error(), &reason);
    counters_.refuse(transport, Signal::kTraces, reason, refusal.message);
    exchange.reply(refusal);
    return;
  }
  if (request.pass.meter != nullptr) {
    request.pass.meter->charge_items(request.pass, *item_count, parts_.loop->now());
  }
  if (*item_count == 0) {
    counters_.show(transport, Signal::kTraces);
    exchange.reply({});
    return;
  }
  counters_.submit(
      {.signal = Signal::kTraces,
       .item_count = *item_count,
       .bytes = Rope(std::move(*translated)),
       .metadata = std::move(request.metadata),
       .completion = nullptr,
       .admitted_at = parts_.loop->now()},
      options_.policy, request.deadline, transport, std::move(exchange),
      {.protocol = "zipkin", .coding = request.coding, .trace_parent = request.trace_parent});
}

void ZipkinReceiver::on_rejected(transport::Protocol, std::optional<Signal> signal,
                                 std::string_view reason, std::string_view detail,
                                 std::string_view peer) {
  // Of a request that was not read the format is not known; JSON is what nearly all send.
  counters_.on_rejected(0, signal, reason, detail, peer);
}

}  // namespace millrace::receivers::zipkin
