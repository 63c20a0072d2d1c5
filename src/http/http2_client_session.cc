#include "http/http2_client_session.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <string>
#include <utility>

#include "base/allocation_name.h"
#include "base/check.h"
#include "http/request_body.h"

namespace millrace::http {
namespace {

// The list of the pieces of one write.
constexpr size_t kPiecesBytesMax = 1 << 20;
// For all responses together; each stream has HTTP/2's default of 64 KiB.
constexpr int32_t kConnectionWindow = 1 << 20;
constexpr size_t kFrameHeaderSize = 9;
constexpr size_t kGoawayTextMax = 256;

nghttp2_nv to_nv(const Http2Field& field) {
  uint8_t flags = NGHTTP2_NV_FLAG_NONE;
  if (field.is_static) flags |= NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE;
  if (!field.indexed) flags |= NGHTTP2_NV_FLAG_NO_INDEX;
  // nghttp2 takes non-const pointers and does not write through them.
  return {reinterpret_cast<uint8_t*>(const_cast<char*>(field.name.data())),
          reinterpret_cast<uint8_t*>(const_cast<char*>(field.value.data())), field.name.size(),
          field.value.size(), flags};
}

}  // namespace

struct Http2ClientSession::Stream {
  Stream(Http2ResponseHandler& of, RequestBody request_body)
      : handler(&of), body(std::move(request_body)) {}

  int32_t id = 0;
  size_t index = 0;
  Http2ResponseHandler* handler = nullptr;  // null once it has heard its end
  RequestBody body;
  uint64_t headers_offset = 0;  // where in the output its HEADERS begin
  bool headers_produced = false;
  bool interim = false;  // the header block that is being read is a 1xx response
  uint32_t interim_count = 0;
};

struct Http2ClientSession::Callbacks {
  static Http2ClientSession& self(void* user) { return *static_cast<Http2ClientSession*>(user); }
  static Stream* stream_of(nghttp2_session* session, int32_t id) {
    return static_cast<Stream*>(nghttp2_session_get_stream_user_data(session, id));
  }

  static ssize_t send(nghttp2_session*, const uint8_t* data, size_t size, int, void* user) {
    Http2ClientSession& me = self(user);
    if (me.output_.is_full()) return NGHTTP2_ERR_WOULDBLOCK;
    size = std::min(size, GatheredOutput::kCopyBytesMax);
    me.output_.append_copy(data, size);
    return static_cast<ssize_t>(size);
  }

  static int send_data(nghttp2_session*, nghttp2_frame*, const uint8_t* header, size_t size,
                       nghttp2_data_source* source, void* user) {
    Http2ClientSession& me = self(user);
    if (me.output_.is_full()) return NGHTTP2_ERR_WOULDBLOCK;
    me.output_.append_copy(header, kFrameHeaderSize);
    static_cast<Stream*>(source->ptr)->body.append_to(me.output_, size);
    me.allowance_.on_frame_sent();
    return 0;
  }

  static ssize_t read_body(nghttp2_session*, int32_t, uint8_t*, size_t size, uint32_t* flags,
                           nghttp2_data_source* source, void*) {
    const Stream& stream = *static_cast<const Stream*>(source->ptr);
    const size_t left = stream.body.left();
    const size_t taken = std::min(left, size);
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (taken == left) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(taken);
  }

  static ssize_t read_length(nghttp2_session*, uint8_t, int32_t, int32_t session_window,
                             int32_t stream_window, uint32_t frame_max, void*) {
    return std::min({static_cast<int64_t>(session_window), static_cast<int64_t>(stream_window),
                     static_cast<int64_t>(frame_max)});
  }

  static int before_frame_send(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type != NGHTTP2_HEADERS) return 0;
    if (Stream* stream = stream_of(session, frame->hd.stream_id)) {
      stream->headers_offset = self(user).output_.appended();
      stream->headers_produced = true;
      self(user).allowance_.on_frame_sent();
    }
    return 0;
  }

  static int frame_not_sent(nghttp2_session* session, const nghttp2_frame* frame, int, void* user) {
    if (frame->hd.type != NGHTTP2_HEADERS) return 0;
    // nghttp2 does not know our data of a stream that it has not opened: look for it.
    Http2ClientSession& me = self(user);
    for (Stream* stream : me.streams_) {
      if (stream->id != frame->hd.stream_id) continue;
      me.end_stream(*stream, Http2End::kNotSent, Http2ErrorCode::kRefusedStream);
      // One that it has opened will also be closed, and forgotten then.
      if (nghttp2_session_find_stream(session, frame->hd.stream_id) == nullptr) me.forget(stream);
      break;
    }
    return 0;
  }

  static int begin_headers(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    self(user).block_bytes_ = 0;
    self(user).block_fields_ = 0;
    if (Stream* stream = stream_of(session, frame->hd.stream_id)) stream->interim = false;
    return 0;
  }

  static int header(nghttp2_session* session, const nghttp2_frame* frame, const uint8_t* name,
                    size_t name_size, const uint8_t* value, size_t value_size, uint8_t,
                    void* user) {
    Http2ClientSession& me = self(user);
    me.block_bytes_ += name_size + value_size + 32;
    if (me.block_bytes_ > kResponseHeadBytesMax || ++me.block_fields_ > kResponseFieldsMax) {
      return me.fail_limit(ResponseLimit::kHead,
                           "a header block of the response is larger than " +
                               std::to_string(kResponseHeadBytesMax) + " bytes or has more than " +
                               std::to_string(kResponseFieldsMax) + " fields");
    }
    Stream* stream = stream_of(session, frame->hd.stream_id);
    if (stream == nullptr || stream->handler == nullptr) return 0;
    return me.note_header(*stream, as_text({name, name_size}), as_text({value, value_size}));
  }

  static int data_chunk(nghttp2_session* session, uint8_t, int32_t id, const uint8_t* data,
                        size_t size, void* user) {
    Stream* stream = stream_of(session, id);
    if (stream == nullptr || stream->handler == nullptr) return 0;
    if (!stream->handler->on_body({data, size})) {
      self(user).end_stream(*stream, Http2End::kReset, Http2ErrorCode::kCancel);
      nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
    }
    return 0;
  }

  // Data and heads of a response that is waited for cost nothing; a response is bounded otherwise.
  static void give_back(nghttp2_session* session, const nghttp2_frame& frame,
                        Http2ClientSession& me) {
    const Stream* stream = stream_of(session, frame.hd.stream_id);
    if (stream == nullptr || stream->handler == nullptr) return;
    const bool is_forward =
        frame.hd.type == NGHTTP2_HEADERS ? !stream->interim : frame.hd.length > frame.data.padlen;
    if (is_forward) me.allowance_.give_back(frame.hd.type, frame.hd.length);
  }

  static int frame_received(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    Http2ClientSession& me = self(user);
    if (frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS) {
      give_back(session, *frame, me);
    }
    if (frame->hd.type == NGHTTP2_GOAWAY) {
      me.note_goaway(frame->goaway.error_code,
                     as_text({frame->goaway.opaque_data, frame->goaway.opaque_data_len}));
    } else if (frame->hd.type == NGHTTP2_PING && (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0) {
      if (me.unanswered_pings_ > 0) --me.unanswered_pings_;
    } else if ((frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS) &&
               (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
      Stream* stream = stream_of(session, frame->hd.stream_id);
      if (stream == nullptr || stream->handler == nullptr) return 0;
      // The peer has answered without reading all: the rest of the request has no reader.
      const bool unread = stream->body.left() != 0;
      me.end_stream(*stream, Http2End::kComplete, Http2ErrorCode::kNoError);
      if (unread) {
        nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id,
                                  NGHTTP2_NO_ERROR);
      }
    }
    return 0;
  }

  static int stream_closed(nghttp2_session* session, int32_t id, uint32_t code, void* user) {
    Stream* stream = stream_of(session, id);
    if (stream == nullptr) return 0;
    Http2ClientSession& me = self(user);
    // nghttp2 closes the streams above GOAWAY's last one with this same code.
    const Http2End end = code == NGHTTP2_REFUSED_STREAM ? Http2End::kNotSent : Http2End::kReset;
    me.end_stream(*stream, end, static_cast<Http2ErrorCode>(code));
    me.forget(stream);
    return 0;
  }

  static void install(nghttp2_session_callbacks* to) {
    nghttp2_session_callbacks_set_send_callback(to, send);
    nghttp2_session_callbacks_set_send_data_callback(to, send_data);
    nghttp2_session_callbacks_set_data_source_read_length_callback(to, read_length);
    nghttp2_session_callbacks_set_before_frame_send_callback(to, before_frame_send);
    nghttp2_session_callbacks_set_on_frame_not_send_callback(to, frame_not_sent);
    nghttp2_session_callbacks_set_on_begin_headers_callback(to, begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(to, header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(to, data_chunk);
    nghttp2_session_callbacks_set_on_frame_recv_callback(to, frame_received);
    nghttp2_session_callbacks_set_on_stream_close_callback(to, stream_closed);
  }
};

Http2ClientSession::Http2ClientSession() {
  nghttp2_session_callbacks* callbacks = nullptr;
  MILLRACE_CHECK(nghttp2_session_callbacks_new(&callbacks) == 0);
  Callbacks::install(callbacks);
  nghttp2_option* option = nullptr;
  MILLRACE_CHECK(nghttp2_option_new(&option) == 0);
  // Closed streams are only of use for priorities, which are not used here.
  nghttp2_option_set_no_closed_streams(option, 1);
  MILLRACE_CHECK(nghttp2_session_client_new2(&session_, callbacks, this, option) == 0);
  nghttp2_option_del(option);
  nghttp2_session_callbacks_del(callbacks);
  const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0}};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, std::size(settings));
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, kConnectionWindow);
}

Http2ClientSession::~Http2ClientSession() {
  nghttp2_session_del(session_);
  for (Stream* stream : streams_) delete stream;
}

bool Http2ClientSession::can_start() const {
  return !going_away_ && nghttp2_session_check_request_allowed(session_) != 0 &&
         streams_.size() <
             nghttp2_session_get_remote_settings(session_, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

Http2ClientSession::Stream* Http2ClientSession::start(Http2Request request,
                                                      Http2ResponseHandler& handler) {
  auto* stream = new Stream(
      handler, RequestBody(request.prefix, request.prefix_size, std::move(request.body)));

  constexpr size_t kUsualCount = 24;
  std::array<nghttp2_nv, kUsualCount> usual;
  std::vector<nghttp2_nv> many;
  nghttp2_nv* fields = usual.data();
  if (request.fields.size() > kUsualCount) {
    many.resize(request.fields.size());
    fields = many.data();
  }
  for (size_t i = 0; i < request.fields.size(); ++i) fields[i] = to_nv(request.fields[i]);

  nghttp2_data_provider provider{.source = {.ptr = stream}, .read_callback = Callbacks::read_body};
  stream->id = nghttp2_submit_request(session_, nullptr, fields, request.fields.size(),
                                      stream->body.left() == 0 ? nullptr : &provider, stream);
  MILLRACE_CHECK(stream->id > 0);
  stream->index = streams_.size();
  streams_.push_back(stream);
  ++open_count_;
  return stream;
}

void Http2ClientSession::cancel(Stream* stream) {
  MILLRACE_CHECK(stream->handler != nullptr);
  stream->handler = nullptr;
  --open_count_;
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream->id, NGHTTP2_CANCEL);
}

void Http2ClientSession::submit_ping() {
  if (nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr) == 0) ++unanswered_pings_;
}

int Http2ClientSession::fail_limit(ResponseLimit limit, std::string what) {
  limit_ = limit;
  limit_text_ = std::move(what);
  return NGHTTP2_ERR_CALLBACK_FAILURE;
}

int Http2ClientSession::note_header(Stream& stream, std::string_view name, std::string_view value) {
  if (name == ":status" && value.starts_with('1')) {
    stream.interim = true;
    if (++stream.interim_count > kInterimResponsesMax) {
      return fail_limit(ResponseLimit::kInterim, "more than " +
                                                     std::to_string(kInterimResponsesMax) +
                                                     " 1xx responses before the final one");
    }
  }
  if (!stream.interim) stream.handler->on_header(name, value);
  return 0;
}

// The text goes into logs: a part of it, and nothing that moves a cursor.
void Http2ClientSession::note_goaway(uint32_t error_code, std::string_view text) {
  going_away_ = true;
  goaway_text_ = http2_error_name(static_cast<Http2ErrorCode>(error_code));
  if (text.empty()) return;
  goaway_text_ += ": ";
  for (const char c : text.substr(0, kGoawayTextMax)) {
    goaway_text_ += c >= 0x20 && c < 0x7f ? c : '?';
  }
}

size_t Http2ClientSession::queued_frame_count() const {
  return nghttp2_session_get_outbound_queue_size(session_);
}

Status Http2ClientSession::check_limits() {
  if (allowance_.is_used_up()) {
    fail_limit(ResponseLimit::kFrames, "the peer sends too many frames that answer no request");
  } else if (queued_frame_count() > kQueuedFramesMax + 2 * streams_.size()) {
    fail_limit(ResponseLimit::kUnreadOutput, "the peer does not read: more than " +
                                                 std::to_string(kQueuedFramesMax) +
                                                 " frames wait for it");
  }
  if (limit_ != ResponseLimit::kNone) return fail(Code::kUnavailable, limit_text_);
  return {};
}

Status Http2ClientSession::receive(std::span<const uint8_t> bytes, MonotonicTime now) {
  allowance_.set_time(now);
  // nghttp2 does not tell of frames that it passes over: they are charged before it has them.
  allowance_.charge(bytes, walk_);
  const ssize_t taken = nghttp2_session_mem_recv(session_, bytes.data(), bytes.size());
  if (taken == NGHTTP2_ERR_FLOODED) {
    fail_limit(ResponseLimit::kUnreadOutput, "the peer does not read its acknowledgements");
  }
  if (Status within = check_limits(); !within) return within;
  if (taken < 0) {
    return fail(Code::kUnavailable,
                std::string("HTTP/2: ") + nghttp2_strerror(static_cast<int>(taken)));
  }
  return {};
}

bool Http2ClientSession::finished() const {
  return nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0;
}

std::span<const iovec> Http2ClientSession::view_output() {
  if (output_.is_written()) {
    output_.clear();
    const AllocationName name("constant connection to a back end", kPiecesBytesMax);
    // Fails only without memory; what was gathered so far is still right.
    static_cast<void>(nghttp2_session_send(session_));
  }
  return output_.view();
}

bool Http2ClientSession::was_written(const Stream& stream) const {
  return stream.headers_produced && output_.written() > stream.headers_offset;
}

void Http2ClientSession::end_stream(Stream& stream, Http2End end, Http2ErrorCode code) {
  if (stream.handler == nullptr) return;
  Http2ResponseHandler* handler = std::exchange(stream.handler, nullptr);
  --open_count_;
  // A shared copy: the pieces of the output may still point into the body.
  Rope body = end == Http2End::kNotSent ? stream.body.rope() : Rope();
  handler->on_end(end, code, std::move(body));
}

void Http2ClientSession::forget(Stream* stream) {
  // Pieces of the output may still point into the body.
  if (!output_.is_written() && stream->body.is_begun()) {
    output_.keep(std::move(stream->body).take_rope());
  }
  streams_[stream->index] = streams_.back();
  streams_[stream->index]->index = stream->index;
  streams_.pop_back();
  delete stream;
}

void Http2ClientSession::close() {
  going_away_ = true;
  for (size_t i = 0; i < streams_.size(); ++i) {
    Stream& stream = *streams_[i];
    end_stream(stream, was_written(stream) ? Http2End::kBroken : Http2End::kNotSent,
               Http2ErrorCode::kNoError);
  }
}

}  // namespace millrace::http
