// Text output to a descriptor that may block: a terminal, a pipe without a reader, a full disk. A
// thread of its own writes; callers only append to a bounded buffer, so that no event loop ever
// waits for the reader.
//
// O_NONBLOCK is no alternative: the flag belongs to the open file, which other processes share.
//
// Lines that exceed the buffer or that the system refuses are dropped and counted. After the next
// successful write a notice states the number of missing lines, where they are missing.
//
// Threads: all functions are safe from any thread. Each line is written in one call while it fits
// into PIPE_BUF, so that lines of several processes do not mix in one pipe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/time.h"

namespace millrace::io {

class TextOutput {
 public:
  struct Options {
    int descriptor = -1;
    bool closes_descriptor = false;  // after the last byte is written or dropped
    size_t bytes_max = size_t{1} << 20;
    // Returns the lines that state that `lines` are missing. On the writing thread. May be null.
    std::function<std::string(uint64_t lines)> notice = {};
  };

  explicit TextOutput(Options options);
  // Does not wait: unwritten text is lost. Call flush() first.
  ~TextOutput();
  TextOutput(const TextOutput&) = delete;
  TextOutput& operator=(const TextOutput&) = delete;

  // Appends all of `text`, or nothing and returns false when there is no room. A text larger than
  // the buffer is accepted when the buffer is empty.
  bool try_write(std::string_view text);
  // As try_write(), but drops and counts a text for which there is no room.
  void write(std::string_view text);
  // Counts lines that the caller itself omits because there is no room.
  void count_dropped(uint64_t lines);

  // Whether that many bytes would be accepted now.
  bool has_room(size_t bytes) const;
  // The time since the system last accepted bytes while text waits; zero when none waits.
  Duration stalled_for() const;
  uint64_t dropped_lines() const;
  // The error of the last refused write; empty while writing works.
  std::string last_error() const;

  // Waits until everything is written or refused, at most for `within`. False: some text waits.
  bool flush(Duration within);

 private:
  struct State;
  const std::shared_ptr<State> state_;  // shared with the thread, which may be stuck in a write
};

}  // namespace millrace::io
