#include "base/check.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

namespace millrace {
namespace {

constexpr int kReaderTimeMs = 1000;

}  // namespace

void check_failed(const char* condition, const char* file, int line) {
  std::array<char, 1024> text{};  // less than PIPE_BUF: what poll() finds room for is written whole
  const int size = std::snprintf(text.data(), text.size(), "millrace: bug: %s is false at %s:%d\n",
                                 condition, file, line);
  // A pipe without a reader must not keep a broken process alive.
  pollfd error{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
  if (size > 0 && poll(&error, 1, kReaderTimeMs) > 0) {
    const auto length = std::min(static_cast<size_t>(size), text.size() - 1);
    [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, text.data(), length);
  }
  std::abort();
}

}  // namespace millrace
