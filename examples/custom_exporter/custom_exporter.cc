// An exporter of the program: it counts spans by name, and fails sometimes to show the retries. It
// runs beside any endpoints; this example has none.
#include <millrace/collector.h>

#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <string>

namespace {

// Called on one thread that the collector keeps for it; it may block without blocking others.
class CountByName final : public millrace::Exporter {
 public:
  millrace::ExportResult export_batch(const millrace::BatchRef& batch, Deadline) override {
    if (++attempts_ == 1) {
      return {.kind = millrace::ExportResult::Kind::kRetry,
              .message = "not ready yet",
              .retry_after_ms = 10};
    }
    // Decodes the spans. An exporter that forwards bytes uses batch->pieces(), which copies
    // nothing.
    for (const millrace::Span& span : batch->to_spans()) ++counts_[span.name];
    return {};
  }
  // The last call, on the same thread.
  void shutdown() override {
    for (const auto& [name, count] : counts_) std::printf("%s: %d\n", name.c_str(), count);
  }
  std::string name() const override { return "count_by_name"; }

 private:
  int attempts_ = 0;
  std::map<std::string, int> counts_;
};

}  // namespace

int main() {
  using namespace std::chrono_literals;
  millrace::Config config;
  config.endpoint.clear();
  config.exporters.push_back(std::make_shared<CountByName>());
  auto collector = millrace::Collector::create(config);
  if (!collector) {
    std::fprintf(stderr, "%s\n", collector.error().message.c_str());
    return 2;
  }
  for (int i = 0; i < 300; ++i) {
    const millrace::Status status =
        collector->collect(millrace::Span::make(i % 3 == 0 ? "write" : "read").finish());
    if (!status) std::fprintf(stderr, "%s\n", status.message());
  }
  const bool ended = collector->shutdown(10s).ok();
  const millrace::Statistics statistics = collector->statistics();
  return ended && statistics.exported() == 300 && statistics.balances() ? 0 : 1;
}
