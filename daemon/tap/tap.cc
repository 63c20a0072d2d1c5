#include "daemon/tap/tap.h"

#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "daemon/console_client/console_client.h"
#include "daemon/otlp_client/interrupt.h"
#include "daemon/tap/event_reader.h"
#include "daemon/tap/tap_text.h"
#include "daemon/terminal_text/printable_lines.h"
#include "daemon/terminal_text/terminal.h"
#include "io/epoll/epoll.h"

namespace millrace::tap {
namespace {

using console_client::print_error;

Layout layout_of_output() { return terminal_text::layout_for(STDOUT_FILENO); }

void print(const Lines& lines) {
  for (const std::string& line : lines) {
    std::fwrite(line.data(), 1, line.size(), stdout);
    std::fputc('\n', stdout);
  }
  std::fflush(stdout);
}

int list_edges(const TapOptions& options) {
  const auto body = console_client::get_once(options.target, asked_by(options));
  if (!body) return print_error(body.error());
  if (options.prints_json) {
    print({terminal_text::printable_lines(*body)});
    return 0;
  }
  const auto answer = JsonAnswer::parse(*body);
  if (!answer) return print_error(answer.error());
  print(edge_list_lines(*answer, layout_of_output()));
  return 0;
}

Status show_event(const TapOptions& options, std::string_view name, std::string_view data) {
  const bool is_sample = name == "sample";
  if (options.prints_json) {
    if (is_sample) print({terminal_text::printable_lines(data)});
    return {};
  }
  if (!is_sample && name != "edge") return {};
  const auto answer = JsonAnswer::parse(data);
  if (!answer) return fail(answer.error());
  const auto fields = options.only_changed ? ShownFields::kChanged : ShownFields::kAll;
  print(is_sample ? sample_lines(*answer, fields, layout_of_output())
                  : edge_lines(*answer, layout_of_output()));
  return {};
}

}  // namespace

int run_tap(const TapOptions& options) {
  if (options.edge.empty()) return list_edges(options);
  auto loop = io::make_epoll_loop();
  if (!loop) return print_error(loop.error());
  auto client = console_client::ConsoleClient::create(**loop, options.target);
  if (!client) return print_error(client.error());
  Status status;
  const auto stop = [&](Status why) {
    if (status) status = std::move(why);
    (*loop)->stop();
  };
  EventReader reader([&](std::string_view name, std::string_view data) {
    if (Status shown = show_event(options, name, data); !shown) stop(std::move(shown));
    if (std::ferror(stdout) != 0) stop({});  // its reader has gone
  });
  std::unique_ptr<transport::WebStream> stream;
  (*loop)->post([&] {
    stream = (*client)->open(
        asked_by(options),
        [&](std::string_view bytes) {
          if (Status read = reader.receive(bytes); !read) stop(std::move(read));
        },
        [&](Status end) {
          stop(end ? fail(Code::kUnavailable, "the collector ended the stream") : std::move(end));
        });
  });
  const load::InterruptWatch interrupt(**loop, [&] { (*loop)->stop(); });
  (*loop)->run();
  stream.reset();
  return status ? 0 : print_error(status.error());
}

}  // namespace millrace::tap
