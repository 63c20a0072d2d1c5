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
  std::array<char, 1024> text{};  // below PIPE_BUF, so that write() after poll() writes all of it
  const int size = std::snprintf(text.data(), text.size(), "millrace: bug: %s is false at %s:%d\n",
                                 condition, file, line);
  // The timeout of poll() lets the process end although nothing reads the pipe behind stderr.
  pollfd error{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
  if (size > 0 && poll(&error, 1, kReaderTimeMs) > 0) {
    const auto length = std::min(static_cast<size_t>(size), text.size() - 1);
    [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, text.data(), length);
  }
  std::abort();
}

}  // namespace millrace
