#include "transport/server/request_admission.h"

#include <algorithm>
#include <utility>

#include "base/identity_attribute.h"
#include "transport/server/body_hand_over.h"
#include "transport/server/http_replies.h"
#include "transport/server/refusal_replies.h"
#include "wire/utf8.h"

namespace millrace::transport {

using http::KnownField;

namespace {

void add_identity(const Identity* identity, Metadata& metadata) {
  if (identity == nullptr || identity->username.empty()) return;
  metadata.entries.push_back(
      {identity_entry_name(kIdentityAttributes[0]), wire::to_utf8(identity->username)});
}

// Null: the budget has no room for it.
MetadataRef share(Budget& budget, Metadata metadata) {
  struct Reserved {
    Metadata metadata;
    Reservation memory;
  };
  auto made = std::make_shared<Reserved>();
  made->metadata = std::move(metadata);
  // The header list that it is a copy of has its own bound.
  made->memory =
      Reservation::try_make(budget, MemoryTerm::kMessages, made->metadata.memory_bytes());
  if (!made->memory) return nullptr;
  return {made, &made->metadata};
}

// The request's fields for processors and exporters, without pseudo-header fields and without
// the field that proved the sender's identity. Null: the budget has no room for it.
MetadataRef make_metadata(Budget& budget, const http::HeaderList& head, const std::string& peer,
                          const RequestPass& pass) {
  Metadata metadata;
  metadata.client_address = wire::to_utf8(peer);
  for (size_t i = 0; i < head.count(); ++i) {
    const auto [name, value] = head.at(i);
    if (name.starts_with(':') || name == pass.secret_field) continue;
    // A header may hold any byte; what travels with the request may become a string of a message.
    metadata.entries.push_back({wire::to_utf8(name), wire::to_utf8(value)});
  }
  add_identity(pass.identity.get(), metadata);
  return share(budget, std::move(metadata));
}

// On each loop, bodies of undecided requests may take this part of the budget.
constexpr size_t kUnprovenShare = 32;

}  // namespace

// Shared with the thread that decides, which only passes it on; used on the loop.
struct RequestAdmission::Waiting {
  RequestAdmission* admission;  // null: the request needs no decision any more
};

// What a request keeps while a gate has yet to decide.
struct RequestAdmission::Undecided {
  explicit Undecided(RequestAdmission& admission)
      : context(admission.host_.context()), waiting(std::make_shared<Waiting>(&admission)) {}
  ~Undecided() {
    waiting->admission = nullptr;
    context.unproven_body_bytes -= body_bytes;
  }
  Undecided(const Undecided&) = delete;
  Undecided& operator=(const Undecided&) = delete;

  ServerContext& context;
  const std::shared_ptr<Waiting> waiting;
  size_t next_gate = 0;
  http::HeaderList head;  // for the gates that were not asked; empty when there are none
  Reservation head_memory;
  size_t body_bytes = 0;           // of context.unproven_body_bytes
  Exchange::Impl* impl = nullptr;  // the body is whole, and this answers
  MonotonicTime deadline = kNever;
};

RequestRefusal refusal_with(Code code, std::string_view reason, std::string message) {
  RequestRefusal refusal{{}, reason};
  refusal.reply.code = code;
  refusal.reply.message = std::move(message);
  return refusal;
}

RequestAdmission::RequestAdmission(ConnectionHost& host, AdmissionEvents& events)
    : host_(host), events_(events) {}
RequestAdmission::~RequestAdmission() = default;

RequestRefusal no_memory_refusal(const ServerOptions& options) {
  return {no_memory_reply(options.retry_after_overload), "memory"};
}

void RequestAdmission::start(RequestPlan plan, const http::HeaderList& head) {
  undecided_ = nullptr;
  plan_ = std::move(plan);
  page_request_ = nullptr;
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
      if (plan_.page->body_bytes_max != 0 ||
          (plan_.page->gated_as && !host_.context().options.gates.empty())) {
        page_request_ = std::make_unique<PageRequest>(page_request_of(head, *plan_.page));
        return std::nullopt;
      }
      host_.note_whole_request();
      return answer_page(plan_.page->handler(page_request_of(head, *plan_.page)));
    case RequestPlan::Kind::kPreflight:
      return answer_preflight(head, host_.context().options.cors,
                              plan_.page == nullptr ? "POST" : "GET");
    case RequestPlan::Kind::kRefused:
      if (is_grpc_mistake()) return std::nullopt;
      return answer_refusal(plan_);
    case RequestPlan::Kind::kOtlp:
      break;
  }
  return std::nullopt;
}

std::optional<RequestRefusal> RequestAdmission::admit(const http::HeaderList& head) {
  ServerContext& context = host_.context();
  if (!context.options.gates.empty() && plan_.signal) {
    if (auto refusal = ask_gates(head, 0)) return refusal;
  }
  if (context.options.propagators.any()) {
    plan_.trace_parent = http::read_trace_context(head, context.options.propagators);
  }
  if (!context.options.include_metadata) return std::nullopt;
  metadata_ = make_metadata(context.pool.budget(), head, host_.peer(), pass_);
  if (metadata_ == nullptr) return no_memory_refusal(context.options);
  return std::nullopt;
}

std::optional<RequestRefusal> RequestAdmission::ask_gates(const http::HeaderList& head,
                                                          size_t first) {
  ServerContext& context = host_.context();
  const RequestHead asked{.fields = head,
                          .signal = *plan_.signal,
                          .peer = host_.peer(),
                          .tls = host_.tls(),
                          .now = context.loop.now(),
                          .late = this};
  const auto& gates = context.options.gates;
  for (size_t i = first; i < gates.size(); ++i) {
    if (auto refusal = gates[i]->on_head(asked, pass_)) {
      return RequestRefusal{std::move(*refusal->reply), refusal->reason};
    }
    if (undecided_ != nullptr) return keep_head(head, i + 1);
  }
  return std::nullopt;
}

std::function<void(GateDecision)> RequestAdmission::decide_later() {
  undecided_ = std::make_unique<Undecided>(*this);
  return [&loop = host_.context().loop, waiting = undecided_->waiting](GateDecision decision) {
    loop.post([waiting, decision = std::move(decision)]() mutable {
      if (waiting->admission != nullptr) waiting->admission->on_decided(std::move(decision));
    });
  };
}

std::optional<RequestRefusal> RequestAdmission::keep_head(const http::HeaderList& head,
                                                          size_t next_gate) {
  ServerContext& context = host_.context();
  undecided_->next_gate = next_gate;
  if (next_gate == context.options.gates.size()) return std::nullopt;
  undecided_->head_memory =
      Reservation::try_make(context.pool.budget(), MemoryTerm::kMessages, head.memory_bytes());
  if (!undecided_->head_memory) return no_memory_refusal(context.options);
  undecided_->head = head;
  return std::nullopt;
}

void RequestAdmission::on_decided(GateDecision decision) {
  const std::unique_ptr<Undecided> decided = std::move(undecided_);
  std::optional<RequestRefusal> refusal;
  if (decision.refusal) {
    refusal = {std::move(*decision.refusal->reply), decision.refusal->reason};
  } else {
    pass_.identity = std::move(decision.identity);
    refusal = ask_gates(decided->head, decided->next_gate);
    if (!refusal && undecided_ == nullptr) refusal = note_late_identity();
  }
  if (decided->impl == nullptr) {
    if (refusal) {
      events_.on_late_refusal(*refusal);
    } else if (undecided_ == nullptr) {
      events_.on_late_admission();
    }
    return;
  }
  if (!refusal && undecided_ != nullptr) {
    refusal = hand_over(decided->deadline, decided->impl);
  } else if (!refusal) {
    refusal = give_body(decided->deadline, decided->impl);
  }
  if (!refusal) return;  // this may be gone
  drop_body();
  note_rejected(refusal->reason, refusal->reply.message);
  decided->impl->reply(refusal->reply);
}

// The metadata was made before the identity was known.
std::optional<RequestRefusal> RequestAdmission::note_late_identity() {
  if (metadata_ == nullptr || pass_.identity == nullptr) return std::nullopt;
  ServerContext& context = host_.context();
  Metadata known = *metadata_;
  add_identity(pass_.identity.get(), known);
  metadata_ = share(context.pool.budget(), std::move(known));
  if (metadata_ == nullptr) return no_memory_refusal(context.options);
  return std::nullopt;
}

size_t RequestAdmission::body_bytes_max() const {
  const size_t most = host_.context().options.body_bytes_max(plan_.protocol);
  const bool has_own_limit = page_request_ != nullptr && plan_.page->body_bytes_max != 0;
  return has_own_limit ? std::min(most, plan_.page->body_bytes_max) : most;
}

std::optional<RequestRefusal> RequestAdmission::begin_body(std::optional<uint64_t> length,
                                                           const uint8_t* at) {
  if (!length) return refusal_of(host_.landing().begin_unsized(message_));
  if (*length > body_bytes_max()) {
    return RequestRefusal{too_large_reply(*length, body_bytes_max()), "too_large"};
  }
  if (undecided_ == nullptr) {
    charge_bytes(*length);
  } else if (!reserve_unproven(*length)) {
    return no_memory_refusal(host_.context().options);
  }
  return refusal_of(host_.landing().begin(message_, *length, at));
}

std::optional<RequestRefusal> RequestAdmission::append_body(std::span<uint8_t> bytes) {
  const size_t size = message_.size() + bytes.size();
  if (size > body_bytes_max()) {
    return RequestRefusal{too_large_reply(size, body_bytes_max()), "too_large"};
  }
  if (undecided_ != nullptr && !reserve_unproven(size)) {
    return no_memory_refusal(host_.context().options);
  }
  return refusal_of(host_.landing().append(message_, bytes.data(), bytes.size()));
}

std::optional<RequestRefusal> RequestAdmission::hand_over(MonotonicTime deadline,
                                                          Exchange::Impl* impl) {
  if (undecided_ == nullptr) return give_body(deadline, impl);
  undecided_->impl = impl;
  undecided_->deadline = deadline;
  return std::nullopt;
}

bool RequestAdmission::is_held_back() const {
  return undecided_ != nullptr && undecided_->impl != nullptr;
}

void RequestAdmission::drop_body() {
  undecided_ = nullptr;
  host_.landing().drop(message_);
}

bool RequestAdmission::reserve_unproven(size_t bytes) {
  if (bytes <= undecided_->body_bytes) return true;
  ServerContext& context = undecided_->context;
  const size_t more = bytes - undecided_->body_bytes;
  const size_t share = context.pool.budget().limit() / kUnprovenShare;
  if (context.unproven_body_bytes + more > share) return false;
  context.unproven_body_bytes += more;
  undecided_->body_bytes = bytes;
  return true;
}

std::optional<RequestRefusal> RequestAdmission::give_body(MonotonicTime deadline,
                                                          Exchange::Impl* impl) {
  if (!is_charged_) charge_bytes(wire_bytes_);
  if (page_request_ != nullptr) {
    give_page(impl);
    return std::nullopt;
  }
  ReceivedBody body{host_.landing().finish(message_), wire_bytes_, std::move(metadata_), deadline,
                    std::move(pass_)};
  ConnectionHost& host = host_;
  auto refusal = hand_over_body(host, plan_, std::move(body), impl);
  if (!refusal) host.note_whole_request();
  return refusal;
}

void RequestAdmission::give_page(Exchange::Impl* impl) {
  if (plan_.page->body_bytes_max != 0) {
    page_request_->body = host_.landing().finish(message_).text();
  } else {
    host_.landing().drop(message_);
  }
  host_.note_whole_request();
  // This may be gone when the reply has been given.
  impl->reply_page(plan_.page->handler(*page_request_));
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
