// The ten-attribute span of library_bench.cc through opentelemetry-cpp's BatchSpanProcessor, into
// an exporter that throws it away: its caller's cost, measured by the same code. Built only where
// opentelemetry-cpp is installed (bench/CMakeLists.txt); library.py runs it beside library_bench.
//
// The queue holds a million spans and the processor looks every 4 ms, as the library's own does, so
// that neither is measured while it refuses.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <utility>

#include "measure.h"
#include "opentelemetry/common/timestamp.h"
#include "opentelemetry/nostd/shared_ptr.h"
#include "opentelemetry/nostd/span.h"
#include "opentelemetry/sdk/common/exporter_utils.h"
#include "opentelemetry/sdk/trace/batch_span_processor_factory.h"
#include "opentelemetry/sdk/trace/batch_span_processor_options.h"
#include "opentelemetry/sdk/trace/exporter.h"
#include "opentelemetry/sdk/trace/processor.h"
#include "opentelemetry/sdk/trace/recordable.h"
#include "opentelemetry/sdk/trace/span_data.h"
#include "opentelemetry/sdk/trace/tracer_provider.h"
#include "opentelemetry/sdk/trace/tracer_provider_factory.h"
#include "opentelemetry/trace/span_metadata.h"
#include "opentelemetry/trace/span_startoptions.h"
#include "opentelemetry/trace/tracer.h"
#include "opentelemetry/version.h"

namespace {

namespace common = opentelemetry::common;
namespace nostd = opentelemetry::nostd;
namespace sdk = opentelemetry::sdk;
namespace trace = opentelemetry::trace;

std::atomic<uint64_t> exported{0};

class Discard final : public sdk::trace::SpanExporter {
 public:
  std::unique_ptr<sdk::trace::Recordable> MakeRecordable() noexcept override {
    return std::make_unique<sdk::trace::SpanData>();
  }
  sdk::common::ExportResult Export(
      const nostd::span<std::unique_ptr<sdk::trace::Recordable>>& spans) noexcept override {
    for (std::unique_ptr<sdk::trace::Recordable>& span : spans) span.reset();
    exported += spans.size();
    return sdk::common::ExportResult::kSuccess;
  }
  bool ForceFlush(std::chrono::microseconds) noexcept override { return true; }
  bool Shutdown(std::chrono::microseconds) noexcept override { return true; }
};

struct ByOpenTelemetry {
  nostd::shared_ptr<trace::Tracer> tracer;
  bool operator()(uint64_t number) {
    // Times are given, as to the builder: no clock is read.
    const std::chrono::nanoseconds start(1'760'000'000'000'000'000 + number);
    trace::StartSpanOptions options;
    options.kind = trace::SpanKind::kServer;
    options.start_system_time = common::SystemTimestamp(start);
    options.start_steady_time = common::SteadyTimestamp(start);
    const auto span = tracer->StartSpan("GET /api/cart/{id}", options);
    span->SetAttribute("http.request.method", "GET");
    span->SetAttribute("url.path", "/api/cart/12345");
    span->SetAttribute("http.response.status_code", int64_t{200});
    span->SetAttribute("server.address", "cart.shop");
    span->SetAttribute("server.port", static_cast<int64_t>(number & 0xffff));
    span->SetAttribute("network.protocol.version", "1.1");
    span->SetAttribute("client.address", "10.2.33.44");
    span->SetAttribute("url.scheme", "http");
    span->SetAttribute("http.route", "/api/cart/{id}");
    span->SetAttribute("app.total", 42.5);
    trace::EndSpanOptions end;
    end.end_steady_time = common::SteadyTimestamp(start + std::chrono::nanoseconds(1000));
    span->End(end);
    return true;  // the processor does not say; what did not arrive is counted below
  }
};

}  // namespace

int main() {
  using millrace::bench::kThreadCounts;
  const millrace::bench::Clock clock;
  sdk::trace::BatchSpanProcessorOptions options;
  options.max_queue_size = 1'000'000;
  options.schedule_delay_millis = std::chrono::milliseconds(4);
  options.max_export_batch_size = 8192;
  std::unique_ptr<sdk::trace::SpanProcessor> processor =
      sdk::trace::BatchSpanProcessorFactory::Create(std::make_unique<Discard>(), options);
  sdk::trace::SpanProcessor& observed = *processor;
  // The interface's type: the factory returned that one, or the SDK's own, in different releases.
  const std::unique_ptr<trace::TracerProvider> provider =
      sdk::trace::TracerProviderFactory::Create(std::move(processor));
  ByOpenTelemetry way{provider->GetTracer("library_bench")};
  uint64_t sent = 0;
  for (const int threads : kThreadCounts) {
    millrace::bench::measure(clock, "opentelemetry-cpp " OPENTELEMETRY_VERSION, threads, way);
    sent += static_cast<uint64_t>(millrace::bench::kSpansPerRun / millrace::bench::kBurst /
                                  threads * millrace::bench::kBurst * threads);
  }
  observed.ForceFlush();
  std::printf("opentelemetry-cpp: %llu of %llu spans arrived at the exporter\n",
              static_cast<unsigned long long>(exported.load()),
              static_cast<unsigned long long>(sent));
  return 0;
}
