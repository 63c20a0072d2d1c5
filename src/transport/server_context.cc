#include "transport/server_context.h"

#include <utility>

#include "wire/utf8.h"

namespace millrace::transport {

std::optional<BodyRefusal> ask_gates(ConnectionHost& host, const http::HeaderList& head,
                                     Signal signal, RequestPass& pass) {
  ServerContext& context = host.context();
  if (context.options.gates.empty()) return std::nullopt;
  const RequestHead asked{.fields = head,
                          .signal = signal,
                          .peer = host.peer(),
                          .tls = host.tls(),
                          .now = context.loop.now()};
  for (const auto& gate : context.options.gates) {
    if (auto refusal = gate->on_head(asked, pass)) {
      return BodyRefusal{std::move(*refusal->reply), refusal->reason};
    }
  }
  return std::nullopt;
}

MetadataRef make_metadata(Budget& budget, const http::HeaderList& head, const std::string& peer,
                          std::string_view secret_field) {
  struct Reserved {
    Metadata metadata;
    Reservation memory;
  };
  auto made = std::make_shared<Reserved>();
  Metadata& metadata = made->metadata;
  metadata.client_address = wire::to_utf8(peer);
  for (size_t i = 0; i < head.count(); ++i) {
    const auto [name, value] = head.at(i);
    if (name.starts_with(':') || name == secret_field) continue;
    // A header may hold any byte; what travels with the request may become a string of a message.
    metadata.entries.push_back({wire::to_utf8(name), wire::to_utf8(value)});
  }
  // The header list that it is a copy of has its own bound.
  made->memory =
      Reservation::try_make(budget, MemoryTerm::kMessages, made->metadata.memory_bytes());
  if (!made->memory) return nullptr;
  return {made, &made->metadata};
}

Reply too_large_reply(size_t size, size_t size_max) {
  Reply reply;
  reply.code = Code::kResourceExhausted;
  reply.message = "the message is too large: " + std::to_string(size) + " bytes, allowed are " +
                  std::to_string(size_max);
  reply.too_large = true;
  return reply;
}

Reply no_memory_reply(const ServerOptions& options) {
  Reply reply;
  reply.code = Code::kUnavailable;
  reply.message = "over the memory budget, try again later";
  reply.retry_after = options.retry_after_overload;
  return reply;
}

std::optional<BodyRefusal> hand_over(ServerContext& context, const RequestPlan& plan,
                                     ReceivedBody body, Exchange::Impl* impl) {
  if (plan.coding != compress::Coding::kIdentity) {
    const size_t size_max = plan.protocol == Protocol::kGrpc
                                ? context.options.grpc_message_bytes_max
                                : context.options.http_body_bytes_max;
    Result<Bytes> plain =
        context.decompressor.decompress(plan.coding, body.bytes.view(), context.pool, size_max);
    if (!plain) {
      switch (plain.error().code) {
        case Code::kUnavailable:
          return BodyRefusal{no_memory_reply(context.options), "memory"};
        case Code::kResourceExhausted: {
          Reply reply = too_large_reply(size_max + 1, size_max);
          reply.message = "the message is too large: more than the allowed " +
                          std::to_string(size_max) + " bytes after decompression";
          return BodyRefusal{std::move(reply), "too_large"};
        }
        default: {
          Reply reply;
          reply.code = Code::kInvalidArgument;
          reply.message = "the body cannot be decompressed: " + plain.error().message;
          return BodyRefusal{std::move(reply), "bad_compression"};
        }
      }
    }
    body.bytes = std::move(*plain);
  }
  Request request;
  request.protocol = plan.protocol;
  request.format = plan.format;
  request.signal = *plan.signal;
  request.body = std::move(body.bytes);
  request.wire_bytes = body.wire_bytes;
  request.metadata = std::move(body.metadata);
  request.deadline = body.deadline;
  request.pass = std::move(body.pass);
  plan.handler->on_request(std::move(request), Exchange(impl));
  return std::nullopt;
}

}  // namespace millrace::transport
