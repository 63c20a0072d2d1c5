// A stream with a simple handler for tests: reads everything, sends `to_send`, and records what
// happened. Belongs to the stream's loop.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "io/loop.h"

namespace millrace::io::testing {

class StreamProbe final : public StreamHandler {
 public:
  explicit StreamProbe(std::unique_ptr<Stream> owned) : stream(std::move(owned)) {
    stream->set_handler(this);
    update_interest();
  }

  void send(std::string_view bytes) {
    to_send += bytes;
    flush();
  }
  void finish() {
    finish_when_sent = true;
    flush();
  }
  void close() { stream.reset(); }

  void on_ready(Interest ready) override {
    ++ready_calls;
    const auto bits = static_cast<unsigned>(ready);
    if ((bits & static_cast<unsigned>(Interest::kWrite)) != 0) {
      connected = true;
      flush();
    }
    if (stream && (bits & static_cast<unsigned>(Interest::kRead)) != 0) take();
  }
  void on_failed(const Error& error) override {
    ++failed_calls;
    failure = error.message;
    stream.reset();
  }

  std::unique_ptr<Stream> stream;
  std::string received;
  std::string to_send;
  bool echoes = false;  // sends back what it receives, including the end
  bool reads = true;
  bool connected = false;
  bool ended = false;  // the peer finished in order
  bool finished = false;
  bool finish_when_sent = false;
  bool broken = false;  // a read or write returned kError
  int ready_calls = 0;
  int failed_calls = 0;
  size_t read_bytes_max = 64 << 10;  // in one call of read
  std::string failure;

  bool over() const { return ended || broken || failed_calls > 0; }

  void update_interest() {
    if (!stream) return;
    unsigned wanted = 0;
    if (reads && !ended) wanted |= static_cast<unsigned>(Interest::kRead);
    if (!to_send.empty() || !connected) wanted |= static_cast<unsigned>(Interest::kWrite);
    stream->set_interest(static_cast<Interest>(wanted));
  }

 private:
  void take() {
    std::vector<uint8_t> buffer(read_bytes_max);
    const IoResult result = stream->read(buffer);
    switch (result.outcome) {
      case IoOutcome::kOk:
        received.append(reinterpret_cast<const char*>(buffer.data()), result.count);
        if (echoes) to_send.append(reinterpret_cast<const char*>(buffer.data()), result.count);
        break;
      case IoOutcome::kWouldBlock:
        break;
      case IoOutcome::kEnd:
        ended = true;
        if (echoes) finish_when_sent = true;
        break;
      case IoOutcome::kError:
        return break_down();
    }
    flush();
  }

  void flush() {
    while (stream && !to_send.empty()) {
      const iovec piece{to_send.data(), to_send.size()};
      const IoResult result = stream->write(std::span(&piece, 1));
      if (result.outcome == IoOutcome::kError) return break_down();
      if (result.outcome != IoOutcome::kOk) break;
      to_send.erase(0, result.count);
    }
    if (stream && to_send.empty() && finish_when_sent && !finished) {
      finished = true;
      stream->shutdown_write();
    }
    update_interest();
  }

  void break_down() {
    broken = true;
    failure = stream->error().message;
    stream.reset();
  }
};

}  // namespace millrace::io::testing
