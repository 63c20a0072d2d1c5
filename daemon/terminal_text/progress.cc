#include "daemon/terminal_text/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "daemon/terminal_text/terminal.h"
#include "daemon/terminal_text/text_width.h"
#include "daemon/terminal_text/units.h"

namespace millrace::terminal_text {
namespace {

// A new measurement counts so much: the rate follows a change within about two seconds.
constexpr double kNewest = 0.2;

double seconds_of(Duration duration) { return static_cast<double>(duration.count()) / 1e9; }

std::optional<double> part_of(const Progress& progress) {
  if (progress.total == 0) return progress.part;
  return static_cast<double>(progress.done) / static_cast<double>(progress.total);
}

std::optional<double> seconds_left(const Progress& progress, const std::optional<double>& rate) {
  if (progress.left) return seconds_of(*progress.left);
  if (progress.total != 0) {
    if (progress.total <= progress.done || !rate || !(*rate > 0)) return std::nullopt;
    return static_cast<double>(progress.total - progress.done) / *rate;
  }
  if (!progress.part || !(*progress.part > 0) || *progress.part >= 1) return std::nullopt;
  return seconds_of(progress.elapsed) * (1 - *progress.part) / *progress.part;
}

}  // namespace

std::string ProgressText::next(const Progress& progress) {
  const Duration since = progress.elapsed - seen_at_;
  if (since > Duration(0)) {
    const uint64_t more = progress.done - std::min(seen_, progress.done);
    const double now = static_cast<double>(more) / seconds_of(since);
    rate_ = rate_ ? *rate_ + kNewest * (now - *rate_) : now;
    seen_at_ = progress.elapsed;
    seen_ = progress.done;
  }
  std::string text = count_text(progress.done);
  if (progress.total != 0) text += " of " + count_text(progress.total);
  text += " " + std::string(progress.noun);
  if (const auto part = part_of(progress)) {
    text += fmt::format(", {:.0f} %", std::floor(100.0 * std::clamp(*part, 0.0, 1.0)));
  }
  if (rate_) text += ", " + short_count_text(*rate_) + "/s";
  if (const auto left = seconds_left(progress, rate_)) text += ", " + span_text(*left) + " left";
  return text;
}

ProgressLine::ProgressLine() : is_terminal_(is_terminal(STDERR_FILENO)) {}

void ProgressLine::show(const Progress& progress) {
  if (!is_terminal_) return;
  // In the last column some terminals begin a new line.
  const size_t width = terminal_size(STDERR_FILENO).columns - 1;
  const std::string line = "\r" + fit_to_width(text_.next(progress), width) + "\r";
  std::fputs(line.c_str(), stderr);
  std::fflush(stderr);
  is_on_screen_ = true;
}

void ProgressLine::clear() {
  if (!is_on_screen_) return;
  is_on_screen_ = false;
  std::fputs("\x1b[K", stderr);
  std::fflush(stderr);
}

}  // namespace millrace::terminal_text
