// A small HTTP server with telemetry: a server span, an access log record and a duration for each
// request. Its spans continue the trace of the caller (W3C traceparent).
//
//   http_server [port] [requests to serve, 0: no end]       (port 0: any; it prints the port)
//
// The environment sets the destination: OTEL_EXPORTER_OTLP_ENDPOINT and so on.
#include <millrace/collector.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

struct Request {
  std::string method;
  std::string path;
  std::string traceparent;
};

// Returns the head of one request; empty when the caller closed the connection without sending one.
std::string read_head(int connection) {
  std::string head;
  char buffer[2048];
  while (head.find("\r\n\r\n") == std::string::npos && head.size() < 16'384) {
    const ssize_t count = read(connection, buffer, sizeof buffer);
    if (count <= 0) return {};
    head.append(buffer, static_cast<size_t>(count));
  }
  return head;
}

Request parse(const std::string& head) {
  Request request;
  const size_t first = head.find(' ');
  const size_t second = head.find(' ', first + 1);
  if (first == std::string::npos || second == std::string::npos) return request;
  request.method = head.substr(0, first);
  request.path = head.substr(first + 1, second - first - 1);
  constexpr std::string_view kName = "\r\ntraceparent: ";
  if (const size_t at = head.find(kName); at != std::string::npos) {
    const size_t begin = at + kName.size();
    request.traceparent = head.substr(begin, head.find("\r\n", begin) - begin);
  }
  return request;
}

// Reads hexadecimal digits; false when the text has others.
template <class Id>
bool read_id(std::string_view text, Id& id) {
  for (size_t i = 0; i < id.size(); ++i) {
    const std::string digits(text.substr(2 * i, 2));
    char* end = nullptr;
    id[i] = static_cast<uint8_t>(std::strtoul(digits.c_str(), &end, 16));
    if (digits.size() != 2 || *end != '\0') return false;
  }
  return true;
}

// 00-<32 digits>-<16 digits>-<2 digits>; https://www.w3.org/TR/trace-context/#traceparent-header
void continue_trace(const std::string& traceparent, millrace::SpanBuilder& span) {
  millrace::TraceId trace_id;
  millrace::SpanId parent;
  const std::string_view text = traceparent;
  if (text.size() < 55 || !read_id(text.substr(3, 32), trace_id) ||
      !read_id(text.substr(36, 16), parent)) {
    return;
  }
  span.set_trace_id(trace_id).set_parent(parent);
}

int status_of(const std::string& path) {
  if (path == "/") return 200;
  return path == "/broken" ? 500 : 404;
}

constexpr millrace::Metric kDuration{.name = "http.server.request.duration", .unit = "s"};

class Server {
 public:
  explicit Server(millrace::Collector& collector) : collector_(collector) {}

  void serve(int connection) {
    const Request request = parse(read_head(connection));
    if (request.method.empty()) return;
    const auto begin = std::chrono::steady_clock::now();
    const uint64_t begin_unix_nano = millrace::now_unix_nano();
    millrace::SpanBuilder span(request.method, begin_unix_nano);
    continue_trace(request.traceparent, span);

    const int status = status_of(request.path);
    const std::string body = status == 200 ? "It runs.\n" : "No.\n";
    const std::string answer =
        "HTTP/1.1 " + std::to_string(status) +
        " -\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
        body;
    const bool sent = send(connection, answer.data(), answer.size(), MSG_NOSIGNAL) ==
                      static_cast<ssize_t>(answer.size());

    span.set_kind(millrace::SpanKind::kServer)
        .set("http.request.method", request.method)
        .set("url.path", request.path)
        .set("http.response.status_code", status);
    if (status >= 500 || !sent) span.set_status(millrace::StatusCode::kError);
    report(request, span, status, begin_unix_nano, std::chrono::steady_clock::now() - begin);
  }

 private:
  // Items that do not fit in the buffer are refused and counted; requests never wait for telemetry.
  void report(const Request& request, millrace::SpanBuilder& span, int status,
              uint64_t begin_unix_nano, std::chrono::duration<double> taken) {
    millrace::LogRecordBuilder record(
        status < 500 ? millrace::Severity::kInfo : millrace::Severity::kError, "request served");
    record.set_span(span.trace_id(), span.span_id()).set("url.path", request.path);
    static_cast<void>(collector_.collect(record));
    static_cast<void>(collector_.collect(span));

    // One measurement a point, for the time since `begin`. A busier server would aggregate the
    // requests of ten seconds in the histogram and collect one point.
    millrace::MetricPointBuilder point(
        kDuration,
        millrace::Histogram{
            .count = 1, .sum = taken.count(), .temporality = millrace::Temporality::kDelta});
    point.set_start(begin_unix_nano).set("http.response.status_code", status);
    point.add_exemplar(taken.count(), span.trace_id(), span.span_id());
    static_cast<void>(collector_.collect(point));
  }

  millrace::Collector& collector_;
};

int listen_on(uint16_t port) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int yes = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      listen(listener, 64) != 0 ||
      getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    std::perror("listen");
    return -1;
  }
  std::printf("http://localhost:%d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  return listener;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace std::chrono_literals;
  auto config = millrace::Config::from_environment({.service_name = "http_server"});
  if (!config) {
    std::fprintf(stderr, "%s\n", config.error().message.c_str());
    return 2;
  }
  auto collector = millrace::Collector::create(*config);
  if (!collector) {
    std::fprintf(stderr, "%s\n", collector.error().message.c_str());
    return 2;
  }
  const int listener = listen_on(static_cast<uint16_t>(argc > 1 ? std::atoi(argv[1]) : 8080));
  if (listener < 0) return 2;

  Server server(*collector);
  std::vector<std::thread> threads;
  const int requests = argc > 2 ? std::atoi(argv[2]) : 0;
  for (int served = 0; requests == 0 || served < requests; ++served) {
    const int connection = accept(listener, nullptr, nullptr);
    if (connection < 0) break;
    std::thread thread([&server, connection] {
      server.serve(connection);
      close(connection);
    });
    // Without a limit the server never ends, and its threads are not joined.
    if (requests == 0) {
      thread.detach();
    } else {
      threads.push_back(std::move(thread));
    }
  }
  for (std::thread& thread : threads) thread.join();
  close(listener);
  return collector->shutdown(5s).ok() ? 0 : 1;
}
