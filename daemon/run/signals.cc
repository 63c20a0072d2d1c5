#include "daemon/run/signals.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

namespace millrace::daemon {

Result<SignalWait> SignalWait::create() {
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t wanted;
  sigemptyset(&wanted);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&wanted, number);
  pthread_sigmask(SIG_BLOCK, &wanted, nullptr);
  const int signals = signalfd(-1, &wanted, SFD_CLOEXEC);
  const int wakeups = eventfd(0, EFD_CLOEXEC);
  if (signals < 0 || wakeups < 0) {
    return fail(Code::kResourceExhausted, std::string("signalfd: ") + std::strerror(errno));
  }
  return SignalWait(signals, wakeups);
}

SignalWait::SignalWait(SignalWait&& other) noexcept
    : signals_(std::exchange(other.signals_, -1)), wakeups_(std::exchange(other.wakeups_, -1)) {}

SignalWait::~SignalWait() {
  if (signals_ >= 0) close(signals_);
  if (wakeups_ >= 0) close(wakeups_);
}

int SignalWait::wait(Duration time) {
  const int timeout_ms = time == 0s ? -1 : static_cast<int>(time / 1ms);
  for (;;) {
    std::array<pollfd, 2> waiting = {{{.fd = signals_, .events = POLLIN, .revents = 0},
                                      {.fd = wakeups_, .events = POLLIN, .revents = 0}}};
    const int ready = poll(waiting.data(), waiting.size(), timeout_ms);
    if (ready < 0) continue;  // EINTR: the time begins anew
    if (ready == 0) return kTimeIsUp;
    if ((waiting[0].revents & POLLIN) != 0) {
      signalfd_siginfo info{};
      if (read(signals_, &info, sizeof(info)) == sizeof(info)) {
        return static_cast<int>(info.ssi_signo);
      }
    }
    if ((waiting[1].revents & POLLIN) != 0) {
      uint64_t count = 0;
      if (read(wakeups_, &count, sizeof(count)) == sizeof(count)) return kWoken;
    }
  }
}

void SignalWait::wake() {
  const uint64_t one = 1;
  // Cannot fail: the counter is far from its maximum.
  [[maybe_unused]] const ssize_t written = write(wakeups_, &one, sizeof(one));
}

}  // namespace millrace::daemon
