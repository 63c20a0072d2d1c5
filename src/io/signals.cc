#include "io/signals.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "io/epoll/socket.h"

namespace millrace::io {

namespace {

class SignalThread final : public SignalWatch {
 public:
  SignalThread(Loop& loop, std::function<void(int)> on_signal)
      : loop_(loop), on_signal_(std::make_shared<std::function<void(int)>>(std::move(on_signal))) {}

  Status start(const std::vector<int>& signals) {
    sigset_t set;
    ::sigemptyset(&set);
    for (const int number : signals) ::sigaddset(&set, number);
    ::pthread_sigmask(SIG_BLOCK, &set, &old_mask_);
    blocked_ = true;
    signals_ = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    stop_ = ::eventfd(0, EFD_CLOEXEC);
    if (signals_ < 0 || stop_ < 0) return fail(system_error("watching signals", errno));
    thread_ = std::thread([this] { work(); });
    return {};
  }

  ~SignalThread() override {
    if (thread_.joinable()) {
      const uint64_t one = 1;
      while (::write(stop_, &one, sizeof one) < 0 && errno == EINTR) {
      }
      thread_.join();
    }
    if (signals_ >= 0) ::close(signals_);
    if (stop_ >= 0) ::close(stop_);
    if (blocked_) ::pthread_sigmask(SIG_SETMASK, &old_mask_, nullptr);
  }

 private:
  void work() {
    pollfd watched[2] = {{signals_, POLLIN, 0}, {stop_, POLLIN, 0}};
    for (;;) {
      if (::poll(watched, 2, -1) < 0) continue;  // EINTR
      if (watched[1].revents != 0) return;
      signalfd_siginfo info{};
      while (::read(signals_, &info, sizeof info) == sizeof info) {
        // Shared with the posted task, which may run after this watch is gone.
        loop_.post(
            [call = on_signal_, number = static_cast<int>(info.ssi_signo)] { (*call)(number); });
      }
    }
  }

  Loop& loop_;
  std::shared_ptr<std::function<void(int)>> on_signal_;
  std::thread thread_;
  sigset_t old_mask_{};
  int signals_ = -1;
  int stop_ = -1;
  bool blocked_ = false;
};

}  // namespace

Result<std::unique_ptr<SignalWatch>> watch_signals(Loop& loop, const std::vector<int>& signals,
                                                   std::function<void(int)> on_signal) {
  auto watch = std::make_unique<SignalThread>(loop, std::move(on_signal));
  if (Status started = watch->start(signals); !started) return fail(started.error());
  return watch;
}

}  // namespace millrace::io
