#include "transport/server/request_admission.h"

#include <utility>

#include "transport/server/body_hand_over.h"
#include "transport/server/http_replies.h"
#include "transport/server/refusal_replies.h"
#include "wire/utf8.h"

namespace millrace::transport {

using http::KnownField;

namespace {

// The request's fields for processors and exporters, without pseudo-header fields and without
// `secret_field` (a lower-case name; empty: none). Null: the budget has no room for it.
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

}  // namespace

RequestRefusal no_memory_refusal(const ServerOptions& options) {
  return {no_memory_reply(options.retry_after_overload), "memory"};
}

void RequestAdmission::start(RequestPlan plan, const http::HeaderList& head) {
  plan_ = std::move(plan);
  pass_ = {};
  metadata_ = nullptr;
  origin_ = host_.context().options.cors.allowed_origins.empty()
                ? std::string()
                : std::string(head.find(KnownField::kOrigin));
  wire_bytes_ = 0;
  is_head_method_ = head.find(KnownField::kMethod) == "HEAD";
  is_charged_ = false;
  if (plan_.kind == RequestPlan::Kind::kRefused) {
    note_rejected(plan_.refusal->reason, plan_.refusal->message);
  }
}

std::optional<HttpReply> RequestAdmission::reply_without_body(const http::HeaderList& head) {
  switch (plan_.kind) {
    case RequestPlan::Kind::kPage:
      host_.take_smaller_pieces();
      host_.note_whole_request();
      return answer_page(head, *plan_.page);
    case RequestPlan::Kind::kPreflight:
      return answer_preflight(head, host_.context().options.cors);
    case RequestPlan::Kind::kRefused:
      if (is_grpc_mistake()) return std::nullopt;
      return answer_refusal(plan_);
    case RequestPlan::Kind::kOtlp:
      break;
  }
  return std::nullopt;
}

std::optional<RequestRefusal> RequestAdmission::admit(const http::HeaderList& head) {
  if (auto refusal = ask_gates(head)) return refusal;
  ServerContext& context = host_.context();
  if (!context.options.include_metadata) return std::nullopt;
  metadata_ = make_metadata(context.pool.budget(), head, host_.peer(), pass_.secret_field);
  if (metadata_ == nullptr) return no_memory_refusal(context.options);
  return std::nullopt;
}

std::optional<RequestRefusal> RequestAdmission::ask_gates(const http::HeaderList& head) {
  ServerContext& context = host_.context();
  if (context.options.gates.empty()) return std::nullopt;
  const RequestHead asked{.fields = head,
                          .signal = *plan_.signal,
                          .peer = host_.peer(),
                          .tls = host_.tls(),
                          .now = context.loop.now()};
  for (const auto& gate : context.options.gates) {
    if (auto refusal = gate->on_head(asked, pass_)) {
      return RequestRefusal{std::move(*refusal->reply), refusal->reason};
    }
  }
  return std::nullopt;
}

size_t RequestAdmission::body_bytes_max() const {
  return host_.context().options.body_bytes_max(plan_.protocol);
}

std::optional<RequestRefusal> RequestAdmission::begin_body(std::optional<uint64_t> length,
                                                           const uint8_t* at) {
  if (!length) return refusal_of(host_.landing().begin_unsized(message_));
  if (*length > body_bytes_max()) {
    return RequestRefusal{too_large_reply(*length, body_bytes_max()), "too_large"};
  }
  charge_bytes(*length);
  return refusal_of(host_.landing().begin(message_, *length, at));
}

std::optional<RequestRefusal> RequestAdmission::append_body(std::span<uint8_t> bytes) {
  const size_t size = message_.size() + bytes.size();
  if (size > body_bytes_max()) {
    return RequestRefusal{too_large_reply(size, body_bytes_max()), "too_large"};
  }
  return refusal_of(host_.landing().append(message_, bytes.data(), bytes.size()));
}

std::optional<RequestRefusal> RequestAdmission::hand_over(MonotonicTime deadline,
                                                          Exchange::Impl* impl) {
  if (!is_charged_) charge_bytes(wire_bytes_);
  ReceivedBody body{host_.landing().finish(message_), wire_bytes_, std::move(metadata_), deadline,
                    std::move(pass_)};
  ConnectionHost& host = host_;
  auto refusal = hand_over_body(host, plan_, std::move(body), impl);
  if (!refusal) host.note_whole_request();
  return refusal;
}

void RequestAdmission::charge_bytes(uint64_t bytes) {
  is_charged_ = true;
  if (pass_.meter != nullptr) pass_.meter->charge_bytes(pass_, bytes, host_.context().loop.now());
}

std::optional<RequestRefusal> RequestAdmission::refusal_of(LandingOutcome outcome) const {
  if (outcome == LandingOutcome::kLanded) return std::nullopt;
  RequestRefusal refusal = no_memory_refusal(host_.context().options);
  if (outcome == LandingOutcome::kTooMuchAnnounced) {
    refusal.reply.message = "too many unfinished bytes on this connection, try again later";
    refusal.reason = "announced_bytes";
  }
  return refusal;
}

void RequestAdmission::note_rejected(std::string_view reason, std::string_view detail) const {
  host_.context().observer.on_rejected(plan_.protocol, plan_.signal, reason, detail, host_.peer());
}

HttpReply RequestAdmission::http_reply(const Reply& reply) const {
  return answer_reply(reply, plan_);
}

HttpReply RequestAdmission::http_timeout_reply(std::string_view message) const {
  Reply reply;
  reply.code = Code::kDeadlineExceeded;
  reply.message = message;
  HttpReply made = http_reply(reply);
  made.status = 408;
  return made;
}

void RequestAdmission::add_common_fields(HttpReply& reply) const {
  transport::add_common_fields(reply, host_.context().options, origin_);
}

}  // namespace millrace::transport
