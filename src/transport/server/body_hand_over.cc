#include "transport/server/body_hand_over.h"

#include <memory>
#include <utility>

#include "transport/server/refusal_replies.h"

namespace millrace::transport {
namespace {

// A whole body that is on its way to its handler. Owns all that it needs: the connection, and even
// the server, may go while it is suspended.
class BodyHandOver {
 public:
  BodyHandOver(ServerContext& context, const RequestPlan& plan, ReceivedBody body)
      : coding_(plan.coding),
        size_max_(context.options.body_bytes_max(plan.protocol)),
        handler_(plan.handler),
        retry_after_(context.options.retry_after_overload) {
    if (coding_ != compress::Coding::kIdentity) decompressors_ = context.decompressors;
    request_.protocol = plan.protocol;
    request_.format = plan.format;
    request_.signal = *plan.signal;
    request_.body = std::move(body.bytes);
    request_.wire_bytes = body.wire_bytes;
    request_.coding = plan.coding;
    request_.metadata = std::move(body.metadata);
    request_.deadline = body.deadline;
    request_.pass = std::move(body.pass);
    request_.trace_parent = plan.trace_parent;
  }
  const Request& request() const { return request_; }

  // Undoes the compression. The refusal, or nothing.
  std::optional<RequestRefusal> decompress(Work& work) {
    if (coding_ == compress::Coding::kIdentity) return std::nullopt;
    DecompressorShelf::Held held = decompressors_->take(work.pool.budget());
    if (held.decompressor == nullptr)
      return RequestRefusal{no_memory_reply(retry_after_), "memory"};
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
  RequestRefusal refusal_of(const Error& error) const {
    switch (error.code) {
      case Code::kUnavailable:
        return RequestRefusal{no_memory_reply(retry_after_), "memory"};
      case Code::kResourceExhausted:
        return RequestRefusal{too_large_inflated_reply(size_max_), "too_large"};
      default: {
        Reply reply;
        reply.code = Code::kInvalidArgument;
        reply.message = "the body cannot be decompressed: " + error.message;
        return RequestRefusal{std::move(reply), "bad_compression"};
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

std::optional<RequestRefusal> hand_over_body(ConnectionHost& host, const RequestPlan& plan,
                                             ReceivedBody body, Exchange::Impl* impl) {
  ServerContext& context = host.context();
  const bool is_compressed = plan.coding != compress::Coding::kIdentity;
  // Few compressed bytes may become many.
  const size_t weight = is_compressed ? SIZE_MAX : body.bytes.size();
  if (context.long_work == nullptr || !context.long_work->is_long(weight)) {
    BodyHandOver hand_over(context, plan, std::move(body));
    Pace pace;
    Work work{context.pool, pace};
    if (auto refusal = hand_over.decompress(work)) return refusal;
    hand_over.deliver(Exchange(impl));
    return std::nullopt;
  }
  context.long_work->run(
      weight,
      [hand_over = BodyHandOver(context, plan, std::move(body)), exchange = Exchange(impl),
       peer = host.peer(), observer = &context.observer, long_work = context.long_work]() mutable {
        Work work = long_work->work();
        if (const auto refusal = hand_over.decompress(work)) {
          const Request& request = hand_over.request();
          observer->on_rejected(request.protocol, request.signal, refusal->reason,
                                refusal->reply.message, peer);
          exchange.reply(refusal->reply);
          return;
        }
        hand_over.deliver(std::move(exchange));
      });
  return std::nullopt;
}

}  // namespace millrace::transport
