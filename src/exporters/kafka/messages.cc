#include "exporters/kafka/messages.h"

#include <utility>

#include "exporters/kafka/message_groups.h"
#include "exporters/kafka/raw_bodies.h"
#include "json_request/json_request.h"
#include "otlp/rope_writer.h"
#include "otlp/split.h"

namespace millrace::exporters::kafka {
namespace {

using pipeline::Outcome;

constexpr std::string_view kDoing = "making Kafka messages";

class Maker {
 public:
  Maker(Signal signal, Encoding encoding, size_t bytes_max, Work& work)
      : signal_(signal), encoding_(encoding), bytes_max_(bytes_max), work_(work) {}

  // False: a failure is noted.
  bool add(const std::optional<std::string>& key, Rope request) {
    const size_t key_bytes = key ? key->size() : 0;
    if (key_bytes >= bytes_max_) return refuse_size(key_bytes);
    const size_t room = bytes_max_ - key_bytes;
    if (encoding_ == Encoding::kRaw) return add_bodies(key, request, room);
    if (encoding_ == Encoding::kProto && request.size() <= room) return push(key, request);
    return add_parts(key, std::move(request), room, room);
  }
  MadeMessages take() {
    if (failure_) return {.messages = {}, .failure = std::move(failure_)};
    return {.messages = std::move(messages_), .failure = std::nullopt};
  }

 private:
  // Cuts into parts of `part_bytes` of protobuf; a part whose message is longer than `room` is cut
  // again, since JSON is longer than protobuf by a factor that the data decides.
  bool add_parts(const std::optional<std::string>& key, Rope request, size_t room,
                 size_t part_bytes) {
    otlp::Cutter cutter(signal_, std::move(request), &work_);
    while (auto part = cutter.next({.bytes_max = part_bytes})) {
      if (part->is_oversized && part->bytes.size() > room) return refuse_size(part->bytes.size());
      if (encoding_ == Encoding::kProto) {
        if (part->bytes.size() > room) return refuse_size(part->bytes.size());
        if (!push(key, part->bytes)) return false;
        continue;
      }
      const std::optional<Bytes> text = to_json(part->bytes);
      if (!text) return false;
      if (text->size() <= room) {
        messages_.push_back({.key = key, .value = *text});
      } else if (part->item_count < 2 || part->bytes.size() < 2) {
        return refuse_size(text->size());
      } else if (!add_parts(key, part->bytes, room, part->bytes.size() / 2)) {
        return false;
      }
    }
    return true;
  }

  bool push(const std::optional<std::string>& key, const Rope& request) {
    otlp::RopeWriter memory(work_, 0, kDoing);
    memory.let_pass_the_limit();
    std::optional<Bytes> bytes = memory.join(request);
    if (!bytes) return refuse_memory(request.size());
    messages_.push_back({.key = key, .value = *std::move(bytes)});
    return true;
  }

  std::optional<Bytes> to_json(const Rope& request) {
    const Result<Rope> text = encode_as_json(signal_, request, work_, kDoing);
    if (!text) {
      refuse(text.error());
      return std::nullopt;
    }
    otlp::RopeWriter memory(work_, 0, kDoing);
    memory.let_pass_the_limit();
    std::optional<Bytes> bytes = memory.join(*text);
    if (!bytes) refuse_memory(text->size());
    return bytes;
  }

  bool add_bodies(const std::optional<std::string>& key, const Rope& request, size_t room) {
    const Status made = for_each_body(request, work_, [&](Bytes body) -> Status {
      if (body.size() > room) {
        refuse_size(body.size());
        return fail(Code::kCancelled, "");
      }
      messages_.push_back({.key = key, .value = std::move(body)});
      return {};
    });
    if (!made && !failure_) refuse(made.error());
    return made.has_value();
  }

  bool refuse_size(size_t bytes) {
    failure_ = Outcome{.kind = Outcome::Kind::kTooLarge,
                       .error = {Code::kResourceExhausted, "a message of " + std::to_string(bytes) +
                                                               " bytes; the topic takes " +
                                                               std::to_string(bytes_max_)}};
    return false;
  }
  bool refuse_memory(size_t bytes) {
    refuse(no_memory(kDoing, bytes, work_.pool.budget()));
    return false;
  }
  void refuse(Error error) {
    const bool may_work_later = error.code == Code::kUnavailable;
    failure_ = Outcome{.kind = may_work_later ? Outcome::Kind::kRetry : Outcome::Kind::kRefused,
                       .error = std::move(error)};
  }

  const Signal signal_;
  const Encoding encoding_;
  const size_t bytes_max_;
  Work& work_;
  std::vector<Message> messages_;
  std::optional<Outcome> failure_;
};

}  // namespace

MadeMessages make_messages(const pipeline::Batch& batch, const SignalOptions& options,
                           const std::optional<std::string>& key, size_t bytes_max, Work& work) {
  Maker maker(batch.signal, options.encoding, bytes_max, work);
  if (options.key_source == KeySource::kNone) {
    maker.add(key, batch.bytes);
    return maker.take();
  }
  Result<std::vector<MessageGroup>> groups =
      group_by_key(batch.signal, batch.bytes, options.key_source, work);
  if (!groups) {
    const bool may_work_later = groups.error().code == Code::kUnavailable;
    return {
        .messages = {},
        .failure = Outcome{.kind = may_work_later ? Outcome::Kind::kRetry : Outcome::Kind::kRefused,
                           .error = groups.error()}};
  }
  for (MessageGroup& group : *groups) {
    if (!maker.add(group.key, std::move(group.request))) break;
  }
  return maker.take();
}

}  // namespace millrace::exporters::kafka
