#include "daemon/top/top.h"

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "daemon/console_client/console_client.h"
#include "daemon/otlp_client/interrupt.h"
#include "daemon/terminal_text/terminal.h"
#include "daemon/top/screen.h"
#include "daemon/top/terminal_session.h"
#include "io/epoll/epoll.h"

namespace millrace::top {
namespace {

using console_client::print_error;

// Between two looks at the keyboard and the signals.
constexpr Duration kLookInterval = 50ms;

// Asks for one sample after the other.
class Sampler {
 public:
  using OnSample = std::function<void(Result<Sample>)>;
  Sampler(console_client::ConsoleClient& client, OnSample on_sample)
      : client_(client), on_sample_(std::move(on_sample)) {}

  // Calls back in a later turn. Precondition: no sample is under way.
  void start() {
    sample_ = {};
    ask(0);
  }

 private:
  void ask(size_t part) {
    client_.get(kPaths[part], [this, part](const Result<std::string>& body) { take(part, body); });
  }

  void take(size_t part, const Result<std::string>& body) {
    if (!body) return on_sample_(fail(body.error()));
    const auto answer = json_answer::JsonAnswer::parse(*body);
    if (!answer) return on_sample_(fail(answer.error()));
    read_part(part, *answer, sample_);
    if (part + 1 < std::size(kPaths)) return ask(part + 1);
    on_sample_(std::move(sample_));
  }

  console_client::ConsoleClient& client_;
  const OnSample on_sample_;
  Sample sample_;
};

// The live view, on a terminal.
class LiveView {
 public:
  LiveView(io::Loop& loop, console_client::ConsoleClient& client, TerminalSession& terminal,
           const TopOptions& options)
      : loop_(loop),
        terminal_(terminal),
        options_(options),
        sampler_(client, [this](Result<Sample> sample) { take(std::move(sample)); }),
        sample_timer_(loop.make_timer([this] { sampler_.start(); })),
        look_timer_(loop.make_timer([this] { look(); })) {}

  void start() {
    draw();
    sampler_.start();
    look();
  }
  // The signal that ended the view; 0: the user did.
  int ended_by() const { return ended_by_; }

 private:
  void take(Result<Sample> sample) {
    if (sample) {
      trouble_.clear();
      if (!is_held_) {
        before_ = std::exchange(now_, *std::move(sample));
      }
    } else {
      trouble_ = sample.error().message;
    }
    draw();
    sample_timer_->arm_at(loop_.now() + options_.interval);
  }

  void look() {
    const TerminalSession::Asked asked = terminal_.take_signals();
    if (asked.end != 0) {
      ended_by_ = asked.end;
      return loop_.stop();
    }
    bool is_changed = asked.redraw;
    while (const auto key = terminal_.next_key()) {
      if (*key == 'q' || *key == 'Q') return loop_.stop();
      if (*key == '?' || *key == 'h') shows_help_ = !shows_help_;
      if (*key == ' ') is_held_ = !is_held_;
      is_changed = true;
    }
    if (is_changed) draw();
    look_timer_->arm_at(loop_.now() + kLookInterval);
  }

  void draw() {
    const Layout layout = terminal_text::layout_for(STDOUT_FILENO);
    if (shows_help_) return terminal_.draw(help(layout));
    if (!now_) return terminal_.draw(waiting(options_.target.address, trouble_, layout));
    Lines lines = picture(*now_, Rates(before_, *now_), trouble_, layout);
    lines.emplace_back();
    lines.push_back(terminal_text::line_of(
        is_held_ ? "stopped: space continues   q end   ? help" : "q end   ? help   space stop",
        terminal_text::Style::kDim, layout));
    terminal_.draw(lines);
  }

  io::Loop& loop_;
  TerminalSession& terminal_;
  const TopOptions& options_;
  Sampler sampler_;
  std::unique_ptr<io::Timer> sample_timer_;
  std::unique_ptr<io::Timer> look_timer_;
  std::optional<Sample> before_;
  std::optional<Sample> now_;
  std::string trouble_;
  bool shows_help_ = false;
  bool is_held_ = false;
  int ended_by_ = 0;
};

int print_once(io::Loop& loop, console_client::ConsoleClient& client, const TopOptions& options) {
  std::optional<Sample> before;
  std::optional<Sample> now;
  Status status;
  std::unique_ptr<io::Timer> timer;
  Sampler sampler(client, [&](Result<Sample> sample) {
    if (!sample) {
      status = fail(sample.error());
      return loop.stop();
    }
    if (before) {
      now = *std::move(sample);
      return loop.stop();
    }
    before = *std::move(sample);
    timer->arm_at(loop.now() + options.interval);
  });
  timer = loop.make_timer([&] { sampler.start(); });
  const load::InterruptWatch interrupt(loop, [&] { loop.stop(); });
  loop.post([&] { sampler.start(); });
  loop.run();
  if (!status) return print_error(status.error());
  if (!now) return 1;  // interrupted
  const Layout layout = terminal_text::layout_for(STDOUT_FILENO);
  for (const std::string& line : picture(*now, Rates(before, *now), "", layout)) {
    std::printf("%s\n", line.c_str());
  }
  std::fflush(stdout);
  return 0;
}

}  // namespace

int run_top(const TopOptions& options) {
  auto loop = io::make_epoll_loop();
  if (!loop) return print_error(loop.error());
  auto client = console_client::ConsoleClient::create(**loop, options.target);
  if (!client) return print_error(client.error());
  if (options.prints_once || !terminal_text::is_terminal(STDIN_FILENO) ||
      !terminal_text::is_terminal(STDOUT_FILENO)) {
    return print_once(**loop, **client, options);
  }
  int ended_by = 0;
  {
    auto terminal = TerminalSession::begin();
    if (!terminal) return print_error(terminal.error());
    LiveView view(**loop, **client, **terminal, options);
    (*loop)->post([&] { view.start(); });
    (*loop)->run();
    ended_by = view.ended_by();
  }
  // The parent learns which signal it was, but Ctrl-C is how a user ends this.
  if (ended_by != 0 && ended_by != SIGINT) raise(ended_by);
  return 0;
}

}  // namespace millrace::top
