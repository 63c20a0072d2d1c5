#include "transport/server/http2_server_protocol.h"

#include <algorithm>
#include <utility>

#include "transport/server/http2_server_request.h"

namespace millrace::transport {
namespace {

// Frames that cost their sender nothing (PING, SETTINGS, PRIORITY, empty DATA): at once, and by
// the second. Far above what any client needs.
constexpr double kIdleFramesBurst = 10'000;
constexpr double kIdleFramesPerSecond = 1'000;
// Streams that the peer resets: every stream at once twice over, then some hundred a second, so
// that clients whose deadlines pass under overload are not punished.
constexpr double kResetsPerSecond = 200;
// What header sections inflate to, beyond what the bytes on the wire pay for. A call of an SDK has
// 600 bytes of it, with a long token 3 KiB, behind a body that is longer; a byte of a bomb has 4
// KiB.
constexpr double kInflatedBurst = 64 << 20;
constexpr double kInflatedPerSecond = 64 << 20;
constexpr size_t kInflatedPerWireByte = 8;
// Looked at when so much has come together, not for each request.
constexpr size_t kInflatedStep = 256 * 1024;
// Part of the budget for requests on one loop whose bodies are under way, beyond kStreamsIncluded
// of each connection: bodies that never end must not take the memory of the others.
constexpr size_t kBodiesShare = 16;
// Frames of answers, resets and acknowledgements that wait inside nghttp2 for the socket, about 200
// bytes each: while the connection has its turn, and when others get theirs.
constexpr size_t kFramesWaitingMax = 256;
constexpr size_t kFramesKeptMax = 32;
// Read and dropped behind a GOAWAY, so that closing does not destroy it on its way.
constexpr size_t kLingerBytesMax = 256 * 1024;
// How long the peer has to answer the ping between the two GOAWAYs.
constexpr Duration kGoawayAnswerTimeout = 5s;
// The connection's window is out of the way; the streams' and the budget limit.
constexpr uint32_t kConnectionWindowBytes = 1u << 30;
constexpr size_t kWindowSlack = 64 * 1024;

http::Http2ServerOptions session_options(const ServerOptions& options) {
  http::Http2ServerOptions session;
  session.streams_max = options.streams_max;
  const size_t largest = std::max(options.grpc_message_bytes_max, options.http_body_bytes_max);
  session.stream_window_bytes =
      static_cast<uint32_t>(std::min<size_t>(largest + kWindowSlack, INT32_MAX));
  session.connection_window_bytes = kConnectionWindowBytes;
  session.header_bytes_max = options.header_bytes_max;
  return session;
}

Http2ServerRequest& request_of(http::Http2Stream& stream) {
  return static_cast<Http2ServerRequest&>(stream);
}

}  // namespace

Http2ServerProtocol::Http2ServerProtocol(ConnectionHost& host)
    : host_(host),
      options_(host.context().options),
      session_(std::make_unique<http::Http2ServerSession>(session_options(options_), *this)),
      ping_policy_(options_.ping_min_interval, options_.ping_without_stream
                                                   ? http::PingPolicy::WithoutStream::kPermitted
                                                   : http::PingPolicy::WithoutStream::kRare),
      idle_frames_(kIdleFramesBurst, kIdleFramesPerSecond),
      resets_(2.0 * options_.streams_max, kResetsPerSecond),
      inflated_bytes_(kInflatedBurst, kInflatedPerSecond),
      head_memory_(host.context().pool.budget(), host.context().open_head_bytes),
      stream_memory_(host.context().pool.budget()) {
  const MonotonicTime now = host_.context().loop.now();
  read_at_ = now;
  idle_since_ = now;
  age_at_ = host_.context().age_limit_of_new_connection();
  head_since_ = now;  // until the preface is complete
  host_.wake_by(on_time(now));
  host_.schedule_flush();
}

Http2ServerProtocol::~Http2ServerProtocol() {
  while (requests_ != nullptr) {
    Http2ServerRequest& request = *requests_;
    forget(request);
    request.detach();
  }
}

size_t Http2ServerProtocol::receive(std::span<uint8_t> bytes, size_t requests_max) {
  if (failed_ || session_ended_) return bytes.size();
  const MonotonicTime now = host_.context().loop.now();
  read_at_ = now;
  ping_sent_at_ = kNever;
  const size_t consumed =
      session_->receive(bytes, std::min(requests_max, stream_memory_.allowance()));
  session_ended_ = session_->at_end();
  if (!session_->failure().empty()) fail(session_->failure(), "");
  check_floods(consumed);
  const bool open = session_->head_open();
  if (!open) {
    head_since_ = kNever;
  } else if (head_since_ == kNever) {
    head_since_ = now;
    if (options_.header_timeout > Duration::zero()) host_.wake_by(now + options_.header_timeout);
  }
  if (!head_memory_.cover(session_->open_head_bytes()))
    calm_down("memory", "no memory for a long header section");
  host_.schedule_flush();
  // Behind the end nothing is looked at.
  return failed_ || session_ended_ ? bytes.size() : consumed;
}

bool Http2ServerProtocol::must_flush() const {
  return stream_memory_.uncovered_count() != 0 ||
         session_->waiting_frame_count() >= kFramesWaitingMax;
}

bool Http2ServerProtocol::should_flush() const {
  return session_->waiting_frame_count() > kFramesKeptMax;
}

size_t Http2ServerProtocol::linger_bytes_max() const { return kLingerBytesMax; }

void Http2ServerProtocol::receive_end() {
  ended_ = true;
  host_.schedule_flush();
}

void Http2ServerProtocol::write_to(std::string& out, size_t out_bytes_max) {
  session_->write_to(out, out_bytes_max);
  if (page_stream_count_ != 0) {
    for (Http2ServerRequest* request = requests_; request != nullptr; request = request->next) {
      request->ask_page();
    }
  }
  if (!session_->failure().empty()) fail(session_->failure(), "");
  if (goaway_ == Goaway::kSent && session_->stream_count() == 0 && !failed_) failed_ = true;
}

bool Http2ServerProtocol::finished() const {
  if (session_->wants_write()) return false;
  if (failed_ || session_->finished()) return true;
  if (goaway_ == Goaway::kSent && session_->stream_count() == 0) return true;
  if (!ended_) return false;
  // Half closed by the peer: what it asked for whole is still answered.
  for (const Http2ServerRequest* request = requests_; request != nullptr; request = request->next) {
    if (!request->body_open()) return false;
  }
  return true;
}

http::Http2Stream* Http2ServerProtocol::on_request(int32_t, const http::HeaderList& head,
                                                   HeadSize head_size) {
  const bool has_memory = stream_memory_.open() && has_share_of_bodies();
  if (stream_memory_.uncovered_count() > kStreamsUncovered) {
    // The peer does not let go of those that were answered without memory.
    stream_memory_.close();
    host_.context().observer.on_rejected(Protocol::kGrpc, std::nullopt, "memory",
                                         "no memory for one more stream", host_.peer());
    return nullptr;
  }
  const RequestRouting& routing = host_.context().routing;
  auto* request = new Http2ServerRequest(*this);
  request->next = requests_;
  request->link = &requests_;
  if (requests_ != nullptr) requests_->link = &request->next;
  requests_ = request;
  idle_since_ = kNever;
  request->start(
      head_size == HeadSize::kOversized ? routing.plan_oversized(head)
                                        : routing.plan(head, HttpVersion::kHttp2),
      head, has_memory ? Http2ServerRequest::Memory::kReserved : Http2ServerRequest::Memory::kNone);
  return request;
}

bool Http2ServerProtocol::has_share_of_bodies() const {
  const ServerContext& context = host_.context();
  return open_body_count_ < kStreamsIncluded || (context.open_body_count + 1) * kStreamBytes <=
                                                    context.pool.budget().limit() / kBodiesShare;
}

void Http2ServerProtocol::note_open_body(int change) {
  size_t& shared = host_.context().open_body_count;
  if (change > 0 && open_body_count_++ >= kStreamsIncluded) ++shared;
  if (change < 0 && open_body_count_-- > kStreamsIncluded) --shared;
}

void Http2ServerProtocol::forget(Http2ServerRequest& request) {
  stream_memory_.close();
  *request.link = request.next;
  if (request.next != nullptr) request.next->link = request.link;
  if (requests_ == nullptr) {
    idle_since_ = host_.context().loop.now();
    if (options_.idle_max > Duration::zero()) host_.wake_by(idle_since_ + options_.idle_max);
  }
}

void Http2ServerProtocol::on_data(http::Http2Stream& stream, std::span<uint8_t> data) {
  request_of(stream).receive(data);
}

void Http2ServerProtocol::on_request_end(http::Http2Stream& stream) {
  request_of(stream).receive_end();
}

void Http2ServerProtocol::on_stream_closed(http::Http2Stream& stream, http::Http2Error) {
  Http2ServerRequest& request = request_of(stream);
  forget(request);
  request.detach();
}

void Http2ServerProtocol::on_ping() {
  if (ping_policy_.on_ping(host_.context().loop.now(), session_->stream_count())) return;
  calm_down("too_many_pings", "too_many_pings");
}

void Http2ServerProtocol::on_ping_answered() {
  ping_sent_at_ = kNever;
  if (goaway_ == Goaway::kAnnounced) finish_goaway();
}

void Http2ServerProtocol::check_floods(size_t bytes_received) {
  const auto cost = session_->take_frame_cost();
  const size_t paid = kInflatedPerWireByte * bytes_received;
  if (cost.inflated_bytes > paid) inflated_uncounted_ += cost.inflated_bytes - paid;
  const bool inflates = inflated_uncounted_ >= kInflatedStep;
  if (cost.idle == 0 && cost.resets == 0 && !inflates) return;
  const MonotonicTime now = host_.context().loop.now();
  if (inflates) {
    host_.take_smaller_pieces();
    const size_t bytes = std::exchange(inflated_uncounted_, 0);
    if (!inflated_bytes_.use(static_cast<double>(bytes), now)) {
      calm_down("header_flood", "header sections that inflate to too much");
    }
  }
  if (!idle_frames_.use(cost.idle, now)) calm_down("frame_flood", "too many frames");
  if (!resets_.use(cost.resets, now)) calm_down("reset_flood", "too many resets");
}

void Http2ServerProtocol::calm_down(std::string_view reason, std::string_view detail) {
  if (failed_) return;
  session_->send_goaway(http::Http2Error::kEnhanceYourCalm, detail);
  fail(reason, detail);
}

void Http2ServerProtocol::fail(std::string_view reason, std::string_view detail) {
  if (failed_) return;
  failed_ = true;
  host_.context().observer.on_rejected(Protocol::kGrpc, std::nullopt, reason, detail, host_.peer());
  host_.schedule_flush();
}

// Phase one: no new streams please, but those under way to us are still served; the ping's answer
// tells that the peer has read it.
void Http2ServerProtocol::begin_goaway() {
  if (goaway_ != Goaway::kNone || failed_) return;
  goaway_ = Goaway::kAnnounced;
  goaway_at_ = host_.context().loop.now();
  session_->announce_goaway();
  host_.wake_by(goaway_at_ + kGoawayAnswerTimeout);
  host_.schedule_flush();
}

void Http2ServerProtocol::finish_goaway() {
  goaway_ = Goaway::kSent;
  goaway_at_ = host_.context().loop.now();
  session_->send_goaway(http::Http2Error::kNoError, "");
  if (options_.age_grace > Duration::zero()) host_.wake_by(goaway_at_ + options_.age_grace);
  host_.schedule_flush();
}

void Http2ServerProtocol::begin_drain() { begin_goaway(); }

MonotonicTime Http2ServerProtocol::on_time(MonotonicTime now) {
  if (failed_) return kNever;
  return std::min({check_head(now), check_bodies(now), check_answers(now), check_deadlines(now),
                   check_keepalive(now), check_age(now)});
}

MonotonicTime Http2ServerProtocol::check_deadlines(MonotonicTime now) {
  MonotonicTime next = kNever;
  for (Http2ServerRequest* request = requests_; request != nullptr; request = request->next) {
    const MonotonicTime due = request->deadline();
    if (due <= now) {
      request->pass_deadline();
    } else {
      next = std::min(next, due);
    }
  }
  return next;
}

MonotonicTime Http2ServerProtocol::check_head(MonotonicTime now) {
  if (head_since_ == kNever || options_.header_timeout <= Duration::zero()) return kNever;
  const MonotonicTime due = head_since_ + options_.header_timeout;
  if (now < due) return due;
  session_->terminate(http::Http2Error::kNoError);
  fail("timeout", "an incomplete header section");
  return kNever;
}

MonotonicTime Http2ServerProtocol::check_bodies(MonotonicTime now) {
  if (options_.body_timeout <= Duration::zero()) return kNever;
  MonotonicTime next = kNever;
  for (Http2ServerRequest* request = requests_; request != nullptr; request = request->next) {
    if (!request->body_open()) continue;
    const MonotonicTime due = request->progress_at() + options_.body_timeout;
    if (now >= due) {
      request->time_out();
    } else {
      next = std::min(next, due);
    }
  }
  return next;
}

MonotonicTime Http2ServerProtocol::check_answers(MonotonicTime now) {
  if (options_.write_timeout <= Duration::zero()) return kNever;
  MonotonicTime next = kNever;
  for (Http2ServerRequest* request = requests_; request != nullptr; request = request->next) {
    const MonotonicTime since = request->answer_stalled_since(now);
    if (since == kNever) continue;
    if (now >= since + options_.write_timeout) {
      request->give_up_answer();
    } else {
      next = std::min(next, since + options_.write_timeout);
    }
  }
  return next;
}

MonotonicTime Http2ServerProtocol::check_keepalive(MonotonicTime now) {
  MonotonicTime next = kNever;
  if (options_.ping_after > Duration::zero()) {
    if (ping_sent_at_ != kNever) {
      next = ping_sent_at_ + options_.ping_timeout;
      if (now >= next) {
        session_->terminate(http::Http2Error::kNoError);
        fail("timeout", "a keep-alive ping was not answered");
        return kNever;
      }
    } else {
      next = read_at_ + options_.ping_after;
      if (now >= next) {
        session_->send_ping();
        host_.schedule_flush();
        ping_sent_at_ = now;
        next = now + options_.ping_timeout;
      }
    }
  }
  if (options_.idle_max > Duration::zero() && idle_since_ != kNever && goaway_ == Goaway::kNone) {
    const MonotonicTime due = idle_since_ + options_.idle_max;
    if (now >= due) {
      begin_goaway();
    } else {
      next = std::min(next, due);
    }
  }
  return next;
}

MonotonicTime Http2ServerProtocol::check_age(MonotonicTime now) {
  switch (goaway_) {
    case Goaway::kNone:
      if (now < age_at_) return age_at_;
      begin_goaway();
      return goaway_at_ + kGoawayAnswerTimeout;
    case Goaway::kAnnounced: {
      const MonotonicTime due = goaway_at_ + kGoawayAnswerTimeout;
      if (now < due) return due;
      finish_goaway();
      break;
    }
    case Goaway::kSent:
      break;
  }
  if (options_.age_grace <= Duration::zero()) return kNever;
  const MonotonicTime due = goaway_at_ + options_.age_grace;
  if (now < due) return due;
  session_->terminate(http::Http2Error::kNoError);
  failed_ = true;
  host_.schedule_flush();
  return kNever;
}

}  // namespace millrace::transport
