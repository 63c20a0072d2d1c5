#include "daemon/top/terminal_session.h"

#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>

#include "daemon/terminal_text/terminal.h"

namespace millrace::top {
namespace {

// The alternate screen, without its cursor and without the wrapping of long lines.
constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J\x1b[H";
constexpr std::string_view kLeave = "\x1b[?7h\x1b[?25h\x1b[?1049l";

constexpr std::array kEnding = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
constexpr std::array kFaults = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};

// Read by the handler of faults, which may run at any point.
termios original;
volatile std::sig_atomic_t is_borrowed = 0;
volatile std::sig_atomic_t ending_signal = 0;
volatile std::sig_atomic_t is_stop_asked = 0;
volatile std::sig_atomic_t is_size_changed = 0;

// Calls only what a signal handler may call.
void write_all(std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = write(STDOUT_FILENO, text.data(), text.size());
    if (count > 0) {
      text.remove_prefix(static_cast<size_t>(count));
    } else if (count < 0 && errno != EINTR && errno != EAGAIN) {
      return;
    } else if (count < 0 && errno == EAGAIN) {
      pollfd room{.fd = STDOUT_FILENO, .events = POLLOUT, .revents = 0};
      if (poll(&room, 1, 1000) == 0) return;  // the terminal is not read any more
    }
  }
}

void borrow() {
  termios raw = original;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);  // Ctrl-C and Ctrl-Z stay signals
  raw.c_cc[VMIN] = 0;                                    // read() returns at once
  raw.c_cc[VTIME] = 0;
  tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  is_borrowed = 1;
  write_all(kEnter);
}

void give_back() {
  if (is_borrowed == 0) return;
  is_borrowed = 0;
  write_all(kLeave);
  // A program in the background would be stopped for this call.
  const bool is_in_front = tcgetpgrp(STDIN_FILENO) == getpgrp();
  if (is_in_front) tcsetattr(STDIN_FILENO, TCSADRAIN, &original);
}

extern "C" void note_signal(int number) {
  if (number == SIGWINCH) {
    is_size_changed = 1;
  } else if (number == SIGTSTP) {
    is_stop_asked = 1;
  } else {
    ending_signal = number;
  }
}

extern "C" void give_back_and_fail(int number) {
  give_back();
  raise(number);  // the handler is not set any more: the process ends as it would have
}

void set_handler(int number, void (*handler)(int), int flags) {
  struct sigaction action{};
  action.sa_handler = handler;
  action.sa_flags = flags;
  sigaction(number, &action, nullptr);
}

void set_handlers() {
  for (const int number : kEnding) set_handler(number, note_signal, SA_RESTART);
  set_handler(SIGTSTP, note_signal, SA_RESTART);
  set_handler(SIGWINCH, note_signal, SA_RESTART);
  for (const int number : kFaults) {
    set_handler(number, give_back_and_fail, static_cast<int>(SA_RESETHAND));
  }
}

void drop_handlers() {
  for (const int number : kEnding) set_handler(number, SIG_DFL, 0);
  for (const int number : kFaults) set_handler(number, SIG_DFL, 0);
  set_handler(SIGTSTP, SIG_DFL, 0);
  set_handler(SIGWINCH, SIG_DFL, 0);
}

}  // namespace

Result<std::unique_ptr<TerminalSession>> TerminalSession::begin() {
  if (!terminal_text::is_terminal(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &original) != 0) {
    return fail(Code::kUnimplemented, "this is no terminal");
  }
  ending_signal = 0;
  is_stop_asked = 0;
  is_size_changed = 0;
  set_handlers();
  borrow();
  return std::unique_ptr<TerminalSession>(new TerminalSession);
}

TerminalSession::~TerminalSession() {
  give_back();
  drop_handlers();
}

void TerminalSession::draw(const std::vector<std::string>& lines) {
  const size_t rows = terminal_text::terminal_size(STDOUT_FILENO).rows;
  // Line for line over the old picture, in one write, so that nothing flickers.
  std::string text = "\x1b[H";
  for (size_t i = 0; i < lines.size() && i < rows; ++i) {
    text += lines[i] + "\x1b[K";
    if (i + 1 < rows) text += "\r\n";
  }
  write_all(text + "\x1b[J");
}

std::optional<char> TerminalSession::next_key() {
  char bytes[16];
  const ssize_t count = read(STDIN_FILENO, bytes, 1);
  if (count == 0) return std::nullopt;
  if (count < 0) {
    // The terminal has gone, or this is a background process.
    if (errno == EIO) ending_signal = SIGHUP;
    return std::nullopt;
  }
  if (bytes[0] != '\x1b') return bytes[0];
  // The rest of the sequence is there already.
  if (read(STDIN_FILENO, bytes, sizeof bytes) < 0) return std::nullopt;
  return '\0';
}

TerminalSession::Asked TerminalSession::take_signals() {
  Asked asked{.end = static_cast<int>(ending_signal), .redraw = is_size_changed != 0};
  is_size_changed = 0;
  if (is_stop_asked != 0) {
    is_stop_asked = 0;
    give_back();
    raise(SIGSTOP);  // goes on here
    borrow();
    asked.redraw = true;
  }
  return asked;
}

}  // namespace millrace::top
