#include "daemon/run/signals.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <deque>
#include <string>
#include <thread>
#include <utility>

#include "base/mutex.h"

namespace millrace::daemon {
namespace {

constexpr std::array kEndingSignals = {SIGTERM, SIGINT, SIGQUIT, SIGXCPU, SIGPWR};
constexpr std::array kOtherSignals = {SIGHUP,    SIGUSR1, SIGUSR2, SIGALRM,
                                      SIGVTALRM, SIGPROF, SIGIO,   SIGSTKFLT};
// The maximum of signals that wait() has not fetched; the main thread may be busy starting.
constexpr size_t kWaitingMax = 64;

sigset_t wanted_signals() {
  sigset_t wanted;
  sigemptyset(&wanted);
  for (const int number : kEndingSignals) sigaddset(&wanted, number);
  for (const int number : kOtherSignals) sigaddset(&wanted, number);
  for (int number = SIGRTMIN; number <= SIGRTMAX; ++number) sigaddset(&wanted, number);
  return wanted;
}

}  // namespace

bool is_ending_signal(int number) {
  for (const int ending : kEndingSignals) {
    if (number == ending) return true;
  }
  return false;
}

struct SignalWait::State {
  ~State() {
    if (signals >= 0) close(signals);
    if (ending >= 0) close(ending);
  }
  void run();
  // True: this is the second signal that ends the process.
  bool receive(int number);

  std::function<void()> on_second_end;
  Duration grace{};
  int signals = -1;  // a signalfd
  int ending = -1;   // an eventfd; written to end the thread
  std::thread thread;

  Mutex mutex;
  Condition changed;
  // Numbers for wait(), oldest first.
  std::deque<int> waiting MILLRACE_GUARDED_BY(mutex);
  unsigned wakeups MILLRACE_GUARDED_BY(mutex) = 0;
  unsigned ends_received MILLRACE_GUARDED_BY(mutex) = 0;
};

bool SignalWait::State::receive(int number) {
  const MutexLock lock(mutex);
  if (is_ending_signal(number)) ++ends_received;
  if (waiting.size() < kWaitingMax || is_ending_signal(number)) waiting.push_back(number);
  changed.notify_all();
  return ends_received >= 2;
}

void SignalWait::State::run() {
  std::array<pollfd, 2> descriptors = {{{.fd = signals, .events = POLLIN, .revents = 0},
                                        {.fd = ending, .events = POLLIN, .revents = 0}}};
  bool is_second_end = false;
  while (!is_second_end) {
    if (poll(descriptors.data(), descriptors.size(), -1) < 0) continue;
    if (descriptors[1].revents != 0) return;
    signalfd_siginfo info{};
    if (read(signals, &info, sizeof(info)) == sizeof(info)) {
      is_second_end = receive(static_cast<int>(info.ssi_signo));
    }
  }
  if (poll(&descriptors[1], 1, static_cast<int>(grace / 1ms)) == 0) on_second_end();
}

Result<SignalWait> SignalWait::create(std::function<void()> on_second_end, Duration grace) {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  const sigset_t wanted = wanted_signals();
  pthread_sigmask(SIG_BLOCK, &wanted, nullptr);
  auto state = std::make_shared<State>();
  state->on_second_end = std::move(on_second_end);
  state->grace = grace;
  state->signals = signalfd(-1, &wanted, SFD_CLOEXEC);
  state->ending = eventfd(0, EFD_CLOEXEC);
  if (state->signals < 0 || state->ending < 0) {
    return fail(Code::kResourceExhausted, std::string("signalfd: ") + std::strerror(errno));
  }
  state->thread = std::thread([state = state.get()] { state->run(); });
  pthread_setname_np(state->thread.native_handle(), "signals");
  return SignalWait(std::move(state));
}

SignalWait::~SignalWait() {
  if (state_ == nullptr) return;
  const uint64_t one = 1;
  // Cannot fail, because the counter is far from its maximum.
  [[maybe_unused]] const ssize_t written = write(state_->ending, &one, sizeof(one));
  state_->thread.join();
}

int SignalWait::wait(Duration time) {
  const auto deadline = std::chrono::steady_clock::now() + time;
  const MutexLock lock(state_->mutex);
  while (state_->waiting.empty() && state_->wakeups == 0) {
    if (time == 0s) {
      state_->changed.wait(state_->mutex);
    } else if (!state_->changed.wait_until(state_->mutex, deadline)) {
      break;
    }
  }
  if (state_->waiting.empty() && state_->wakeups == 0) return kTimeIsUp;
  if (state_->waiting.empty()) {
    --state_->wakeups;
    return kWoken;
  }
  const int number = state_->waiting.front();
  state_->waiting.pop_front();
  return number;
}

void SignalWait::wake() {
  const MutexLock lock(state_->mutex);
  ++state_->wakeups;
  state_->changed.notify_all();
}

}  // namespace millrace::daemon
