#include "daemon/show/show.h"

#include <unistd.h>

#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "daemon/console_client/console_client.h"
#include "daemon/otlp_client/interrupt.h"
#include "daemon/show/show_text.h"
#include "daemon/terminal_text/printable_lines.h"
#include "daemon/terminal_text/terminal.h"
#include "io/epoll/epoll.h"

namespace millrace::show {
namespace {

using console_client::print_error;

constexpr Duration kFollowInterval = 1s;

Layout layout_of_output() { return terminal_text::layout_for(STDOUT_FILENO); }

void print(const std::string& line) {
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fputc('\n', stdout);
}

void print_all(const Lines& lines) {
  for (const std::string& line : lines) print(line);
  std::fflush(stdout);
}

using ToLines = std::function<Lines(const JsonAnswer&, const Layout&)>;

int show(const ShowOptions& options, const std::string& asked, const ToLines& to_lines) {
  const auto body = console_client::get_once(options.target, asked);
  if (!body) return print_error(body.error());
  if (options.prints_json) {
    print(terminal_text::printable_lines(*body));
    std::fflush(stdout);
    return 0;
  }
  const auto answer = JsonAnswer::parse(*body);
  if (!answer) return print_error(answer.error());
  print_all(to_lines(*answer, layout_of_output()));
  return 0;
}

bool has_records(const JsonAnswer& list) {
  bool has_one = false;
  list.each("logs", [&](const JsonAnswer&) { has_one = true; });
  return has_one;
}

// Prints the newest records, and then once a second those that are new.
class Following {
 public:
  Following(io::Loop& loop, console_client::ConsoleClient& client, const LogsOptions& options)
      : loop_(loop),
        client_(client),
        options_(options),
        timer_(loop.make_timer([this] { ask(); })) {}

  void ask() {
    client_.get(asked_by(options_, cursor_),
                [this](const Result<std::string>& body) { take(body); });
  }
  const Status& status() const { return status_; }

 private:
  void take(const Result<std::string>& body) {
    const auto answer = body ? JsonAnswer::parse(*body) : fail(body.error());
    if (!answer) {
      status_ = fail(answer.error());
      return loop_.stop();
    }
    if (options_.prints_json) {
      print(terminal_text::printable_lines(*body));
      std::fflush(stdout);
    } else {
      show(*answer);
    }
    cursor_ = answer->text("newest_cursor");
    if (std::ferror(stdout) != 0) return loop_.stop();  // its reader has gone
    timer_->arm_at(loop_.now() + kFollowInterval);
  }

  void show(const JsonAnswer& answer) {
    if (!has_records(answer)) return;
    // Without a cursor the API begins with the newest.
    const auto order = cursor_.empty() ? LogOrder::kReversed : LogOrder::kAsGiven;
    print_all(log_lines(answer, layout_of_output(), order, titles_));
    titles_ = Titles::kLeftOut;
  }

  io::Loop& loop_;
  console_client::ConsoleClient& client_;
  const LogsOptions& options_;
  std::unique_ptr<io::Timer> timer_;
  std::string cursor_;
  Titles titles_ = Titles::kShown;
  Status status_;
};

int follow(const LogsOptions& options) {
  auto loop = io::make_epoll_loop();
  if (!loop) return print_error(loop.error());
  auto client = console_client::ConsoleClient::create(**loop, options.target);
  if (!client) return print_error(client.error());
  Following following(**loop, **client, options);
  const load::InterruptWatch interrupt(**loop, [&] { (*loop)->stop(); });
  (*loop)->post([&] { following.ask(); });
  (*loop)->run();
  return following.status() ? 0 : print_error(following.status().error());
}

}  // namespace

int run_traces(const TracesOptions& options) {
  return show(options, asked_by(options),
              options.trace_id.empty() ? trace_list_lines : trace_lines);
}

int run_logs(const LogsOptions& options) {
  if (options.follows) return follow(options);
  return show(options, asked_by(options, ""), [](const JsonAnswer& list, const Layout& layout) {
    return log_lines(list, layout, LogOrder::kReversed, Titles::kShown);
  });
}

int run_metrics(const MetricsOptions& options) {
  return show(options, asked_by(options),
              options.metric.empty() ? metric_list_lines : metric_lines);
}

int run_ledger(const ShowOptions& options) { return show(options, "/api/v1/ledger", ledger_lines); }

}  // namespace millrace::show
