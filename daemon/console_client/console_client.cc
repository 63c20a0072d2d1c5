#include "daemon/console_client/console_client.h"

#include <cstdio>
#include <utility>

#include "daemon/terminal_text/printable_lines.h"
#include "io/epoll/epoll.h"
#include "io/tls.h"

namespace millrace::console_client {
namespace {

// A page of 10,000 spans has some megabytes.
constexpr size_t kAnswerBytesMax = size_t{64} << 20;
constexpr Duration kIdleMax = 30s;

}  // namespace

Result<std::unique_ptr<ConsoleClient>> ConsoleClient::create(io::Loop& loop, const Target& target) {
  auto url = transport::parse_web_url(target.address);
  if (!url) return fail(Code::kInvalidArgument, "--address: " + url.error().message);
  auto token = find_token(target);
  if (!token) return fail(token.error());
  transport::WebRequest service{.url = *std::move(url), .body_bytes_max = kAnswerBytesMax};
  if (service.url.path.ends_with('/')) service.url.path.pop_back();
  if (!token->empty()) service.fields.push_back({"authorization", "Bearer " + *token});
  if (service.url.uses_tls) {
    io::TlsOptions tls;
    tls.ca_file = target.ca_file;
    auto context = io::make_tls_client_context(tls);
    if (!context) return fail(context.error());
    service.tls = *std::move(context);
  }
  AskedConsole asked{.address = target.address, .has_token = !token->empty()};
  return std::unique_ptr<ConsoleClient>(
      new ConsoleClient(loop, target, std::move(service), std::move(asked)));
}

ConsoleClient::ConsoleClient(io::Loop& loop, const Target& target, transport::WebRequest service,
                             AskedConsole asked)
    : loop_(loop),
      timeout_(target.timeout),
      service_(std::move(service)),
      asked_(std::move(asked)),
      client_(transport::make_web_client(loop, service_, kIdleMax)) {}

transport::WebRequest ConsoleClient::request_for(const std::string& path_and_query) const {
  transport::WebRequest request = service_;
  request.url.path += path_and_query;
  request.deadline = loop_.now() + timeout_;
  return request;
}

std::unique_ptr<transport::WebStream> ConsoleClient::open(const std::string& path_and_query,
                                                          OnBytes on_bytes, OnEnd on_end) {
  return transport::start_web_stream(
      loop_, request_for(path_and_query),
      {.on_bytes = std::move(on_bytes),
       .on_end = [asked = asked_,
                  on_end = std::move(on_end)](Result<transport::WebResponse> response) mutable {
         auto body = body_of(std::move(response), asked);
         on_end(body ? Status() : fail(body.error()));
       }});
}

void ConsoleClient::get(const std::string& path_and_query, Done done) {
  const transport::WebRequest request = request_for(path_and_query);
  done_ = std::move(done);
  client_->send(request, [this](Result<transport::WebResponse> response) {
    // `done` may destroy this.
    Done to_call = std::move(done_);
    to_call(body_of(std::move(response), asked_));
  });
}

Result<std::string> get_once(const Target& target, const std::string& path_and_query) {
  auto loop = io::make_epoll_loop();
  if (!loop) return fail(loop.error());
  auto client = ConsoleClient::create(**loop, target);
  if (!client) return fail(client.error());
  Result<std::string> answer = fail(Code::kUnavailable, "no answer");
  (*loop)->post([&] {
    (*client)->get(path_and_query, [&](Result<std::string> given) {
      answer = std::move(given);
      (*loop)->stop();
    });
  });
  (*loop)->run();
  return answer;
}

int print_error(const Error& error) {
  const std::string text = terminal_text::printable_lines(error.message);
  std::fprintf(stderr, "Error: %s\n", text.c_str());
  return 1;
}

}  // namespace millrace::console_client
