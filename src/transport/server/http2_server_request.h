// One request on an HTTP/2 connection: its body, in gRPC's framing or without, and its answer.
//
// It is also the Exchange that the handler holds, so it lives until its stream is closed and the
// handler has answered, whichever comes last. Belongs to the server's loop.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "http/http2_server_session.h"
#include "memory/budget.h"
#include "transport/server/grpc_request_body.h"
#include "transport/server/reply_mapping.h"
#include "transport/server/request_admission.h"

namespace millrace::transport {

class Http2ServerProtocol;

class Http2ServerRequest final : public http::Http2Stream,
                                 public Exchange::Impl,
                                 private AdmissionEvents {
 public:
  explicit Http2ServerRequest(Http2ServerProtocol& connection);

  enum class Memory : uint8_t { kReserved, kNone };
  // The head is valid only during this call. Without memory an OTLP request is refused.
  void start(RequestPlan plan, const http::HeaderList& head, Memory memory);
  void receive(std::span<uint8_t> data);
  void receive_end();
  // The stream is closed, or the connection is gone. May delete this.
  void detach();
  // The peer's window has let nothing of the answer through since then; kNever: nothing waits.
  MonotonicTime answer_stalled_since(MonotonicTime now);
  // It has had its time: the stream is reset.
  void give_up_answer();
  // The body made no progress for too long.
  void time_out();
  // The sender's deadline (grpc-timeout) has passed: answers so, whatever becomes of the data.
  void pass_deadline();

  bool body_open() const { return body_open_; }
  MonotonicTime progress_at() const { return progress_at_; }
  // kNever once the request is answered.
  MonotonicTime deadline() const {
    return body_open_ || (exchange_out_ && !deadline_passed_) ? deadline_ : kNever;
  }

  // Asks for the next piece of a page when the peer has taken the one before.
  void ask_page();

  void reply(const Reply& reply) override;
  void abandon() override;
  void reply_page(PageReply page) override;
  std::string_view peer() const override;

  Http2ServerRequest* next = nullptr;  // for the connection's list
  Http2ServerRequest** link = nullptr;

 private:
  ~Http2ServerRequest() = default;
  void hand_over();
  void on_late_admission() override {}
  void on_late_refusal(const RequestRefusal& refusal) override { refuse(refusal); }
  void refuse(const RequestRefusal& refusal);
  void answer(const Reply& reply);
  void answer_http(HttpReply answer);
  bool is_grpc() const;
  void answer_grpc_mistake(const RoutingRefusal& mistake);
  void answer_grpc_trailers_only(int http_status, const GrpcReply& answer);
  void close_body();
  void open_body();
  void end_body();
  // An answer may wait for the peer for long; a long one is reserved until its stream is closed.
  // False: no memory for it.
  bool reserve_answer(size_t bytes);
  void watch_answer();
  void send(http::Http2Response response);
  void send_deferred();
  void respond(http::Http2Response response);
  void begin_page(std::unique_ptr<PageStream> page);
  void on_page_piece(PageStream::Piece piece);
  void end_page();

  Http2ServerProtocol* connection_;  // null once detached
  RequestAdmission admission_;
  // The answer to what needs no body (pages, mistakes). It waits for the end of the request, so
  // that breaches of HTTP/2 in the rest are still noticed, but not for much of it.
  std::unique_ptr<http::Http2Response> deferred_;
  GrpcRequestBody grpc_body_;
  bool body_open_ = false;        // bytes of the body are still of interest
  bool exchange_out_ = false;     // a handler owes an answer
  bool deadline_passed_ = false;  // and answered so; the handler's answer comes too late
  bool has_memory_ = true;        // of the budget, for being open
  MonotonicTime progress_at_{};
  MonotonicTime deadline_ = kNever;
  Reservation answer_memory_;
  Reservation own_memory_;            // once the connection, which had reserved it, is gone
  std::unique_ptr<PageStream> page_;  // the rest of the answer; null: none
  bool is_page_asked_ = false;        // for its next piece
  size_t answer_sent_ = 0;            // of the body, when it was last looked at
  MonotonicTime answer_progress_at_ = kNever;
};

}  // namespace millrace::transport
