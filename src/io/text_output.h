// Text to a descriptor that may stand still: a terminal, a pipe that is not read, a full disk. A
// thread of its own writes; callers only append to a bounded buffer, so that no event loop ever
// waits for the reader.
//
// Why not O_NONBLOCK: the flag belongs to the open file, which other processes share.
//
// What finds no room, and what the system refuses, is dropped and counted in lines. Once something
// was written again, the notice says how many lines are missing, at the place where they are.
//
// Threads: all functions are safe from any thread. Lines are written whole, and together while
// they fit into PIPE_BUF, so that lines of several processes do not mix in one pipe.
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
    bool closes_descriptor = false;  // when the last byte is written or given up
    size_t bytes_max = size_t{1} << 20;
    // The line (or lines) that say `lines` are missing. Runs on the writing thread. Null: none.
    std::function<std::string(uint64_t lines)> notice = {};
  };

  explicit TextOutput(Options options);
  // Waits for nothing: what the system has not taken is lost. Call flush() before.
  ~TextOutput();
  TextOutput(const TextOutput&) = delete;
  TextOutput& operator=(const TextOutput&) = delete;

  // Takes all of `text`, or nothing and returns false: there is no room now. A text that is larger
  // than the buffer is taken when the buffer is empty.
  bool try_write(std::string_view text);
  // The same; what finds no room is dropped and counted.
  void write(std::string_view text);
  // Lines that the caller itself leaves out because there is no room.
  void count_dropped(uint64_t lines);

  // Whether so many bytes would be taken now.
  bool has_room(size_t bytes) const;
  // Since when the system has taken nothing although there is something to write; zero when nothing
  // waits.
  Duration stalled_for() const;
  uint64_t dropped_lines() const;
  // What the system said when it last refused a write; empty while writing works.
  std::string last_error() const;

  // Waits until everything is written or refused, at most for `within`. False: not everything.
  bool flush(Duration within);

 private:
  struct State;
  const std::shared_ptr<State> state_;  // shared with the thread, which may be stuck in a write
};

}  // namespace millrace::io
