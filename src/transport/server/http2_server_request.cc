#include "transport/server/http2_server_request.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "transport/grpc_coding.h"
#include "transport/server/http2_server_protocol.h"
#include "transport/server/http_replies.h"
#include "transport/server/stream_memory.h"

namespace millrace::transport {

namespace {
// How much of a refused request's body is read before the answer.
constexpr size_t kUnwantedBytesMax = 64 * 1024;
// Answers up to this are part of what their stream has reserved.
constexpr size_t kSmallAnswerBytes = 512;
constexpr std::string_view kNoText = "(no memory for the text)";

size_t bytes_of(const std::vector<http::ResponseField>& fields) {
  size_t bytes = 0;
  for (const http::ResponseField& field : fields) bytes += field.name.size() + field.value.size();
  return bytes;
}

// Nothing: the field is missing or no number.
std::optional<uint64_t> content_length_of(const http::HeaderList& head) {
  const std::string_view text = head.find(http::KnownField::kContentLength);
  uint64_t length = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), length);
  const bool is_number =
      !text.empty() && parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
  return is_number ? std::optional(length) : std::nullopt;
}

http::Http2Response no_memory_response(bool is_grpc) {
  http::Http2Response response;
  if (is_grpc) {
    response.headers = {{":status", "200"},
                        {"content-type", "application/grpc"},
                        {"grpc-status", std::string(http::grpc_status_text(Code::kUnavailable))}};
  } else {
    response.headers = {{":status", "503"}, {"retry-after", "1"}, {"content-length", "0"}};
  }
  return response;
}
}  // namespace

Http2ServerRequest::Http2ServerRequest(Http2ServerProtocol& connection)
    : connection_(&connection), admission_(connection.host(), *this) {}

void Http2ServerRequest::start(RequestPlan plan, const http::HeaderList& head, Memory memory) {
  ServerContext& context = connection_->host().context();
  open_body();
  has_memory_ = memory == Memory::kReserved;
  progress_at_ = context.loop.now();
  if (context.options.body_timeout > Duration::zero()) {
    connection_->host().wake_by(progress_at_ + context.options.body_timeout);
  }
  admission_.start(std::move(plan), head);
  if (admission_.is_grpc_mistake()) return answer_grpc_mistake(*admission_.plan().refusal);
  if (auto reply = admission_.reply_without_body(head)) return answer_http(std::move(*reply));
  if (!has_memory_) return refuse(no_memory_refusal(context.options));
  if (const auto refusal = admission_.admit(head)) return refuse(*refusal);
  if (const auto timeout = admission_.plan().timeout) {
    deadline_ = *timeout > kNever - progress_at_ ? kNever : progress_at_ + *timeout;
    if (deadline_ != kNever) connection_->host().wake_by(deadline_);
  }
  if (is_grpc()) return;  // the length comes with the message
  if (const auto refusal = admission_.begin_body(content_length_of(head))) refuse(*refusal);
}

bool Http2ServerRequest::is_grpc() const { return admission_.plan().protocol == Protocol::kGrpc; }

void Http2ServerRequest::receive(std::span<uint8_t> data) {
  if (!body_open_) return;
  progress_at_ = connection_->host().context().loop.now();
  admission_.count_wire_bytes(data.size());
  if (deferred_) {
    if (admission_.wire_bytes() > kUnwantedBytesMax) send_deferred();
  } else if (const auto refusal =
                 is_grpc() ? grpc_body_.receive(admission_, data) : admission_.append_body(data)) {
    refuse(*refusal);
  }
}

void Http2ServerRequest::receive_end() {
  if (!body_open_) return;
  if (deferred_) return send_deferred();
  if (is_grpc()) {
    if (const auto refusal = grpc_body_.end(admission_)) return refuse(*refusal);
  }
  hand_over();
}

void Http2ServerRequest::open_body() {
  body_open_ = true;
  connection_->note_open_body(1);
}

void Http2ServerRequest::end_body() {
  if (std::exchange(body_open_, false)) connection_->note_open_body(-1);
}

void Http2ServerRequest::hand_over() {
  end_body();
  exchange_out_ = true;
  const auto refusal = admission_.hand_over(deadline_, this);
  if (!refusal) return;  // this may be gone
  exchange_out_ = false;
  refuse(*refusal);
}

void Http2ServerRequest::time_out() {
  if (deferred_) return send_deferred();
  constexpr std::string_view kText = "the body made no progress for too long";
  if (is_grpc())
    return refuse(refusal_with(Code::kDeadlineExceeded, "timeout", std::string(kText)));
  admission_.note_rejected("timeout", kText);
  close_body();
  answer_http(admission_.http_timeout_reply(kText));
}

void Http2ServerRequest::pass_deadline() {
  if (body_open_) {
    return refuse(refusal_with(Code::kDeadlineExceeded, "deadline",
                               "the deadline passed before the message was complete"));
  }
  Reply reply;
  reply.code = Code::kDeadlineExceeded;
  reply.message = "the deadline passed before the answer; what was sent is not withdrawn";
  deadline_passed_ = true;
  answer(reply);
}

void Http2ServerRequest::refuse(const RequestRefusal& refusal) {
  admission_.note_rejected(refusal.reason, refusal.reply.message);
  close_body();
  answer(refusal.reply);
}

// The rest of the body is read and dropped: nghttp2 keeps the windows open.
void Http2ServerRequest::close_body() {
  end_body();
  admission_.drop_body();
}

void Http2ServerRequest::reply(const Reply& reply) {
  exchange_out_ = false;
  if (connection_ == nullptr) {
    delete this;
    return;
  }
  if (!deadline_passed_) answer(reply);
}

void Http2ServerRequest::reply_page(PageReply page) {
  exchange_out_ = false;
  if (connection_ == nullptr) {
    delete this;
    return;
  }
  answer_http(answer_page(std::move(page)));
}

void Http2ServerRequest::abandon() {
  Reply reply;
  reply.code = Code::kInternal;
  reply.message = "the request was dropped without an answer";
  this->reply(reply);
}

std::string_view Http2ServerRequest::peer() const {
  return connection_ == nullptr ? std::string_view() : connection_->host().peer();
}

void Http2ServerRequest::detach() {
  // A request that waits for a gate ends with its stream: nothing of it was handed on.
  if (admission_.is_held_back()) exchange_out_ = false;
  if (body_open_ || admission_.is_undecided()) close_body();
  Budget& budget = connection_->host().context().pool.budget();
  end_page();
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
  if (!is_grpc()) return answer_http(admission_.http_reply(reply));
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

void Http2ServerRequest::answer_grpc_mistake(const RoutingRefusal& mistake) {
  GrpcReply grpc;
  grpc.code = mistake.grpc_code;
  grpc.message = http::percent_encode_grpc_message(mistake.message);
  answer_grpc_trailers_only(mistake.http_status, grpc);
}

void Http2ServerRequest::answer_grpc_trailers_only(int http_status, const GrpcReply& answer) {
  http::Http2Response response;
  response.headers = {{":status", std::to_string(http_status)},
                      {"content-type", "application/grpc"},
                      {"grpc-status", std::string(http::grpc_status_text(answer.code))},
                      {"grpc-message", answer.message},
                      {"grpc-accept-encoding", std::string(kGrpcAcceptedCodings)}};
  if (!answer.status_details_bin.empty()) {
    response.headers.push_back({"grpc-status-details-bin", answer.status_details_bin});
  }
  send(std::move(response));
}

void Http2ServerRequest::answer_http(HttpReply answer) {
  admission_.add_common_fields(answer);
  http::Http2Response response;
  response.headers.push_back({":status", std::to_string(answer.status)});
  if (!answer.content_type.empty()) {
    response.headers.push_back({"content-type", std::move(answer.content_type)});
  }
  const bool is_page_open = answer.stream != nullptr;
  // A piece at a time, and the one that is being made.
  if (is_page_open && !reserve_answer(2 * PageStream::kPieceBytesMax)) {
    admission_.note_rejected("memory", "no memory for the answer");
    return send(no_memory_response(false));
  }
  if (answer.status != 204 && !is_page_open) {
    response.headers.push_back({"content-length", std::to_string(answer.body.size())});
  }
  for (http::ResponseField& field : answer.fields) response.headers.push_back(std::move(field));
  if (!admission_.is_head_method()) {
    response.body = std::move(answer.body);
    response.is_open = is_page_open;
    if (is_page_open) begin_page(std::move(answer.stream));
  }
  send(std::move(response));
}

void Http2ServerRequest::begin_page(std::unique_ptr<PageStream> page) {
  page_ = std::move(page);
  connection_->note_page_stream(1);
}

void Http2ServerRequest::end_page() {
  if (page_ == nullptr) return;
  page_ = nullptr;
  connection_->note_page_stream(-1);
}

void Http2ServerRequest::ask_page() {
  if (page_ == nullptr || is_page_asked_ || !responded || body_sent != sending->body.size()) return;
  is_page_asked_ = true;
  page_->next([this](PageStream::Piece piece) { on_page_piece(std::move(piece)); });
}

void Http2ServerRequest::on_page_piece(PageStream::Piece piece) {
  is_page_asked_ = false;
  http::Http2ServerSession& session = connection_->session();
  connection_->host().schedule_flush();
  if (piece.end == PageStream::End::kBrokenOff) {
    end_page();
    return session.reset(*this, http::Http2Error::kInternalError);
  }
  const bool is_complete = piece.end == PageStream::End::kComplete;
  watch_answer();
  session.go_on(*this, std::move(piece.bytes),
                is_complete ? http::Http2ServerSession::BodyEnd::kComplete
                            : http::Http2ServerSession::BodyEnd::kOpen);
  if (is_complete) end_page();
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
  admission_.note_rejected("write_timeout", "the peer does not read its answer");
  connection_->host().schedule_flush();
  connection_->session().reset(*this, http::Http2Error::kCancel);
}

void Http2ServerRequest::send(http::Http2Response response) {
  const size_t bytes =
      bytes_of(response.headers) + response.body.size() + bytes_of(response.trailers);
  if (!reserve_answer(bytes)) {
    admission_.note_rejected("memory", "no memory for the answer");
    // Swapped, not assigned: an empty text that is assigned leaves the old one its memory.
    http::Http2Response brief = no_memory_response(is_grpc());
    std::swap(response, brief);
  }
  if (body_open_ && !admission_.needs_admission()) {
    deferred_ = std::make_unique<http::Http2Response>(std::move(response));
    if (!has_memory_) send_deferred();
    return;
  }
  respond(std::move(response));
}

void Http2ServerRequest::respond(http::Http2Response response) {
  if (!response.body.empty() || response.is_open) watch_answer();
  connection_->host().schedule_flush();
  connection_->session().respond(*this, std::move(response));
}

void Http2ServerRequest::send_deferred() {
  end_body();
  respond(std::move(*std::exchange(deferred_, nullptr)));
}

}  // namespace millrace::transport
