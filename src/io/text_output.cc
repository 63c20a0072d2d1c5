#include "io/text_output.h"

#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <csignal>
#include <system_error>
#include <thread>
#include <utility>

#include "base/mutex.h"

namespace millrace::io {
namespace {

using Clock = std::chrono::steady_clock;

uint64_t count_lines(std::string_view text) {
  return static_cast<uint64_t>(std::ranges::count(text, '\n'));
}

// The next part of `text` to write: as many whole lines as fit into PIPE_BUF, or that much of one
// long line.
std::string_view next_part(std::string_view text) {
  if (text.size() <= PIPE_BUF) return text;
  const size_t end = text.rfind('\n', PIPE_BUF - 1);
  return text.substr(0, end == std::string_view::npos ? PIPE_BUF : end + 1);
}

// Returns the number of bytes written, or an errno as a negative number.
ssize_t write_some(int descriptor, std::string_view text) {
  while (true) {
    const ssize_t count = ::write(descriptor, text.data(), text.size());
    if (count >= 0) return count == 0 ? -EIO : count;
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return -errno;
    // EAGAIN: another process made the shared open file non-blocking.
    pollfd waiting{.fd = descriptor, .events = POLLOUT, .revents = 0};
    ::poll(&waiting, 1, -1);
  }
}

}  // namespace

struct TextOutput::State {
  explicit State(Options given) : options(std::move(given)) {}
  ~State() {
    if (options.closes_descriptor) ::close(options.descriptor);
  }

  void run();
  void write_all(std::string_view text) MILLRACE_EXCLUDES(mutex);
  void take(ssize_t written, std::string_view part) MILLRACE_REQUIRES(mutex);
  bool is_idle() const MILLRACE_REQUIRES(mutex) { return waiting.empty() && writing_bytes == 0; }
  bool fits(size_t bytes) const MILLRACE_REQUIRES(mutex) {
    return is_idle() || waiting.size() + writing_bytes + bytes <= options.bytes_max;
  }
  void append(std::string_view text) MILLRACE_REQUIRES(mutex) {
    if (is_idle()) progress_at = Clock::now();
    // The notice is written where the lines are missing. While writes fail it would be lost.
    if (error == 0) announce();
    waiting += text;
  }
  void announce() MILLRACE_REQUIRES(mutex) {
    if (unannounced == 0 || !options.notice) return;
    announced_waiting += unannounced;
    waiting += options.notice(std::exchange(unannounced, 0));
  }

  const Options options;
  mutable Mutex mutex;
  Condition changed;
  std::string waiting MILLRACE_GUARDED_BY(mutex);
  // Taken by the thread and not yet written.
  size_t writing_bytes MILLRACE_GUARDED_BY(mutex) = 0;
  Clock::time_point progress_at MILLRACE_GUARDED_BY(mutex) = Clock::now();
  // All dropped lines, and dropped lines without a notice.
  uint64_t dropped MILLRACE_GUARDED_BY(mutex) = 0;
  uint64_t unannounced MILLRACE_GUARDED_BY(mutex) = 0;
  // Dropped lines whose notices are in `waiting` or are being written by the thread.
  uint64_t announced_waiting MILLRACE_GUARDED_BY(mutex) = 0;
  uint64_t announced_writing MILLRACE_GUARDED_BY(mutex) = 0;
  // The errno of the last write; 0: success.
  int error MILLRACE_GUARDED_BY(mutex) = 0;
  bool ending MILLRACE_GUARDED_BY(mutex) = false;
};

void TextOutput::State::run() {
  std::string text;
  MutexLock lock(mutex);
  while (true) {
    while (!ending && waiting.empty()) changed.wait(mutex);
    if (waiting.empty()) return;
    text.clear();
    std::swap(text, waiting);
    writing_bytes = text.size();
    announced_writing = std::exchange(announced_waiting, 0);
    lock.unlock();
    write_all(text);
    lock.lock();
    announced_writing = 0;
    if (error == 0 && waiting.empty()) announce();
    if (waiting.empty()) changed.notify_all();
  }
}

void TextOutput::State::write_all(std::string_view text) {
  while (!text.empty()) {
    const std::string_view part = next_part(text);
    const ssize_t written = write_some(options.descriptor, part);
    const size_t gone = written < 0 ? part.size() : static_cast<size_t>(written);
    const MutexLock lock(mutex);
    take(written, part);
    writing_bytes -= gone;
    text.remove_prefix(gone);
  }
}

void TextOutput::State::take(ssize_t written, std::string_view part) {
  error = written < 0 ? static_cast<int>(-written) : 0;
  if (written < 0) {
    dropped += count_lines(part);
    unannounced += count_lines(part) + std::exchange(announced_writing, 0);
  }
  progress_at = Clock::now();
}

TextOutput::TextOutput(Options options) : state_(std::make_shared<State>(std::move(options))) {
  // Signals are left to other threads.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread([state = state_] { state->run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_setname_np(thread.native_handle(), "text-output");
  // Never joined: it may be stuck in a write that ends only with the process.
  thread.detach();
}

TextOutput::~TextOutput() {
  const MutexLock lock(state_->mutex);
  state_->ending = true;
  state_->changed.notify_all();
}

bool TextOutput::try_write(std::string_view text) {
  if (text.empty()) return true;
  const MutexLock lock(state_->mutex);
  if (!state_->fits(text.size())) return false;
  state_->append(text);
  state_->changed.notify_all();
  return true;
}

void TextOutput::write(std::string_view text) {
  if (!try_write(text)) count_dropped(count_lines(text));
}

void TextOutput::count_dropped(uint64_t lines) {
  const MutexLock lock(state_->mutex);
  state_->dropped += lines;
  state_->unannounced += lines;
}

bool TextOutput::has_room(size_t bytes) const {
  const MutexLock lock(state_->mutex);
  return state_->fits(bytes);
}

Duration TextOutput::stalled_for() const {
  const MutexLock lock(state_->mutex);
  return state_->is_idle() ? 0s : Clock::now() - state_->progress_at;
}

uint64_t TextOutput::dropped_lines() const {
  const MutexLock lock(state_->mutex);
  return state_->dropped;
}

std::string TextOutput::last_error() const {
  const MutexLock lock(state_->mutex);
  return state_->error == 0 ? "" : std::system_category().message(state_->error);
}

bool TextOutput::flush(Duration within) {
  const Clock::time_point deadline = Clock::now() + within;
  const MutexLock lock(state_->mutex);
  while (!state_->is_idle()) {
    if (!state_->changed.wait_until(state_->mutex, deadline)) return state_->is_idle();
  }
  return true;
}

}  // namespace millrace::io
