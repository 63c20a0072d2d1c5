// A scripted HTTP/2 server for tests of clients: each whole request is handed to a function, which
// answers, resets, says GOAWAY, cuts the connection or keeps silent. One loop.
#pragma once

#include <nghttp2/nghttp2.h>

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "io/loop.h"

namespace millrace::transport::testing {

using Fields = std::vector<std::pair<std::string, std::string>>;

class ScriptedHttp2Server {
 public:
  class Connection;
  struct Request {
    Connection& connection;
    int32_t stream = 0;
    Fields fields = {};
    std::string body = {};

    std::string field(std::string_view name) const {
      for (const auto& [key, value] : fields) {
        if (key == name) return value;
      }
      return {};
    }
    // An answer without body (trailers-only when it has grpc-status).
    void answer(const Fields& head) { connection.answer(stream, head); }
    // The answer of a gRPC server to a call that succeeds.
    void answer_grpc(const std::string& message, const Fields& trailers = {{"grpc-status", "0"}}) {
      std::string body_text(5, '\0');
      body_text[3] = static_cast<char>(message.size() >> 8);
      body_text[4] = static_cast<char>(message.size());
      connection.answer(stream, {{":status", "200"}, {"content-type", "application/grpc"}},
                        body_text + message, trailers);
    }
  };
  using OnRequest = std::function<void(Request&)>;

  ScriptedHttp2Server(io::Loop& loop, OnRequest on_request)
      : loop_(loop), on_request_(std::move(on_request)) {}
  uint16_t listen(uint16_t port = 0) {
    auto made = loop_.listen(
        {.host = "", .port = port, .tls = nullptr}, [this](std::unique_ptr<io::Stream> stream) {
          ++connection_count;
          connections.push_back(std::make_unique<Connection>(*this, std::move(stream)));
        });
    MILLRACE_CHECK(made.has_value());
    listener_ = std::move(*made);
    return listener_->port();
  }
  void stop() {
    listener_.reset();
    connections.clear();
  }

  class Connection final : public io::StreamHandler {
   public:
    Connection(ScriptedHttp2Server& peer, std::unique_ptr<io::Stream> stream)
        : peer_(peer), stream_(std::move(stream)) {
      nghttp2_session_callbacks* to = nullptr;
      nghttp2_session_callbacks_new(&to);
      nghttp2_session_callbacks_set_on_header_callback(to, on_header);
      nghttp2_session_callbacks_set_on_data_chunk_recv_callback(to, on_data);
      nghttp2_session_callbacks_set_on_frame_recv_callback(to, on_frame);
      nghttp2_session_server_new(&session_, to, this);
      nghttp2_session_callbacks_del(to);
      const nghttp2_settings_entry settings[] = {
          {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, peer.streams_max}};
      nghttp2_submit_settings(session_, 0, settings, 1);
      stream_->set_handler(this);
      flush();
    }
    ~Connection() { nghttp2_session_del(session_); }

    void answer(int32_t id, const Fields& head) {
      std::vector<nghttp2_nv> fields = to_nv(head);
      nghttp2_submit_response(session_, id, fields.data(), fields.size(), nullptr);
      flush();
    }
    void answer(int32_t id, const Fields& head, std::string body, const Fields& trailers) {
      submit(id, head, {.body = std::move(body), .trailers = trailers});
    }
    // The head and `body`, and no end of the stream.
    void begin_answer(int32_t id, const Fields& head, std::string body) {
      submit(id, head, {.body = std::move(body), .has_end = false});
    }
    void reset(int32_t id, uint32_t code) {
      nghttp2_submit_rst_stream(session_, 0, id, code);
      flush();
    }
    void goaway(int32_t last, uint32_t code = 0) {
      nghttp2_submit_goaway(session_, 0, last, code, nullptr, 0);
      flush();
    }
    void max_streams(uint32_t count) {
      const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, count}};
      nghttp2_submit_settings(session_, 0, settings, 1);
      flush();
    }
    void send_raw(std::string bytes) {
      pending_ += bytes;
      flush();
    }
    void close() { stream_.reset(); }
    bool open() const { return stream_ != nullptr; }
    bool silent = false;  // reads and answers nothing, not even pings

   private:
    struct Out {
      std::string body = {};
      Fields trailers = {};
      bool has_end = true;
      size_t sent = 0;
    };
    void submit(int32_t id, const Fields& head, Out answer) {
      Out& out = out_[id];
      out = std::move(answer);
      nghttp2_data_provider provider{};
      provider.source.ptr = &out;
      provider.read_callback = read_body;
      std::vector<nghttp2_nv> fields = to_nv(head);
      nghttp2_submit_response(session_, id, fields.data(), fields.size(), &provider);
      flush();
    }
    static std::vector<nghttp2_nv> to_nv(const Fields& fields) {
      std::vector<nghttp2_nv> made;
      for (const auto& [name, value] : fields) {
        made.push_back({reinterpret_cast<uint8_t*>(const_cast<char*>(name.data())),
                        reinterpret_cast<uint8_t*>(const_cast<char*>(value.data())), name.size(),
                        value.size(), 0});
      }
      return made;
    }
    static ssize_t read_body(nghttp2_session* session, int32_t id, uint8_t* into, size_t size,
                             uint32_t* flags, nghttp2_data_source* source, void*) {
      Out& out = *static_cast<Out*>(source->ptr);
      if (!out.has_end && out.sent == out.body.size()) return NGHTTP2_ERR_DEFERRED;
      const size_t count = std::min(size, out.body.size() - out.sent);
      out.body.copy(reinterpret_cast<char*>(into), count, out.sent);
      out.sent += count;
      if (out.has_end && out.sent == out.body.size()) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
        if (!out.trailers.empty()) {
          *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
          std::vector<nghttp2_nv> fields = to_nv(out.trailers);
          nghttp2_submit_trailer(session, id, fields.data(), fields.size());
        }
      }
      return static_cast<ssize_t>(count);
    }
    static int on_header(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name,
                         size_t name_size, const uint8_t* value, size_t value_size, uint8_t,
                         void* user) {
      static_cast<Connection*>(user)->fields_[frame->hd.stream_id].emplace_back(
          std::string(as_text({name, name_size})), std::string(as_text({value, value_size})));
      return 0;
    }
    static int on_data(nghttp2_session*, uint8_t, int32_t id, const uint8_t* data, size_t size,
                       void* user) {
      static_cast<Connection*>(user)->bodies_[id].append(as_text({data, size}));
      return 0;
    }
    static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
      auto& me = *static_cast<Connection*>(user);
      if (frame->hd.type == NGHTTP2_RST_STREAM) ++me.peer_.reset_count;
      if ((frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) &&
          (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
        me.complete_.push_back(frame->hd.stream_id);
      }
      return 0;
    }
    void on_ready(io::Interest ready) override {
      if (static_cast<unsigned>(ready) & static_cast<unsigned>(io::Interest::kRead)) {
        std::array<uint8_t, 4096> buffer;
        const io::IoResult result = stream_->read(buffer);
        if (result.outcome == io::IoOutcome::kEnd || result.outcome == io::IoOutcome::kError) {
          return close();
        }
        if (result.outcome == io::IoOutcome::kOk && !silent) {
          if (nghttp2_session_mem_recv(session_, buffer.data(), result.count) < 0) return close();
        }
        for (const int32_t id : std::exchange(complete_, {})) {
          ++peer_.request_count;
          Request request{*this, id, std::move(fields_[id]), std::move(bodies_[id])};
          peer_.on_request_(request);
          if (stream_ == nullptr) return;
        }
      }
      flush();
    }
    void on_failed(const Error&) override { close(); }
    void flush() {
      if (stream_ == nullptr) return;
      const uint8_t* data = nullptr;
      ssize_t count = 0;
      while ((count = nghttp2_session_mem_send(session_, &data)) > 0) {
        pending_.append(as_text({data, static_cast<size_t>(count)}));
      }
      while (!pending_.empty()) {
        const iovec piece{pending_.data(), pending_.size()};
        const io::IoResult result = stream_->write({&piece, 1});
        if (result.outcome == io::IoOutcome::kError) return close();
        if (result.outcome != io::IoOutcome::kOk) break;
        pending_.erase(0, result.count);
      }
      stream_->set_interest(pending_.empty() ? io::Interest::kRead : io::Interest::kReadWrite);
    }

    ScriptedHttp2Server& peer_;
    std::unique_ptr<io::Stream> stream_;
    nghttp2_session* session_ = nullptr;
    std::string pending_;
    std::map<int32_t, Fields> fields_;
    std::map<int32_t, std::string> bodies_;
    std::map<int32_t, Out> out_;
    std::vector<int32_t> complete_;
  };

  std::vector<std::unique_ptr<Connection>> connections;
  uint32_t streams_max = 100;
  int connection_count = 0;
  int request_count = 0;
  int reset_count = 0;

 private:
  io::Loop& loop_;
  OnRequest on_request_;
  std::unique_ptr<io::Listener> listener_;
};

}  // namespace millrace::transport::testing
