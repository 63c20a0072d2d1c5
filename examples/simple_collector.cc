// Ten thousand spans to two back ends at once, one over gRPC and one over HTTP.
//
//   simple_collector [first URL] [second URL]
//
// Two sinks to try it with, each in a terminal of its own (they end when all spans have arrived):
//   millrace sink --endpoint localhost:4317 --expect 10000
//   millrace sink --endpoint localhost:5318 --expect 10000
#include <millrace/collector.h>

#include <chrono>
#include <cstdio>
#include <utility>

int main(int argc, char** argv) {
  using namespace std::chrono_literals;
  millrace::Config config;
  config.service_name = "simple_collector";
  config.endpoint = argc > 1 ? argv[1] : "http://localhost:4317";
  config.endpoints.push_back({.url = argc > 2 ? argv[2] : "http://localhost:5318",
                              .protocol = millrace::Protocol::kHttp,
                              .compression = millrace::Compression::kGzip});
  config.log = [](millrace::LogLevel, std::string_view line) {
    std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data());
  };

  auto created = millrace::Collector::create(std::move(config));
  if (!created) {
    std::fprintf(stderr, "%s\n", created.error().message.c_str());
    return 2;
  }
  millrace::Collector& collector = *created;

  // A value: set its fields and collect it. collect() copies it and never blocks.
  millrace::Span root = millrace::Span::make("ten thousand spans");
  for (int i = 0; i < 5'000; ++i) {
    millrace::Span span = root.make_child("by value");
    span.set("number", i).set("even", i % 2 == 0).finish();
    if (!collector.collect(span)) return 3;  // kBufferFull: the back ends are too slow
  }
  // Faster: the builder writes protobuf bytes while the program describes the span.
  millrace::SpanBuilder builder("by builder");
  for (int i = 0; i < 4'999; ++i) {
    builder.reset("by builder");
    builder.set_trace_id(root.trace_id).set_parent(root.span_id);
    builder.set_kind(millrace::SpanKind::kClient).set("number", i).set("peer.service", "nobody");
    if (!collector.collect(builder)) return 3;
  }
  if (!collector.collect(root.finish())) return 3;

  const millrace::Status ended = collector.shutdown(10s);
  const millrace::Statistics statistics = collector.statistics();
  for (const auto& destination : statistics.destinations) {
    if (destination.signal != millrace::Signal::kTraces) continue;
    std::printf("%s: %llu delivered, %llu retries %s\n", destination.name.c_str(),
                static_cast<unsigned long long>(destination.delivered),
                static_cast<unsigned long long>(destination.retries),
                destination.last_error.c_str());
  }
  std::printf("collected %llu, the ledger %s\n",
              static_cast<unsigned long long>(statistics.collected()),
              statistics.balances() ? "balances" : "does not balance");
  return ended.ok() && statistics.exported() == 20'000 ? 0 : 1;
}
