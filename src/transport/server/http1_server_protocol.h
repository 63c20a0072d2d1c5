// OTLP over one HTTP/1.1 connection: one request after the other; what a peer pipelines waits until
// the request before it is answered. Belongs to the server's loop.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "http/http1_request_parser.h"
#include "transport/server/reply_mapping.h"
#include "transport/server/request_admission.h"
#include "transport/server/server_context.h"

namespace millrace::transport {

class Http1ServerProtocol final : public ConnectionProtocol,
                                  private http::Http1RequestEvents,
                                  private AdmissionEvents {
 public:
  explicit Http1ServerProtocol(ConnectionHost& host);
  ~Http1ServerProtocol() override;

  size_t receive(std::span<uint8_t> bytes, size_t requests_max) override;
  void receive_end() override;
  void write_to(std::string& out, size_t out_bytes_max) override;
  bool must_flush() const override;
  bool should_flush() const override { return must_flush(); }
  bool finished() const override;
  bool lingers() const override { return !ended_ && stage_ != Stage::kIdle; }
  size_t linger_bytes_max() const override;
  bool wants_read() const override { return !closing_ && !must_wait(); }
  bool wants_unconsumed() const override { return wants_read() && held_back_; }
  MonotonicTime on_time(MonotonicTime now) override;
  void begin_drain() override;
  MonotonicTime idle_since() const override {
    return stage_ == Stage::kIdle && stream_ == nullptr ? stage_since_ : kNever;
  }

 private:
  // The right to answer the request under way; outlives the connection.
  class Pending;
  enum class Stage : uint8_t {
    kIdle,           // between requests
    kHead,           // a header section has begun
    kBody,           // of interest
    kDiscarding,     // already answered; the rest of the body is read and dropped
    kAwaitingReply,  // the handler has it
  };

  // For the answer, or because the client does not read answers: output is bounded.
  bool must_wait() const;
  void on_head(const http::Http1Head& head, const http::HeaderList& fields) override;
  void on_body(std::span<uint8_t> bytes) override;
  void on_end() override;
  void on_late_admission() override { permit_body(); }
  void on_late_refusal(const RequestRefusal& refusal) override { refuse(refusal); }

  void start_body();
  // Tells a peer that waits for leave to send the body.
  void permit_body();
  void refuse(const RequestRefusal& refusal);
  void refuse_malformed(http::Http1Error error);
  void answer(const Reply& reply);
  // Answers the request under way, whose body may still be coming.
  void answer_http(HttpReply answer);
  // The rest of a page, which is written before anything else is looked at.
  [[nodiscard]] bool reserve_stream();
  void ask_stream();
  void on_piece(PageStream::Piece piece);
  void append_piece(std::string_view bytes);
  // Reserves what `out_` has become beyond `size_before`; an answer that finds no memory is
  // replaced by one of a few words, and is the last.
  void reserve_answer(size_t size_before);
  void refuse_answer(size_t size_before);
  size_t out_waiting() const { return out_.size() - out_taken_; }
  MonotonicTime stage_deadline() const;
  void enter(Stage stage);

  ConnectionHost& host_;
  const ServerOptions& options_;
  http::Http1RequestParser parser_;
  http::Http1Head head_;
  RequestAdmission request_;  // the one under way
  Pending* pending_ = nullptr;
  Stage stage_ = Stage::kIdle;
  MonotonicTime stage_since_;  // or the last progress of a body
  MonotonicTime age_at_;
  bool answered_ = false;
  bool closing_ = false;           // close when everything is written
  bool last_ = false;              // the answer under way is the last of this connection
  bool held_back_ = false;         // bytes were left because of must_wait()
  bool parser_reset_due_ = false;  // the request is over; not from inside the parser's events
  bool ended_ = false;             // the peer will send nothing more
  std::string out_;
  size_t out_taken_ = 0;                // of out_, by write_to()
  Reservation answer_memory_;           // of out_, when it is long
  std::unique_ptr<PageStream> stream_;  // the rest of the answer under way; null: none
  bool is_asked_ = false;               // for its next piece
};

}  // namespace millrace::transport
