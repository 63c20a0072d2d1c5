#include "daemon/otlp_client/interrupt.h"

#include <csignal>

namespace millrace::load {
namespace {

// A signal handler may only set a flag; the loop checks it 20 times a second.
constexpr Duration kLookInterval = 50ms;
volatile std::sig_atomic_t interrupted = 0;

extern "C" void note_interrupt(int) { interrupted = 1; }

}  // namespace

InterruptWatch::InterruptWatch(io::Loop& loop, std::function<void()> on_interrupt)
    : loop_(loop), on_interrupt_(std::move(on_interrupt)) {
  interrupted = 0;
  struct sigaction action{};
  action.sa_handler = note_interrupt;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  timer_ = loop_.make_timer([this] { look(); });
  timer_->arm_at(loop_.now() + kLookInterval);
}

InterruptWatch::~InterruptWatch() {
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
}

void InterruptWatch::look() {
  if (interrupted == 0) {
    timer_->arm_at(loop_.now() + kLookInterval);
    return;
  }
  on_interrupt_();
}

}  // namespace millrace::load
