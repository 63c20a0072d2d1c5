#include "transport/server/http2_server_request.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

#include "transport/server/http2_server_protocol.h"
#include "transport/server/http_replies.h"
#include "transport/server/stream_memory.h"

namespace millrace::transport {

using http::KnownField;

namespace {
// How much of a body nobody wants is read before the answer.
constexpr size_t kUnwantedBytesMax = 64 * 1024;
// Answers up to this are part of what their stream has reserved.
constexpr size_t kSmallAnswerBytes = 512;
constexpr std::string_view kNoText = "(no memory for the text)";

size_t bytes_of(const std::vector<http::ResponseField>& fields) {
  size_t bytes = 0;
  for (const http::ResponseField& field : fields) bytes += field.name.size() + field.value.size();
  return bytes;
}
}  // namespace

Http2ServerRequest::Http2ServerRequest(Http2ServerProtocol& connection, RequestPlan plan)
    : connection_(&connection), plan_(std::move(plan)) {}

void Http2ServerRequest::start(const http::HeaderList& head, Memory memory) {
  ServerContext& context = connection_->host().context();
  origin_ = context.options.cors.allowed_origins.empty()
                ? std::string()
                : std::string(head.find(KnownField::kOrigin));
  head_method_ = head.find(KnownField::kMethod) == "HEAD";
  open_body();
  has_memory_ = memory == Memory::kReserved;
  progress_at_ = context.loop.now();
  if (context.options.body_timeout > Duration::zero()) {
    connection_->host().wake_by(progress_at_ + context.options.body_timeout);
  }
  switch (plan_.kind) {
    case RequestPlan::Kind::kPage:
      connection_->host().take_smaller_pieces();
      connection_->host().note_whole_request();
      return answer_http(answer_page(head, *plan_.page));
    case RequestPlan::Kind::kPreflight:
      return answer_http(answer_preflight(head, context.options.cors));
    case RequestPlan::Kind::kRefused: {
      const Refusal& refusal = *plan_.refusal;
      note_rejected(refusal.reason, refusal.message);
      if (plan_.protocol == Protocol::kHttp) return answer_http(answer_refusal(plan_));
      GrpcReply grpc;
      grpc.code = refusal.grpc_code;
      grpc.message = http::percent_encode_grpc_message(refusal.message);
      return answer_grpc_trailers_only(refusal.http_status, grpc);
    }
    case RequestPlan::Kind::kOtlp:
      break;
  }
  if (!has_memory_) return refuse(no_memory_reply(context.options), "memory");
  if (const auto refusal = ask_gates(connection_->host(), head, *plan_.signal, pass_)) {
    return refuse(refusal->reply, refusal->reason);
  }
  if (plan_.timeout) {
    deadline_ = *plan_.timeout > kNever - progress_at_ ? kNever : progress_at_ + *plan_.timeout;
    if (deadline_ != kNever) connection_->host().wake_by(deadline_);
  }
  if (context.options.include_metadata) {
    metadata_ =
        make_metadata(context.pool.budget(), head, connection_->host().peer(), pass_.secret_field);
    if (metadata_ == nullptr) return refuse(no_memory_reply(context.options), "memory");
  }
  if (plan_.protocol == Protocol::kHttp) start_http_body(head);
}

void Http2ServerRequest::start_http_body(const http::HeaderList& head) {
  const size_t size_max = connection_->host().context().options.http_body_bytes_max;
  Landing& landing = connection_->host().landing();
  const std::string_view text = head.find(KnownField::kContentLength);
  uint64_t length = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), length);
  const bool sized =
      !text.empty() && parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
  if (sized && length > size_max) return refuse(too_large_reply(length, size_max), "too_large");
  if (sized) charge_bytes(length);
  const LandingOutcome outcome =
      sized ? landing.begin(message_, length, nullptr) : landing.begin_unsized(message_);
  if (outcome != LandingOutcome::kLanded) refuse_landing(outcome);
}

void Http2ServerRequest::charge_bytes(uint64_t bytes) {
  bytes_charged_ = true;
  if (pass_.meter == nullptr) return;
  pass_.meter->charge_bytes(pass_, bytes, connection_->host().context().loop.now());
}

void Http2ServerRequest::receive(std::span<uint8_t> data) {
  if (!body_open_) return;
  progress_at_ = connection_->host().context().loop.now();
  if (deferred_) {
    wire_bytes_ += data.size();
    if (wire_bytes_ > kUnwantedBytesMax) send_deferred();
  } else if (plan_.protocol == Protocol::kGrpc) {
    receive_grpc(data);
  } else {
    receive_http(data);
  }
}

void Http2ServerRequest::receive_grpc(std::span<uint8_t> data) {
  wire_bytes_ += data.size();
  if (prefix_size_ < prefix_.size()) {
    const size_t size = std::min(prefix_.size() - prefix_size_, data.size());
    std::memcpy(prefix_.data() + prefix_size_, data.data(), size);
    prefix_size_ += static_cast<uint8_t>(size);
    data = data.subspan(size);
    if (prefix_size_ < prefix_.size()) return;
    if (!begin_grpc_message(data.data())) return;
  }
  if (data.empty()) return;
  const size_t left = message_.expected() - message_.size();
  if (data.size() > left) {
    Reply reply;
    reply.code = Code::kUnimplemented;
    reply.message = "a unary call takes one message, found more behind it";
    return refuse(reply, "second_message");
  }
  const LandingOutcome outcome =
      connection_->host().landing().append(message_, data.data(), data.size());
  if (outcome != LandingOutcome::kLanded) refuse_landing(outcome);
}

bool Http2ServerRequest::begin_grpc_message(const uint8_t* at) {
  const auto prefix = http::parse_grpc_prefix(prefix_);
  Reply reply;
  reply.code = Code::kInternal;
  if (!prefix) {
    reply.message =
        "the message's compressed flag must be 0 or 1, found " + std::to_string(prefix_[0]);
    refuse(reply, "bad_message_prefix");
    return false;
  }
  compressed_ = prefix->compression == http::GrpcCompression::kCompressed;
  if (compressed_ && plan_.coding == compress::Coding::kIdentity) {
    reply.message = "the message is marked as compressed, but the call has no grpc-encoding";
    refuse(reply, "bad_compression");
    return false;
  }
  const size_t size_max = connection_->host().context().options.grpc_message_bytes_max;
  if (prefix->length > size_max) {
    refuse(too_large_reply(prefix->length, size_max), "too_large");
    return false;
  }
  charge_bytes(prefix->length);
  const LandingOutcome outcome = connection_->host().landing().begin(message_, prefix->length, at);
  if (outcome == LandingOutcome::kLanded) return true;
  refuse_landing(outcome);
  return false;
}

void Http2ServerRequest::receive_http(std::span<uint8_t> data) {
  wire_bytes_ += data.size();
  const size_t size_max = connection_->host().context().options.http_body_bytes_max;
  if (wire_bytes_ > size_max) return refuse(too_large_reply(wire_bytes_, size_max), "too_large");
  const LandingOutcome outcome =
      connection_->host().landing().append(message_, data.data(), data.size());
  if (outcome != LandingOutcome::kLanded) refuse_landing(outcome);
}

void Http2ServerRequest::receive_end() {
  if (!body_open_) return;
  if (deferred_) return send_deferred();
  if (plan_.protocol == Protocol::kGrpc) return end_grpc();
  deliver(connection_->host().landing().finish(message_));
}

void Http2ServerRequest::end_grpc() {
  Reply reply;
  if (prefix_size_ == 0) {
    reply.code = Code::kUnimplemented;
    reply.message = "a unary call takes one message, found none";
    return refuse(reply, "no_message");
  }
  if (prefix_size_ < prefix_.size() || message_.size() < message_.expected()) {
    reply.code = Code::kInternal;
    reply.message = "the message ends after " + std::to_string(message_.size()) + " of " +
                    std::to_string(message_.expected()) + " announced bytes";
    return refuse(reply, "truncated");
  }
  if (!compressed_) plan_.coding = compress::Coding::kIdentity;
  deliver(connection_->host().landing().finish(message_));
}

void Http2ServerRequest::open_body() {
  body_open_ = true;
  connection_->note_open_body(1);
}

void Http2ServerRequest::end_body() {
  if (std::exchange(body_open_, false)) connection_->note_open_body(-1);
}

void Http2ServerRequest::deliver(Bytes bytes) {
  end_body();
  exchange_out_ = true;
  if (!bytes_charged_) charge_bytes(wire_bytes_);
  ReceivedBody body{std::move(bytes), wire_bytes_, std::move(metadata_), deadline_,
                    std::move(pass_)};
  ConnectionHost& host = connection_->host();
  const auto refusal = hand_over(host, plan_, std::move(body), this);
  if (!refusal) return host.note_whole_request();  // this may be gone
  exchange_out_ = false;
  refuse(refusal->reply, refusal->reason);
}

void Http2ServerRequest::refuse_landing(LandingOutcome outcome) {
  Reply reply = no_memory_reply(connection_->host().context().options);
  if (outcome == LandingOutcome::kNoMemory) return refuse(reply, "memory");
  reply.message = "too many unfinished bytes on this connection, try again later";
  refuse(reply, "announced_bytes");
}

void Http2ServerRequest::time_out() {
  if (deferred_) return send_deferred();
  Reply reply;
  reply.code = Code::kDeadlineExceeded;
  reply.message = "the body made no progress for too long";
  if (plan_.protocol == Protocol::kGrpc) return refuse(reply, "timeout");
  note_rejected("timeout", reply.message);
  close_body();
  HttpReply http = map_to_http(reply, plan_.signal.value_or(Signal::kTraces), plan_.format);
  http.status = 408;
  answer_http(std::move(http));
}

void Http2ServerRequest::pass_deadline() {
  Reply reply;
  reply.code = Code::kDeadlineExceeded;
  if (body_open_) {
    reply.message = "the deadline passed before the message was complete";
    return refuse(reply, "deadline");
  }
  reply.message = "the deadline passed before the answer; what was sent is not withdrawn";
  deadline_passed_ = true;
  answer(reply);
}

void Http2ServerRequest::refuse(const Reply& reply, std::string_view reason) {
  note_rejected(reason, reply.message);
  close_body();
  answer(reply);
}

void Http2ServerRequest::note_rejected(std::string_view reason, std::string_view detail) {
  ConnectionHost& host = connection_->host();
  host.context().observer.on_rejected(plan_.protocol, plan_.signal, reason, detail, host.peer());
}

// The rest of the body is read and dropped: nghttp2 keeps the windows open.
void Http2ServerRequest::close_body() {
  end_body();
  connection_->host().landing().drop(message_);
}

void Http2ServerRequest::reply(const Reply& reply) {
  exchange_out_ = false;
  if (connection_ == nullptr) {
    delete this;
    return;
  }
  if (!deadline_passed_) answer(reply);
}

void Http2ServerRequest::abandon() {
  Reply reply;
  reply.code = Code::kInternal;
  reply.message = "the request was dropped without an answer";
  this->reply(reply);
}

void Http2ServerRequest::detach() {
  if (body_open_) close_body();
  Budget& budget = connection_->host().context().pool.budget();
  connection_ = nullptr;
  if (!exchange_out_) {
    delete this;
    return;
  }
  own_memory_ = Reservation::make_beyond(budget, MemoryTerm::kConnections, kStreamBytes);
}

void Http2ServerRequest::answer(const Reply& whole) {
  // Without memory for its texts an answer still says what happened.
  Reply brief;
  const bool fits = reserve_answer(whole.message.size() + whole.partial_message.size());
  if (!fits) {
    brief = whole;
    if (!brief.message.empty()) brief.message = kNoText;
    if (!brief.partial_message.empty()) brief.partial_message = kNoText;
  }
  const Reply& reply = fits ? whole : brief;
  if (plan_.protocol == Protocol::kHttp) {
    return answer_http(map_to_http(reply, plan_.signal.value_or(Signal::kTraces), plan_.format));
  }
  GrpcReply grpc;
  if (reply.code != Code::kOk || reply.too_large || reply.rejected_count != 0 ||
      !reply.partial_message.empty()) {
    grpc = map_to_grpc(reply);
    if (grpc.code != Code::kOk) return answer_grpc_trailers_only(200, grpc);
  }
  http::Http2ServerSession& session = connection_->session();
  connection_->host().schedule_flush();
  if (grpc.body.empty()) {
    watch_answer();
    return session.respond_grpc_ok(*this);
  }
  http::Http2Response response;
  response.headers = {{":status", "200"}, {"content-type", "application/grpc"}};
  const auto prefix = http::write_grpc_prefix(
      {http::GrpcCompression::kNone, static_cast<uint32_t>(grpc.body.size())});
  response.body.assign(prefix.begin(), prefix.end());
  response.body += grpc.body;
  response.trailers = {{"grpc-status", "0"}};
  send(std::move(response));
}

void Http2ServerRequest::answer_grpc_trailers_only(int http_status, const GrpcReply& answer) {
  http::Http2Response response;
  response.headers = {{":status", std::to_string(http_status)},
                      {"content-type", "application/grpc"},
                      {"grpc-status", std::string(http::grpc_status_text(answer.code))},
                      {"grpc-message", answer.message},
                      {"grpc-accept-encoding", "identity,gzip,zstd"}};
  if (!answer.status_details_bin.empty()) {
    response.headers.push_back({"grpc-status-details-bin", answer.status_details_bin});
  }
  send(std::move(response));
}

void Http2ServerRequest::answer_http(HttpReply answer) {
  add_common_fields(answer, connection_->host().context().options, origin_);
  http::Http2Response response;
  response.headers.push_back({":status", std::to_string(answer.status)});
  if (!answer.content_type.empty()) {
    response.headers.push_back({"content-type", std::move(answer.content_type)});
  }
  if (answer.status != 204) {
    response.headers.push_back({"content-length", std::to_string(answer.body.size())});
  }
  for (http::ResponseField& field : answer.fields) response.headers.push_back(std::move(field));
  if (!head_method_) response.body = std::move(answer.body);
  send(std::move(response));
}

bool Http2ServerRequest::reserve_answer(size_t bytes) {
  if (bytes <= std::max(kSmallAnswerBytes, answer_memory_.bytes())) return true;
  ServerContext& context = connection_->host().context();
  answer_memory_ = Reservation();
  answer_memory_ = Reservation::try_make(context.pool.budget(), MemoryTerm::kAnswers, bytes);
  return static_cast<bool>(answer_memory_);
}

// Its body may have to wait for the peer's window.
void Http2ServerRequest::watch_answer() {
  ServerContext& context = connection_->host().context();
  if (context.options.write_timeout <= Duration::zero()) return;
  answer_progress_at_ = context.loop.now();
  connection_->host().wake_by(answer_progress_at_ + context.options.write_timeout);
}

MonotonicTime Http2ServerRequest::answer_stalled_since(MonotonicTime now) {
  if (answer_progress_at_ == kNever) return kNever;
  if (sending && body_sent == sending->body.size()) return kNever;
  if (body_sent != answer_sent_) {
    answer_sent_ = body_sent;
    answer_progress_at_ = now;
  }
  return answer_progress_at_;
}

void Http2ServerRequest::give_up_answer() {
  answer_progress_at_ = kNever;
  note_rejected("write_timeout", "the peer does not read its answer");
  connection_->host().schedule_flush();
  connection_->session().reset(*this, http::Http2Error::kCancel);
}

void Http2ServerRequest::send(http::Http2Response response) {
  const size_t bytes =
      bytes_of(response.headers) + response.body.size() + bytes_of(response.trailers);
  if (!reserve_answer(bytes)) {
    note_rejected("memory", "no memory for the answer");
    const bool is_grpc = plan_.protocol == Protocol::kGrpc;
    response = {};
    if (is_grpc) {
      response.headers = {{":status", "200"},
                          {"content-type", "application/grpc"},
                          {"grpc-status", std::string(http::grpc_status_text(Code::kUnavailable))}};
    } else {
      response.headers = {{":status", "503"}, {"retry-after", "1"}, {"content-length", "0"}};
    }
  }
  if (body_open_ && plan_.kind != RequestPlan::Kind::kOtlp) {
    deferred_ = std::make_unique<http::Http2Response>(std::move(response));
    if (!has_memory_) send_deferred();
    return;
  }
  respond(std::move(response));
}

void Http2ServerRequest::respond(http::Http2Response response) {
  if (!response.body.empty()) watch_answer();
  connection_->host().schedule_flush();
  connection_->session().respond(*this, std::move(response));
}

void Http2ServerRequest::send_deferred() {
  end_body();
  respond(std::move(*std::exchange(deferred_, nullptr)));
}

}  // namespace millrace::transport
