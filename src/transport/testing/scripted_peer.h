// A peer that a fuzz input scripts: what it sends, how often each piece is sent again, and when it
// reads. Small inputs become long floods, so that a memory bound that does not hold is passed.
//
// A script is a row of steps, each a byte that chooses its kind and what that kind takes:
//   bytes as they are; an HTTP/2 frame of any kind; the head of a request (or answer) in HTTP/2,
//   with or without a frame behind it; read everything, nothing, or a little; wait.
// Everything that is sent is sent up to 32,768 times, on the next stream each time where it says
// so.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/testing/fuzz_input.h"
#include "base/time.h"
#include "io/loop.h"
#include "io/stream.h"

namespace millrace::transport::testing {

inline std::string hpack_field(std::string_view name, std::string_view value) {
  std::string bytes(1, '\0');
  bytes.push_back(static_cast<char>(std::min<size_t>(name.size(), 126)));
  bytes.append(name.substr(0, 126));
  bytes.push_back(static_cast<char>(std::min<size_t>(value.size(), 126)));
  bytes.append(value.substr(0, 126));
  return bytes;
}

inline std::string http2_frame(uint8_t type, uint8_t flags, uint32_t stream,
                               std::string_view payload) {
  std::string bytes;
  for (int at = 2; at >= 0; --at) bytes.push_back(static_cast<char>(payload.size() >> (8 * at)));
  bytes.push_back(static_cast<char>(type));
  bytes.push_back(static_cast<char>(flags));
  for (int at = 3; at >= 0; --at) bytes.push_back(static_cast<char>(stream >> (8 * at)));
  return bytes.append(payload);
}

class ScriptedPeer final : public io::StreamHandler {
 public:
  // `script` and `heads` must outlive it. `heads` are header blocks that a step chooses from.
  ScriptedPeer(io::Loop& loop, std::unique_ptr<io::Stream> stream,
               millrace::testing::FuzzInput script, std::span<const std::string> heads,
               std::string opening)
      : stream_(std::move(stream)),
        timer_(loop.make_timer([this] { go_on(); })),
        loop_(loop),
        script_(script),
        heads_(heads),
        out_(std::move(opening)) {
    stream_->set_handler(this);
    update_interest();
  }
  bool done() const { return ended_ || (script_.empty() && left_ == 0 && out_.empty()); }

 private:
  // Bytes that one input sends at most: the rest of the script is then not played.
  static constexpr size_t kBytesMax = 1 << 20;
  enum class Reads : uint8_t { kEverything, kNothing, kALittle };

  void on_ready(io::Interest ready) override {
    if (ended_) return;
    if ((static_cast<unsigned>(ready) & 1U) != 0 || reads_ == Reads::kALittle) {
      std::array<uint8_t, 4096> buffer;
      const size_t size = reads_ == Reads::kALittle ? 1 : buffer.size();
      if (stream_->read(std::span(buffer).first(size)).outcome >= io::IoOutcome::kEnd) {
        ended_ = true;
      }
    }
    write();
    update_interest();
  }
  void on_failed(const Error&) override { ended_ = true; }

  void go_on() {
    waits_ = false;
    if (ended_) return;
    write();
    update_interest();
  }
  void write() {
    constexpr int kWritesAtOnce = 64;
    for (int count = 0; count < kWritesAtOnce && !ended_ && !waits_; ++count) {
      if (out_.empty()) next();
      if (out_.empty()) return;
      const iovec piece{out_.data(), out_.size()};
      const io::IoResult result = stream_->write({&piece, 1});
      if (result.outcome == io::IoOutcome::kError) ended_ = true;
      if (result.outcome != io::IoOutcome::kOk) return;
      sent_ += result.count;
      out_.erase(0, result.count);
    }
  }
  void update_interest() {
    const bool writes = !ended_ && !waits_ && !done();
    const bool reads = !ended_ && reads_ == Reads::kEverything;
    stream_->set_interest(static_cast<io::Interest>((reads ? 1 : 0) | (writes ? 2 : 0)));
  }

  // Puts what is sent next into out_, or waits.
  void next() {
    if (sent_ >= kBytesMax) {
      script_ = {nullptr, 0};
      left_ = 0;
    }
    if (left_ == 0 && !read_step()) return;
    constexpr size_t kAtOnce = 16 * 1024;
    while (left_ > 0 && out_.size() < kAtOnce) {
      --left_;
      out_ += is_frame_ ? http2_frame(type_, flags_, stream_id_, piece_) : std::string(piece_);
      if (has_second_) out_ += http2_frame(second_type_, second_flags_, stream_id_, second_);
      if (is_on_next_stream_) stream_id_ += 2;
    }
  }
  // False: there is nothing to send for now.
  bool read_step() {
    if (script_.empty()) return false;
    const size_t kind = script_.choice(8);
    is_on_next_stream_ = false;
    is_frame_ = kind != 0;
    has_second_ = kind == 4 || kind == 5;
    switch (kind) {
      case 0:
        piece_ = script_.text();
        break;
      case 1:
      case 2:
        type_ = static_cast<uint8_t>(script_.choice(11));
        flags_ = script_.byte();
        choose_stream();
        piece_ = script_.text();
        break;
      case 3:
      case 4:
      case 5:
        type_ = 1;
        flags_ = script_.byte();
        choose_stream();
        piece_ = heads_[script_.choice(heads_.size())];
        if (!has_second_) break;
        second_type_ = static_cast<uint8_t>(script_.choice(11));
        second_flags_ = script_.byte();
        second_ = script_.text();
        break;
      case 6:
        reads_ = static_cast<Reads>(script_.choice(3));
        return read_step();
      default:
        waits_ = true;
        timer_->arm_at(loop_.now() + std::chrono::milliseconds(1) * (1 << script_.choice(14)));
        return false;
    }
    left_ = size_t{1} << script_.choice(16);
    return true;
  }
  void choose_stream() {
    const size_t which = script_.choice(4);
    if (which == 0) saved_stream_ = std::exchange(stream_id_, 0);
    if (which != 0 && stream_id_ == 0) stream_id_ = saved_stream_;
    if (which == 1) stream_id_ = std::max(stream_id_, 1U);
    is_on_next_stream_ = which >= 2;
  }

  std::unique_ptr<io::Stream> stream_;
  std::unique_ptr<io::Timer> timer_;
  io::Loop& loop_;
  millrace::testing::FuzzInput script_;
  const std::span<const std::string> heads_;
  std::string out_;  // not taken by the stream yet
  size_t sent_ = 0;
  // The step under way.
  size_t left_ = 0;  // times that it is still to be sent
  bool is_frame_ = false;
  bool is_on_next_stream_ = false;
  uint8_t type_ = 0;
  uint8_t flags_ = 0;
  uint32_t stream_id_ = 1;
  uint32_t saved_stream_ = 1;
  std::string_view piece_;
  bool has_second_ = false;  // a frame behind the first, on the same stream
  uint8_t second_type_ = 0;
  uint8_t second_flags_ = 0;
  std::string_view second_;
  Reads reads_ = Reads::kEverything;
  bool waits_ = false;
  bool ended_ = false;
};

}  // namespace millrace::transport::testing
