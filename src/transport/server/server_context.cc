#include "transport/server/server_context.h"

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

Reply no_memory_reply(Duration retry_after) {
  Reply reply;
  reply.code = Code::kUnavailable;
  reply.message = "over the memory budget, try again later";
  reply.retry_after = retry_after;
  return reply;
}

namespace {

// A whole body that is on its way to its handler. Owns all that it needs: the connection, and even
// the server, may go while it is suspended.
class HandingOver {
 public:
  HandingOver(ServerContext& context, const RequestPlan& plan, ReceivedBody body)
      : coding_(plan.coding),
        size_max_(plan.protocol == Protocol::kGrpc ? context.options.grpc_message_bytes_max
                                                   : context.options.http_body_bytes_max),
        handler_(plan.handler),
        retry_after_(context.options.retry_after_overload) {
    if (coding_ != compress::Coding::kIdentity) decompressors_ = context.decompressors;
    request_.protocol = plan.protocol;
    request_.format = plan.format;
    request_.signal = *plan.signal;
    request_.body = std::move(body.bytes);
    request_.wire_bytes = body.wire_bytes;
    request_.metadata = std::move(body.metadata);
    request_.deadline = body.deadline;
    request_.pass = std::move(body.pass);
  }
  const Request& request() const { return request_; }

  // Undoes the compression. The refusal, or nothing.
  std::optional<BodyRefusal> decompress(Work& work) {
    if (coding_ == compress::Coding::kIdentity) return std::nullopt;
    DecompressorShelf::Held held = decompressors_->take(work.pool.budget());
    if (held.decompressor == nullptr) return BodyRefusal{no_memory_reply(retry_after_), "memory"};
    Result<Bytes> plain =
        held.decompressor->decompress(coding_, request_.body.view(), work, size_max_);
    decompressors_->give_back(std::move(held));
    if (!plain) return refusal_of(plain.error());
    request_.body = std::move(*plain);
    return std::nullopt;
  }
  void deliver(Exchange exchange) {
    handler_->on_request(std::move(request_), std::move(exchange));
  }

 private:
  BodyRefusal refusal_of(const Error& error) const {
    switch (error.code) {
      case Code::kUnavailable:
        return BodyRefusal{no_memory_reply(retry_after_), "memory"};
      case Code::kResourceExhausted: {
        Reply reply = too_large_reply(size_max_ + 1, size_max_);
        reply.message = "the message is too large: more than the allowed " +
                        std::to_string(size_max_) + " bytes after decompression";
        return BodyRefusal{std::move(reply), "too_large"};
      }
      default: {
        Reply reply;
        reply.code = Code::kInvalidArgument;
        reply.message = "the body cannot be decompressed: " + error.message;
        return BodyRefusal{std::move(reply), "bad_compression"};
      }
    }
  }

  Request request_;
  compress::Coding coding_;
  size_t size_max_;
  RequestHandler* handler_;
  std::shared_ptr<DecompressorShelf> decompressors_;
  Duration retry_after_;
};

}  // namespace

std::optional<BodyRefusal> hand_over(ConnectionHost& host, const RequestPlan& plan,
                                     ReceivedBody body, Exchange::Impl* impl) {
  ServerContext& context = host.context();
  const bool is_compressed = plan.coding != compress::Coding::kIdentity;
  // Few compressed bytes may become many.
  const size_t weight = is_compressed ? SIZE_MAX : body.bytes.size();
  if (context.long_work == nullptr || !context.long_work->is_long(weight)) {
    HandingOver handing(context, plan, std::move(body));
    Pace pace;
    Work work{context.pool, pace};
    if (auto refusal = handing.decompress(work)) return refusal;
    handing.deliver(Exchange(impl));
    return std::nullopt;
  }
  context.long_work->run(
      weight,
      [handing = HandingOver(context, plan, std::move(body)), exchange = Exchange(impl),
       peer = host.peer(), observer = &context.observer, long_work = context.long_work]() mutable {
        Work work = long_work->work();
        if (const auto refusal = handing.decompress(work)) {
          const Request& request = handing.request();
          observer->on_rejected(request.protocol, request.signal, refusal->reason,
                                refusal->reply.message, peer);
          exchange.reply(refusal->reply);
          return;
        }
        handing.deliver(std::move(exchange));
      });
  return std::nullopt;
}

}  // namespace millrace::transport
