// A request between its head and its handler, the same for HTTP/1.1 and HTTP/2: what it asks for,
// whether it may come in (gates), its metadata, its body within the limits, and the hand-over. A
// protocol gives it the head, the bytes of the body and the end, and sends what it answers.
//
// Belongs to the server's loop. It must not be used once its connection is gone.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "http/header_list.h"
#include "transport/server/message_landing.h"
#include "transport/server/reply_mapping.h"
#include "transport/server/request_routing.h"
#include "transport/server/server_context.h"

namespace millrace::transport {

// Why a request does not come in.
struct RequestRefusal {
  Reply reply;
  std::string_view reason;  // for the counter: static, snake_case
};
RequestRefusal refusal_with(Code code, std::string_view reason, std::string message);

// What a protocol hears of a gate that decided later, while the body was still coming. Not called
// from inside a call of RequestAdmission.
class AdmissionEvents {
 public:
  virtual void on_late_admission() = 0;
  // Not yet counted.
  virtual void on_late_refusal(const RequestRefusal& refusal) = 0;

 protected:
  ~AdmissionEvents() = default;
};

class RequestAdmission final : private LateDecision {
 public:
  RequestAdmission(ConnectionHost& host, AdmissionEvents& events);
  ~RequestAdmission();
  RequestAdmission(const RequestAdmission&) = delete;
  RequestAdmission& operator=(const RequestAdmission&) = delete;

  // Begins a request, and forgets the one before it. `head` is needed during the call only.
  void start(RequestPlan plan, const http::HeaderList& head);
  const RequestPlan& plan() const { return plan_; }
  bool is_head_method() const { return is_head_method_; }

  // The reply to a request that needs no body: a page, a preflight, or a mistake of HTTP. Nothing:
  // an OTLP request, a page behind gates or with a body, or a mistake of gRPC (is_grpc_mistake()),
  // whose answer has another form.
  std::optional<HttpReply> reply_without_body(const http::HeaderList& head);
  // The request is admitted before it is answered: an OTLP request, or a page behind gates or with
  // a body.
  bool needs_admission() const {
    return plan_.kind == RequestPlan::Kind::kOtlp || page_request_ != nullptr;
  }
  // The plan's refusal is then the answer; it has been counted.
  bool is_grpc_mistake() const {
    return plan_.kind == RequestPlan::Kind::kRefused && plan_.protocol == Protocol::kGrpc;
  }

  // Each of the following returns the refusal, or nothing. A refusal is not yet counted (refuse()).

  // Asks the gates and collects the metadata.
  std::optional<RequestRefusal> admit(const http::HeaderList& head);
  // A gate has yet to decide; the events tell.
  bool is_undecided() const { return undecided_ != nullptr; }
  // The body begins: `length` bytes, or an unknown number. `at`: where its first byte was read;
  // null: not known.
  std::optional<RequestRefusal> begin_body(std::optional<uint64_t> length,
                                           const uint8_t* at = nullptr);
  std::optional<RequestRefusal> append_body(std::span<uint8_t> bytes);
  // The body is whole: undoes its compression and hands it to the handler, at once or, a large or
  // compressed one, perhaps in a later turn. `impl` answers; after a refusal it stays the caller's.
  // Without a refusal this object may be gone. While a gate has yet to decide, the body is held
  // back; a refusal is then answered by `impl`.
  std::optional<RequestRefusal> hand_over(MonotonicTime deadline, Exchange::Impl* impl);
  // The whole body waits for a gate, and nothing has been handed on.
  bool is_held_back() const;

  // Bytes of the request behind its head, as received, whatever becomes of them.
  void count_wire_bytes(size_t bytes) { wire_bytes_ += bytes; }
  size_t wire_bytes() const { return wire_bytes_; }
  size_t body_size() const { return message_.size(); }
  size_t body_expected() const { return message_.expected(); }
  // The message was sent as it is, whatever the head says (gRPC's flag).
  void note_uncompressed() { plan_.coding = compress::Coding::kIdentity; }
  // Drops the part of the body that has arrived, and the decision of a gate: `impl` of a request
  // that is held back is the caller's again.
  void drop_body();

  void note_rejected(std::string_view reason, std::string_view detail) const;
  HttpReply http_reply(const Reply& reply) const;
  // The body made no progress: 408.
  HttpReply http_timeout_reply(std::string_view message) const;
  // The fields that every HTTP answer of this server carries.
  void add_common_fields(HttpReply& reply) const;

 private:
  struct Undecided;
  struct Waiting;

  std::function<void(GateDecision)> decide_later() override;
  void on_decided(GateDecision decision);
  // Asks the gates from that one on, until one refuses or decides later.
  std::optional<RequestRefusal> ask_gates(const http::HeaderList& head, size_t first);
  std::optional<RequestRefusal> keep_head(const http::HeaderList& head, size_t next_gate);
  std::optional<RequestRefusal> note_late_identity();
  std::optional<RequestRefusal> give_body(MonotonicTime deadline, Exchange::Impl* impl);
  void give_page(Exchange::Impl* impl);
  // Reserves memory for the body of an undecided request. False: the share is used up.
  bool reserve_unproven(size_t bytes);
  void charge_bytes(uint64_t bytes);
  std::optional<RequestRefusal> refusal_of(LandingOutcome outcome) const;
  size_t body_bytes_max() const;

  ConnectionHost& host_;
  AdmissionEvents& events_;
  std::unique_ptr<Undecided> undecided_;  // null: every gate has decided
  RequestPlan plan_;
  std::unique_ptr<PageRequest> page_request_;  // of a page that waits; null: another request
  LandingMessage message_;
  RequestPass pass_;
  MetadataRef metadata_;
  std::string origin_;
  size_t wire_bytes_ = 0;
  bool is_head_method_ = false;
  bool is_charged_ = false;  // the meter knows the number of bytes
};

RequestRefusal no_memory_refusal(const ServerOptions& options);

}  // namespace millrace::transport
