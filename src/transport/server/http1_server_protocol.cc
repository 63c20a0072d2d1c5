#include "transport/server/http1_server_protocol.h"

#include <algorithm>
#include <utility>

#include "base/allocation_name.h"
#include "http/http1_response_writer.h"
#include "transport/server/http_replies.h"

namespace millrace::transport {

namespace {
// How much of a refused body is read and dropped before the connection is closed instead.
constexpr size_t kDiscardedBytesMax = 64 << 20;
// Answers that wait to be written: from the first size on they are written before another request
// is looked at, and from the second on what a peer sends ahead waits.
constexpr size_t kOutBytesFlushed = 4 * 1024;
constexpr size_t kOutBytesMax = 64 * 1024;
// Part of what every connection has reserved.
constexpr size_t kOutBytesIncluded = 8 * 1024;
constexpr const char* kAnswers = "term answers";
// Bytes of bodies, or of chunks of a byte each, in a piece for each request.
constexpr size_t kPieceBytesForARequest = 4 * 1024;
}  // namespace

class Http1ServerProtocol::Pending final : public Exchange::Impl {
 public:
  explicit Pending(Http1ServerProtocol& connection) : connection_(&connection) {}
  void reply(const Reply& reply) override {
    if (connection_ != nullptr) {
      connection_->pending_ = nullptr;
      connection_->answer(reply);
    }
    delete this;
  }
  void reply_page(PageReply page) override {
    if (connection_ != nullptr) {
      connection_->pending_ = nullptr;
      connection_->answer_http(answer_page(std::move(page)));
    }
    delete this;
  }
  void abandon() override {
    Reply dropped;
    dropped.code = Code::kInternal;
    dropped.message = "the request was dropped without an answer";
    reply(dropped);
  }
  std::string_view peer() const override {
    return connection_ == nullptr ? std::string_view() : connection_->host_.peer();
  }
  void forget_connection() { connection_ = nullptr; }

 private:
  Http1ServerProtocol* connection_;
};

Http1ServerProtocol::Http1ServerProtocol(ConnectionHost& host)
    : host_(host),
      options_(host.context().options),
      parser_(options_.header_bytes_max, *this),
      request_(host, *this),
      stage_since_(host.context().loop.now()),
      age_at_(host.context().age_limit_of_new_connection()) {}

Http1ServerProtocol::~Http1ServerProtocol() {
  const bool is_held_back = request_.is_held_back();
  request_.drop_body();
  if (pending_ == nullptr) return;
  if (is_held_back) {
    delete pending_;
  } else {
    pending_->forget_connection();
  }
}

void Http1ServerProtocol::enter(Stage stage) {
  stage_ = stage;
  stage_since_ = host_.context().loop.now();
  host_.wake_by(stage_deadline());
}

bool Http1ServerProtocol::must_wait() const {
  return stage_ == Stage::kAwaitingReply || stream_ != nullptr || out_waiting() >= kOutBytesMax;
}

bool Http1ServerProtocol::must_flush() const { return out_waiting() > kOutBytesFlushed; }

size_t Http1ServerProtocol::linger_bytes_max() const { return kDiscardedBytesMax; }

size_t Http1ServerProtocol::receive(std::span<uint8_t> bytes, size_t requests_max) {
  held_back_ = false;
  const size_t piece_bytes = requests_max * kPieceBytesForARequest;
  size_t consumed = 0;
  size_t requests = 0;
  while (!closing_ && consumed < bytes.size()) {
    if (must_wait() || requests == requests_max || consumed >= piece_bytes) {
      held_back_ = true;
      break;
    }
    if (parser_reset_due_) {
      parser_reset_due_ = false;
      parser_.reset();
    }
    const std::span<uint8_t> rest = bytes.subspan(consumed);
    // Bodies come in pieces; a header section is parsed whole, or is too long.
    const auto progress = parser_.parse(
        rest.first(std::min(rest.size(), std::max(piece_bytes, options_.header_bytes_max + 1))));
    consumed += progress.consumed;
    if (parser_reset_due_) ++requests;
    if (progress.error != http::Http1Error::kNone) {
      refuse_malformed(progress.error);
      break;
    }
    if (stage_ == Stage::kIdle && parser_.started()) enter(Stage::kHead);
    if (progress.consumed == 0) break;
  }
  return closing_ ? bytes.size() : consumed;
}

void Http1ServerProtocol::receive_end() {
  ended_ = true;
  if (stage_ != Stage::kAwaitingReply) closing_ = true;
  host_.schedule_flush();
}

void Http1ServerProtocol::write_to(std::string& out, size_t out_bytes_max) {
  const size_t size = std::min(out_waiting(), out_bytes_max);
  out.append(out_, out_taken_, size);
  out_taken_ += size;
  if (out_taken_ != out_.size()) return;
  out_taken_ = 0;
  if (stream_ != nullptr) {
    out_.clear();
    return ask_stream();
  }
  if (!answer_memory_) return out_.clear();
  std::string().swap(out_);  // an assignment would keep its memory
  answer_memory_ = Reservation();
}

bool Http1ServerProtocol::finished() const {
  return closing_ && out_waiting() == 0 && stream_ == nullptr;
}

void Http1ServerProtocol::on_head(const http::Http1Head& head, const http::HeaderList& fields) {
  ServerContext& context = host_.context();
  head_ = head;
  answered_ = false;
  last_ = !head.keep_alive || last_ || context.loop.now() >= age_at_;
  const HttpVersion version = head.minor_version == 0 ? HttpVersion::kHttp10 : HttpVersion::kHttp11;
  request_.start(context.routing.plan(fields, version), fields);
  enter(Stage::kBody);
  if (auto reply = request_.reply_without_body(fields)) return answer_http(std::move(*reply));
  if (const auto refusal = request_.admit(fields)) return refuse(*refusal);
  start_body();
}

void Http1ServerProtocol::start_body() {
  const auto length = head_.chunked ? std::optional<uint64_t>() : head_.content_length.value_or(0);
  if (const auto refusal = request_.begin_body(length, head_.body_at)) return refuse(*refusal);
  if (!request_.is_undecided()) permit_body();
}

void Http1ServerProtocol::permit_body() {
  if (!head_.expects_continue || head_.minor_version < 1 || request_.wire_bytes() != 0) return;
  out_ += http::kHttp1Continue;
  host_.schedule_flush();
}

void Http1ServerProtocol::on_body(std::span<uint8_t> bytes) {
  request_.count_wire_bytes(bytes.size());
  stage_since_ = host_.context().loop.now();
  if (stage_ == Stage::kDiscarding) {
    if (request_.wire_bytes() > kDiscardedBytesMax) closing_ = true;
    return;
  }
  if (const auto refusal = request_.append_body(bytes)) refuse(*refusal);
}

void Http1ServerProtocol::on_end() {
  if (!answered_) {
    enter(Stage::kAwaitingReply);
    auto* pending = new Pending(*this);
    pending_ = pending;
    if (const auto refusal = request_.hand_over(kNever, pending)) {
      pending_ = nullptr;
      delete pending;
      refuse(*refusal);
    }
    return;
  }
  parser_reset_due_ = true;
  enter(Stage::kIdle);
  if (last_) closing_ = true;
}

void Http1ServerProtocol::refuse(const RequestRefusal& refusal) {
  request_.note_rejected(refusal.reason, refusal.reply.message);
  answer(refusal.reply);
}

void Http1ServerProtocol::refuse_malformed(http::Http1Error error) {
  if (error == http::Http1Error::kNotHttp) {
    request_.note_rejected("not_http", "the first line is no HTTP request");
    closing_ = true;
    host_.schedule_flush();
    return;
  }
  HttpReply answer;
  answer.content_type = "text/plain; charset=utf-8";
  std::string_view reason = "bad_http";
  switch (error) {
    case http::Http1Error::kHeaderTooLarge:
      reason = "header_too_large";
      answer.status = 431;
      answer.body = "the header section is longer than " +
                    std::to_string(options_.header_bytes_max) + " bytes\n";
      break;
    case http::Http1Error::kBothLengths:
      reason = "smuggling";
      answer.status = 400;
      answer.body = "a request has either Content-Length or Transfer-Encoding, found both\n";
      break;
    case http::Http1Error::kUnknownTransferCoding:
      answer.status = 501;
      answer.body = "the only transfer coding is chunked\n";
      break;
    default:
      answer.status = 400;
      answer.body = "malformed request\n";
      break;
  }
  request_.note_rejected(reason, answer.body);
  last_ = true;
  if (!answered_ || stage_ != Stage::kDiscarding) answer_http(std::move(answer));
  closing_ = true;
}

void Http1ServerProtocol::answer(const Reply& reply) { answer_http(request_.http_reply(reply)); }

void Http1ServerProtocol::answer_http(HttpReply answer) {
  request_.drop_body();
  // A client that waits for 100 Continue and is refused may send the body or not: the server cannot
  // tell where the next request would begin.
  const bool body_withheld =
      head_.expects_continue && stage_ == Stage::kBody && request_.wire_bytes() == 0;
  // HTTP/1.0 knows no chunks: the end of the connection is the end of a page of unknown length.
  const bool ends_by_closing = answer.stream != nullptr && head_.minor_version == 0;
  if (body_withheld || ended_ || ends_by_closing) last_ = true;
  answered_ = true;
  request_.add_common_fields(answer);
  http::Http1Response response;
  response.status = answer.status;
  response.content_type = answer.content_type;
  response.body = answer.body;
  response.body_option =
      request_.is_head_method() ? http::BodyOption::kHeadersOnly : http::BodyOption::kSend;
  response.connection = last_ ? http::ConnectionOption::kClose : http::ConnectionOption::kKeepAlive;
  response.request_minor_version = head_.minor_version;
  response.date = host_.context().loop.wall_now();
  response.fields = &answer.fields;
  const bool is_stream = answer.stream != nullptr && reserve_stream();
  if (is_stream) response.body_length = http::BodyLength::kChunked;
  const size_t size_before = out_.size();
  const AllocationName name(kAnswers);
  if (answer.stream != nullptr && !is_stream) {
    refuse_answer(size_before);
  } else {
    http::append_http1_response(out_, response);
    if (!is_stream) reserve_answer(size_before);
  }
  if (is_stream && !request_.is_head_method()) {
    append_piece(answer.body);
    is_asked_ = false;
    stream_ = std::move(answer.stream);
  }
  host_.schedule_flush();
  if (stage_ == Stage::kAwaitingReply) {
    parser_reset_due_ = true;
    enter(Stage::kIdle);
  } else {
    enter(Stage::kDiscarding);
  }
  // Also when the body is still to come: it is dropped while the connection lingers.
  if (last_) closing_ = true;
}

void Http1ServerProtocol::reserve_answer(size_t size_before) {
  if (out_.size() <= std::max(kOutBytesIncluded, answer_memory_.bytes())) return;
  Reservation memory =
      Reservation::try_make(host_.context().pool.budget(), MemoryTerm::kAnswers, out_.size());
  if (memory) {
    answer_memory_ = std::move(memory);
    return;
  }
  refuse_answer(size_before);
}

void Http1ServerProtocol::refuse_answer(size_t size_before) {
  request_.note_rejected("memory", "no memory for the answer");
  out_.resize(size_before);
  out_.shrink_to_fit();
  last_ = true;
  http::Http1Response response;
  response.status = 503;
  response.connection = http::ConnectionOption::kClose;
  response.request_minor_version = head_.minor_version;
  response.date = host_.context().loop.wall_now();
  http::append_http1_response(out_, response);
}

bool Http1ServerProtocol::reserve_stream() {
  // The output before it, a piece, and the frame of a chunk.
  const size_t bytes = out_.size() + PageStream::kPieceBytesMax + kOutBytesIncluded;
  answer_memory_ = Reservation();
  answer_memory_ =
      Reservation::try_make(host_.context().pool.budget(), MemoryTerm::kAnswers, bytes);
  return static_cast<bool>(answer_memory_);
}

void Http1ServerProtocol::ask_stream() {
  if (std::exchange(is_asked_, true)) return;
  stream_->next([this](PageStream::Piece piece) { on_piece(std::move(piece)); });
}

void Http1ServerProtocol::on_piece(PageStream::Piece piece) {
  is_asked_ = false;
  append_piece(piece.bytes);
  host_.schedule_flush();
  if (piece.end == PageStream::End::kMore) return;
  const bool is_complete = piece.end == PageStream::End::kComplete;
  if (is_complete && head_.minor_version != 0) http::append_http1_chunk(out_, {});
  if (!is_complete || last_) closing_ = true;
  stream_ = nullptr;
  enter(stage_);
}

void Http1ServerProtocol::append_piece(std::string_view bytes) {
  if (bytes.empty()) return;
  const AllocationName name(kAnswers);
  if (head_.minor_version == 0) {
    out_ += bytes;
  } else {
    http::append_http1_chunk(out_, bytes);
  }
}

void Http1ServerProtocol::begin_drain() {
  last_ = true;
  if (stage_ == Stage::kIdle) closing_ = true;
  host_.schedule_flush();
}

MonotonicTime Http1ServerProtocol::stage_deadline() const {
  if (stream_ != nullptr) return kNever;  // the limit of writing applies
  const auto after = [&](Duration limit) {
    return limit > Duration::zero() ? stage_since_ + limit : kNever;
  };
  switch (stage_) {
    case Stage::kIdle:
      return std::min(after(options_.idle_max), age_at_);
    case Stage::kHead:
      return after(options_.header_timeout);
    case Stage::kBody:
    case Stage::kDiscarding:
      return after(options_.body_timeout);
    case Stage::kAwaitingReply:
      return kNever;
  }
  return kNever;
}

MonotonicTime Http1ServerProtocol::on_time(MonotonicTime now) {
  const MonotonicTime due = stage_deadline();
  if (closing_ || now < due) return closing_ ? kNever : due;
  if (stage_ == Stage::kIdle || stage_ == Stage::kDiscarding) {
    closing_ = true;
    host_.schedule_flush();
    return kNever;
  }
  HttpReply answer;
  if (stage_ == Stage::kBody) {
    answer = request_.http_timeout_reply("the body made no progress for too long");
  } else {
    answer.status = 408;
    answer.content_type = "text/plain; charset=utf-8";
    answer.body = "the header section was not complete in time\n";
  }
  request_.note_rejected("timeout", "half a request, then silence");
  last_ = true;
  answer_http(std::move(answer));
  closing_ = true;
  return kNever;
}

}  // namespace millrace::transport
