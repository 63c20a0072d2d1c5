#include "transport/server/http1_server_protocol.h"

#include <algorithm>
#include <utility>

#include "http/http1_response_writer.h"
#include "transport/server/http_replies.h"

namespace millrace::transport {

using http::KnownField;

namespace {
// How much of a refused body is read and dropped before the connection is closed instead.
constexpr size_t kDiscardedBytesMax = 64 << 20;
// Answers that wait to be written: from the first size on they are written before another request
// is looked at, and from the second on what a peer sends ahead waits.
constexpr size_t kOutBytesFlushed = 4 * 1024;
constexpr size_t kOutBytesMax = 64 * 1024;
// Part of what every connection has reserved.
constexpr size_t kOutBytesIncluded = 8 * 1024;
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
  void abandon() override {
    Reply dropped;
    dropped.code = Code::kInternal;
    dropped.message = "the request was dropped without an answer";
    reply(dropped);
  }
  void forget_connection() { connection_ = nullptr; }

 private:
  Http1ServerProtocol* connection_;
};

Http1ServerProtocol::Http1ServerProtocol(ConnectionHost& host)
    : host_(host),
      options_(host.context().options),
      parser_(options_.header_bytes_max, *this),
      stage_since_(host.context().loop.now()) {
  if (options_.age_max > Duration::zero()) {
    const double jitter = 0.9 + 0.2 * host_.context().loop.random().unit();
    age_at_ =
        stage_since_ +
        Duration(static_cast<int64_t>(static_cast<double>(options_.age_max.count()) * jitter));
  }
}

Http1ServerProtocol::~Http1ServerProtocol() {
  host_.landing().drop(message_);
  if (pending_ != nullptr) pending_->forget_connection();
}

void Http1ServerProtocol::enter(Stage stage) {
  stage_ = stage;
  stage_since_ = host_.context().loop.now();
  host_.wake_by(stage_deadline());
}

bool Http1ServerProtocol::must_wait() const {
  return stage_ == Stage::kAwaitingReply || out_waiting() >= kOutBytesMax;
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
  if (!answer_memory_) return out_.clear();
  std::string().swap(out_);  // an assignment would keep its memory
  answer_memory_ = Reservation();
}

bool Http1ServerProtocol::finished() const { return closing_ && out_waiting() == 0; }

void Http1ServerProtocol::on_head(const http::Http1Head& head, const http::HeaderList& fields) {
  ServerContext& context = host_.context();
  head_ = head;
  answered_ = false;
  wire_bytes_ = 0;
  last_ = !head.keep_alive || last_ || context.loop.now() >= age_at_;
  head_method_ = fields.find(KnownField::kMethod) == "HEAD";
  origin_ = options_.cors.allowed_origins.empty() ? std::string()
                                                  : std::string(fields.find(KnownField::kOrigin));
  plan_ = context.routing.plan(
      fields, head.minor_version == 0 ? HttpVersion::kHttp10 : HttpVersion::kHttp11);
  enter(Stage::kBody);
  switch (plan_.kind) {
    case RequestPlan::Kind::kPage:
      host_.take_smaller_pieces();
      host_.note_whole_request();
      return answer_http(answer_page(fields, *plan_.page));
    case RequestPlan::Kind::kPreflight:
      return answer_http(answer_preflight(fields, options_.cors));
    case RequestPlan::Kind::kRefused:
      note_rejected(plan_.refusal->reason, plan_.refusal->message);
      return answer_http(answer_refusal(plan_));
    case RequestPlan::Kind::kOtlp:
      break;
  }
  pass_ = {};
  if (const auto refusal = ask_gates(host_, fields, *plan_.signal, pass_)) {
    return refuse(refusal->reply, refusal->reason);
  }
  metadata_ = nullptr;
  if (options_.include_metadata) {
    metadata_ = make_metadata(context.pool.budget(), fields, host_.peer(), pass_.secret_field);
    if (metadata_ == nullptr) return refuse(no_memory_reply(options_), "memory");
  }
  start_body();
}

void Http1ServerProtocol::start_body() {
  const size_t size_max = options_.http_body_bytes_max;
  LandingOutcome outcome;
  if (head_.chunked) {
    outcome = host_.landing().begin_unsized(message_);
  } else {
    const uint64_t length = head_.content_length.value_or(0);
    if (length > size_max) return refuse(too_large_reply(length, size_max), "too_large");
    charge_bytes(length);
    outcome = host_.landing().begin(message_, length, nullptr);
  }
  if (outcome != LandingOutcome::kLanded) return refuse_landing(outcome);
  if (head_.expects_continue && head_.minor_version >= 1) {
    out_ += http::kHttp1Continue;
    host_.schedule_flush();
  }
}

void Http1ServerProtocol::charge_bytes(uint64_t bytes) {
  if (pass_.meter != nullptr) pass_.meter->charge_bytes(pass_, bytes, host_.context().loop.now());
}

void Http1ServerProtocol::on_body(std::span<uint8_t> bytes) {
  wire_bytes_ += bytes.size();
  stage_since_ = host_.context().loop.now();
  if (stage_ == Stage::kDiscarding) {
    if (wire_bytes_ > kDiscardedBytesMax) closing_ = true;
    return;
  }
  if (wire_bytes_ > options_.http_body_bytes_max) {
    return refuse(too_large_reply(wire_bytes_, options_.http_body_bytes_max), "too_large");
  }
  const LandingOutcome outcome = host_.landing().append(message_, bytes.data(), bytes.size());
  if (outcome != LandingOutcome::kLanded) refuse_landing(outcome);
}

void Http1ServerProtocol::on_end() {
  if (!answered_) {
    enter(Stage::kAwaitingReply);
    if (head_.chunked) charge_bytes(wire_bytes_);
    ReceivedBody body{host_.landing().finish(message_), wire_bytes_, std::move(metadata_), kNever,
                      std::move(pass_)};
    auto* pending = new Pending(*this);
    pending_ = pending;
    if (const auto refusal = hand_over(host_, plan_, std::move(body), pending)) {
      pending_ = nullptr;
      delete pending;
      return refuse(refusal->reply, refusal->reason);
    }
    return host_.note_whole_request();
  }
  parser_reset_due_ = true;
  enter(Stage::kIdle);
  if (last_) closing_ = true;
}

void Http1ServerProtocol::note_rejected(std::string_view reason, std::string_view detail) {
  host_.context().observer.on_rejected(Protocol::kHttp, plan_.signal, reason, detail, host_.peer());
}

void Http1ServerProtocol::refuse(const Reply& reply, std::string_view reason) {
  note_rejected(reason, reply.message);
  answer(reply);
}

void Http1ServerProtocol::refuse_landing(LandingOutcome outcome) {
  Reply reply = no_memory_reply(options_);
  if (outcome == LandingOutcome::kNoMemory) return refuse(reply, "memory");
  reply.message = "too many unfinished bytes on this connection, try again later";
  refuse(reply, "announced_bytes");
}

void Http1ServerProtocol::refuse_malformed(http::Http1Error error) {
  if (error == http::Http1Error::kNotHttp) {
    note_rejected("not_http", "the first line is no HTTP request");
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
  note_rejected(reason, answer.body);
  last_ = true;
  if (!answered_ || stage_ != Stage::kDiscarding) answer_http(std::move(answer));
  closing_ = true;
}

void Http1ServerProtocol::answer(const Reply& reply) {
  answer_http(map_to_http(reply, plan_.signal.value_or(Signal::kTraces), plan_.format));
}

void Http1ServerProtocol::answer_http(HttpReply answer) {
  host_.landing().drop(message_);
  // Who waits for leave to send the body and is refused may send it or not: nobody can tell where
  // the next request would begin.
  const bool body_withheld = head_.expects_continue && stage_ == Stage::kBody && wire_bytes_ == 0;
  if (body_withheld || ended_) last_ = true;
  answered_ = true;
  add_common_fields(answer, options_, origin_);
  http::Http1Response response;
  response.status = answer.status;
  response.content_type = answer.content_type;
  response.body = answer.body;
  response.body_option = head_method_ ? http::BodyOption::kHeadersOnly : http::BodyOption::kSend;
  response.connection = last_ ? http::ConnectionOption::kClose : http::ConnectionOption::kKeepAlive;
  response.request_minor_version = head_.minor_version;
  response.date = host_.context().loop.wall_now();
  response.fields = &answer.fields;
  const size_t size_before = out_.size();
  http::append_http1_response(out_, response);
  reserve_answer(size_before);
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
  note_rejected("memory", "no memory for the answer");
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

void Http1ServerProtocol::begin_drain() {
  last_ = true;
  if (stage_ == Stage::kIdle) closing_ = true;
  host_.schedule_flush();
}

MonotonicTime Http1ServerProtocol::stage_deadline() const {
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
    Reply reply;
    reply.code = Code::kDeadlineExceeded;
    reply.message = "the body made no progress for too long";
    answer = map_to_http(reply, plan_.signal.value_or(Signal::kTraces), plan_.format);
  } else {
    answer.content_type = "text/plain; charset=utf-8";
    answer.body = "the header section was not complete in time\n";
  }
  answer.status = 408;
  note_rejected("timeout", "half a request, then silence");
  last_ = true;
  answer_http(std::move(answer));
  closing_ = true;
  return kNever;
}

}  // namespace millrace::transport
