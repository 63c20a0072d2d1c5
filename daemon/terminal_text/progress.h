// A line on the terminal that says how far long work is, how quick, and how long it still takes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace millrace::terminal_text {

struct Progress {
  std::string_view noun;  // of what is counted, in the plural: "spans"
  uint64_t done = 0;
  uint64_t total = 0;     // 0: not known
  Duration elapsed = {};  // since the start
  // Where the total is known in another unit only: the part that is done, up to 1.
  std::optional<double> part = {};
  // Of work that ends at a time; nothing: it follows from the total and the rate, or the part.
  std::optional<Duration> left = {};
};

// "12,345 of 100,000 spans, 12 %, 5.2k/s, 17 s left". Pure.
class ProgressText {
 public:
  // The rate is that of the last few seconds.
  std::string next(const Progress& progress);

 private:
  Duration seen_at_{};
  uint64_t seen_ = 0;
  std::optional<double> rate_;  // items a second, smoothed
};

// The last line of standard error, written again and again, when that is a terminal. What others
// write there begins in its first column and replaces it. One thread.
class ProgressLine {
 public:
  // How often show() should be called.
  static constexpr Duration kInterval = 200ms;

  ProgressLine();
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  bool is_shown() const { return is_terminal_; }
  void show(const Progress& progress);
  // Removes the line; call it before anything else is printed.
  void clear();

 private:
  const bool is_terminal_;
  bool is_on_screen_ = false;
  ProgressText text_;
};

}  // namespace millrace::terminal_text
