#include "http/http2_server_session.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "http/nghttp2_fields.h"

namespace millrace::http {
namespace {

// Frames that follow one HEADERS frame, 16 KiB each.
constexpr size_t kContinuationsMax = 8;
// Counted here: nghttp2 counts a frame anew for each piece of its head that it is given.
constexpr size_t kBuiltInContinuationsMax = 1u << 30;
constexpr size_t kSettingsEntriesMax = 32;
constexpr size_t kAcknowledgementsQueuedMax = 1000;
// Frames that neither begin nor end a request, for each one that does, in a piece.
constexpr size_t kFramesForARequest = 4;
// The owner judges floods with a clock of its own; nghttp2's limit, which reads the system's, is
// set out of reach.
constexpr uint64_t kBuiltInResetLimit = 1u << 30;

}  // namespace

struct Http2ServerSession::Callbacks {
  static Http2ServerSession& self(void* user) { return *static_cast<Http2ServerSession*>(user); }
  static Http2Stream* stream_of(nghttp2_session* session, int32_t id) {
    return static_cast<Http2Stream*>(nghttp2_session_get_stream_user_data(session, id));
  }

  static int on_begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    const bool is_request = frame->headers.cat == NGHTTP2_HCAT_REQUEST;
    self(user).frame_cost_.inflated_bytes += static_cast<uint32_t>(self(user).head_.begin(
        is_request ? HeaderSection::Kind::kRequest : HeaderSection::Kind::kTrailers));
    return 0;
  }

  static int on_begin_frame(nghttp2_session* session, const nghttp2_frame_hd* header, void* user) {
    const bool is_headers = header->type == NGHTTP2_HEADERS;
    if ((is_headers || header->type == NGHTTP2_DATA) && (header->stream_id & 1) != 0) {
      Http2ServerSession& owner = self(user);
      if (header->stream_id > owner.id_max_) {
        if (is_headers) owner.id_max_ = header->stream_id;
      } else if (nghttp2_session_find_stream(session, header->stream_id) == nullptr) {
        owner.judge_frame_on_closed_stream(header->stream_id, is_headers);
      }
    }
    if (header->type == NGHTTP2_HEADERS || header->type == NGHTTP2_CONTINUATION) {
      self(user).head_open_ = (header->flags & NGHTTP2_FLAG_END_HEADERS) == 0;
      if (self(user).head_open_) self(user).head_.add_frame(header->length);
    }
    return 0;
  }

  static int on_header(nghttp2_session*, const nghttp2_frame*, const uint8_t* name,
                       size_t name_size, const uint8_t* value, size_t value_size, uint8_t,
                       void* user) {
    const bool goes_on = self(user).head_.add({reinterpret_cast<const char*>(name), name_size},
                                              {reinterpret_cast<const char*>(value), value_size});
    return goes_on ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
  }

  static int on_frame(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    Http2ServerSession& owner = self(user);
    switch (frame->hd.type) {
      case NGHTTP2_HEADERS: {
        if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
          Http2Stream* stream = owner.events_.on_request(
              frame->hd.stream_id, owner.head_.fields(),
              owner.head_.is_oversized() ? Http2ServerEvents::HeadSize::kOversized
                                         : Http2ServerEvents::HeadSize::kWithinLimit);
          owner.head_.release_fields();
          if (stream == nullptr) {
            nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id,
                                      NGHTTP2_REFUSED_STREAM);
            return 0;
          }
          stream->id = frame->hd.stream_id;
          ++owner.stream_count_;
          nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, stream);
          // Answered from inside on_request, before nghttp2 knew the stream's data.
          if (stream->responded) owner.submit(*stream);
        }
        end_of_request(session, frame, owner);
        return 0;
      }
      case NGHTTP2_DATA:
        if (frame->hd.length == 0 && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) {
          ++owner.frame_cost_.idle;
        }
        end_of_request(session, frame, owner);
        return 0;
      case NGHTTP2_PING:
        ++owner.frame_cost_.idle;
        if ((frame->hd.flags & NGHTTP2_FLAG_ACK) != 0) {
          owner.events_.on_ping_answered();
        } else {
          owner.events_.on_ping();
        }
        return 0;
      case NGHTTP2_SETTINGS:
        owner.settings_received_ = true;
        ++owner.frame_cost_.idle;
        return 0;
      case NGHTTP2_RST_STREAM:
        if (Http2Stream* stream = stream_of(session, frame->hd.stream_id))
          stream->peer_reset = true;
        ++owner.frame_cost_.resets;
        return 0;
      case NGHTTP2_WINDOW_UPDATE:  // some clients send one for each answer they read
        return 0;
      default:
        ++owner.frame_cost_.idle;
        return 0;
    }
  }

  static void end_of_request(nghttp2_session* session, const nghttp2_frame* frame,
                             Http2ServerSession& owner) {
    if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return;
    Http2Stream* stream = stream_of(session, frame->hd.stream_id);
    if (stream == nullptr) return;
    stream->request_ended = true;
    owner.events_.on_request_end(*stream);
  }

  static int on_data(nghttp2_session* session, uint8_t, int32_t id, const uint8_t* data,
                     size_t size, void* user) {
    Http2Stream* stream = stream_of(session, id);
    // The bytes lie in the buffer that receive() was given, which is ours to change.
    if (stream != nullptr) {
      self(user).events_.on_data(*stream, {const_cast<uint8_t*>(data), size});
    }
    return 0;
  }

  static int on_stream_close(nghttp2_session* session, int32_t id, uint32_t error, void* user) {
    Http2Stream* stream = stream_of(session, id);
    Http2ServerSession& owner = self(user);
    const bool by_peer = stream != nullptr && (stream->request_ended || stream->peer_reset);
    owner.closed_.add(id, by_peer ? ClosedStreams::By::kPeer : ClosedStreams::By::kUs);
    if (stream == nullptr) return 0;
    --owner.stream_count_;
    nghttp2_session_set_stream_user_data(session, id, nullptr);
    owner.events_.on_stream_closed(*stream, static_cast<Http2Error>(error));
    return 0;
  }

  static int on_frame_sent(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR &&
        self(user).failure_.empty()) {
      self(user).failure_ = "protocol_error";
    }
    // nghttp2 lets pings overtake; its answer is to tell that the GOAWAY before it has been read.
    if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.last_stream_id == INT32_MAX) {
      self(user).send_ping();
    }
    if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) return 0;
    self(user).events_.on_answer_sent();
    if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
    const Http2Stream* stream = stream_of(session, frame->hd.stream_id);
    if (stream != nullptr && !stream->request_ended) {
      nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_NO_ERROR);
    }
    return 0;
  }

  static ssize_t read_grpc_ok(nghttp2_session* session, int32_t id, uint8_t* into, size_t,
                              uint32_t* flags, nghttp2_data_source*, void*) {
    static constexpr std::string_view kName = "grpc-status";
    static constexpr std::string_view kOk = "0";
    std::memset(into, 0, 5);
    *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
    const nghttp2_nv trailer = static_field(kName, kOk);
    nghttp2_submit_trailer(session, id, &trailer, 1);
    return 5;
  }

  static ssize_t read_body(nghttp2_session* session, int32_t id, uint8_t* into, size_t room,
                           uint32_t* flags, nghttp2_data_source* source, void*) {
    auto& stream = *static_cast<Http2Stream*>(source->ptr);
    const std::string& body = stream.sending->body;
    const size_t size = std::min(room, body.size() - stream.body_sent);
    if (size == 0 && stream.sending->is_open) return NGHTTP2_ERR_DEFERRED;
    std::memcpy(into, body.data() + stream.body_sent, size);
    stream.body_sent += size;
    if (stream.body_sent < body.size() || stream.sending->is_open) {
      return static_cast<ssize_t>(size);
    }
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (!stream.sending->trailers.empty()) {
      *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
      const auto trailers = copied_fields(stream.sending->trailers);
      nghttp2_submit_trailer(session, id, trailers.data(), trailers.size());
    }
    return static_cast<ssize_t>(size);
  }
};

Http2ServerSession::Http2ServerSession(const Http2ServerOptions& options, Http2ServerEvents& events)
    : events_(events), head_(options.header_bytes_max) {
  nghttp2_session_callbacks* callbacks = nullptr;
  MILLRACE_CHECK(nghttp2_session_callbacks_new(&callbacks) == 0);
  nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, Callbacks::on_begin_headers);
  nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, Callbacks::on_begin_frame);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, Callbacks::on_header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, Callbacks::on_frame);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Callbacks::on_data);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, Callbacks::on_stream_close);
  nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, Callbacks::on_frame_sent);
  nghttp2_option* option = nullptr;
  MILLRACE_CHECK(nghttp2_option_new(&option) == 0);
  nghttp2_option_set_no_closed_streams(option, 1);
  nghttp2_option_set_max_continuations(option, kBuiltInContinuationsMax);
  nghttp2_option_set_max_settings(option, kSettingsEntriesMax);
  nghttp2_option_set_max_outbound_ack(option, kAcknowledgementsQueuedMax);
  nghttp2_option_set_stream_reset_rate_limit(option, kBuiltInResetLimit, kBuiltInResetLimit);
  MILLRACE_CHECK(nghttp2_session_server_new2(&session_, callbacks, this, option) == 0);
  nghttp2_option_del(option);
  nghttp2_session_callbacks_del(callbacks);

  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, options.streams_max},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, options.stream_window_bytes},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE,
       static_cast<uint32_t>(std::min<size_t>(options.header_bytes_max, INT32_MAX))},
  };
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, std::size(settings));
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0,
                                        static_cast<int32_t>(options.connection_window_bytes));
}

Http2ServerSession::~Http2ServerSession() { nghttp2_session_del(session_); }

size_t Http2ServerSession::receive(std::span<uint8_t> bytes, size_t requests_max) {
  // Beginnings and ends of requests are where the work is, so they are what ends a piece.
  //
  // nghttp2 drops DATA on a stream that it has forgotten, without a callback. Such a frame is
  // judged by the state that it meets, so the bytes before it are read first; other traffic is not
  // cut.
  size_t read = 0;
  size_t at = 0;
  bool resets_seen = false;
  for (size_t units = 0; at < bytes.size() && units < kFramesForARequest * requests_max;) {
    at += walk_.walk(bytes.subspan(at));
    if (!walk_.at_head()) break;
    const uint8_t type = walk_.type();
    const bool is_data = type == NGHTTP2_DATA;
    const bool is_head = type == NGHTTP2_HEADERS || type == NGHTTP2_CONTINUATION;
    const bool is_end = is_data && (walk_.flags() & NGHTTP2_FLAG_END_STREAM) != 0;
    units += is_head || is_end ? kFramesForARequest : 1;
    resets_seen = resets_seen || type == NGHTTP2_RST_STREAM;
    continuation_count_ = type == NGHTTP2_CONTINUATION ? continuation_count_ + 1 : 0;
    if (continuation_count_ > kContinuationsMax) {
      read_frames(bytes.subspan(read, at - read));
      if (!at_end_) end_for_flood();
      return at;
    }
    if (!is_data) continue;
    const int32_t id = walk_.stream_id();
    if (!resets_seen && !is_closed(id)) continue;
    read_frames(bytes.subspan(read, at - read));
    if (at_end_) return at;
    read = at;
    if (is_closed(id)) judge_frame_on_closed_stream(id, false);
  }
  read_frames(bytes.subspan(read, at - read));
  return at;
}

bool Http2ServerSession::is_closed(int32_t id) const {
  return id <= id_max_ && nghttp2_session_find_stream(session_, id) == nullptr;
}

void Http2ServerSession::read_frames(std::span<uint8_t> bytes) {
  const ssize_t consumed = nghttp2_session_mem_recv(session_, bytes.data(), bytes.size());
  if (consumed >= 0) {
    at_end_ = nghttp2_session_want_read(session_) == 0;
    return;
  }
  at_end_ = true;
  switch (consumed) {
    case NGHTTP2_ERR_BAD_CLIENT_MAGIC:
      failure_ = "bad_preface";
      break;
    case NGHTTP2_ERR_FLOODED:
      failure_ = "frame_flood";
      break;
    case NGHTTP2_ERR_CALLBACK_FAILURE:  // on_header's
      return end_for_flood();
    default:
      failure_ = "protocol_error";
      break;
  }
  terminate(Http2Error::kProtocolError);
}

void Http2ServerSession::end_for_flood() {
  at_end_ = true;
  failure_ = "header_flood";
  terminate(Http2Error::kEnhanceYourCalm);
}

size_t Http2ServerSession::open_head_bytes() const {
  const bool in_head = walk_.type() == NGHTTP2_HEADERS || walk_.type() == NGHTTP2_CONTINUATION;
  if (!in_head || (walk_.payload_left() == 0 && !head_open_)) return 0;
  return head_.memory_bytes(walk_.payload_walked());
}

size_t Http2ServerSession::waiting_frame_count() const {
  return nghttp2_session_get_outbound_queue_size(session_);
}

void Http2ServerSession::write_to(std::string& out, size_t out_bytes_max) {
  while (out.size() < out_bytes_max) {
    const uint8_t* data = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session_, &data);
    if (size <= 0) return;
    out.append(reinterpret_cast<const char*>(data), static_cast<size_t>(size));
  }
}

bool Http2ServerSession::wants_write() const { return nghttp2_session_want_write(session_) != 0; }

bool Http2ServerSession::finished() const {
  return nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0;
}

void Http2ServerSession::respond(Http2Stream& stream, Http2Response response) {
  MILLRACE_DCHECK(!stream.responded);
  stream.sending = std::make_unique<Http2Response>(std::move(response));
  stream.responded = true;
  if (stream.id != 0) submit(stream);
}

void Http2ServerSession::go_on(Http2Stream& stream, std::string body, BodyEnd end) {
  MILLRACE_DCHECK(stream.sending != nullptr && stream.sending->is_open);
  MILLRACE_DCHECK(stream.body_sent == stream.sending->body.size());
  stream.sending->body = std::move(body);
  stream.body_sent = 0;
  stream.sending->is_open = end == BodyEnd::kOpen;
  nghttp2_session_resume_data(session_, stream.id);
}

void Http2ServerSession::respond_grpc_ok(Http2Stream& stream) {
  MILLRACE_DCHECK(!stream.responded);
  stream.responded = true;
  if (stream.id != 0) submit(stream);
}

void Http2ServerSession::judge_frame_on_closed_stream(int32_t id, bool is_headers) {
  if (const std::optional<ClosedStreams::By> by = closed_.find(id)) {
    if (*by == ClosedStreams::By::kPeer) terminate(Http2Error::kStreamClosed);
  } else if (is_headers) {
    // Never opened: a new stream must have a higher number than all before (section 5.1.1).
    terminate(Http2Error::kProtocolError);
  }
}

void Http2ServerSession::submit(Http2Stream& stream) {
  nghttp2_data_provider provider{};
  if (!stream.sending) {
    static constexpr std::string_view kStatus = ":status", k200 = "200";
    static constexpr std::string_view kType = "content-type", kGrpc = "application/grpc";
    const nghttp2_nv headers[] = {static_field(kStatus, k200), static_field(kType, kGrpc)};
    provider.read_callback = Callbacks::read_grpc_ok;
    nghttp2_submit_response(session_, stream.id, headers, std::size(headers), &provider);
    return;
  }
  const auto headers = copied_fields(stream.sending->headers);
  provider.source.ptr = &stream;
  provider.read_callback = Callbacks::read_body;
  const bool header_only =
      stream.sending->body.empty() && stream.sending->trailers.empty() && !stream.sending->is_open;
  nghttp2_submit_response(session_, stream.id, headers.data(), headers.size(),
                          header_only ? nullptr : &provider);
}

void Http2ServerSession::reset(Http2Stream& stream, Http2Error error) {
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream.id, static_cast<uint32_t>(error));
}

void Http2ServerSession::send_ping() { nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr); }

void Http2ServerSession::announce_goaway() { nghttp2_submit_shutdown_notice(session_); }

void Http2ServerSession::send_goaway(Http2Error error, std::string_view debug_text) {
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE,
                        nghttp2_session_get_last_proc_stream_id(session_),
                        static_cast<uint32_t>(error),
                        reinterpret_cast<const uint8_t*>(debug_text.data()), debug_text.size());
}

void Http2ServerSession::terminate(Http2Error error) {
  nghttp2_session_terminate_session(session_, static_cast<uint32_t>(error));
}

}  // namespace millrace::http
