#include "exporters/debug/debug_exporter.h"

#include <utility>

#include "exporters/debug/sampler.h"
#include "exporters/debug/text.h"
#include "otlp/views.h"
#include "pipeline/answers.h"

namespace millrace::exporters {
namespace {

using pipeline::Batch;
using pipeline::Outcome;

uint64_t count_metrics(const Rope& request) {
  uint64_t count = 0;
  otlp::ResourceReader resources(request);
  for (otlp::ResourceView resource; resources.next(&resource);) {
    otlp::ScopeReader scopes(resource);
    for (otlp::ScopeView scope; scopes.next(&scope);) {
      otlp::MessageReader metrics(scope.bytes.view(), otlp::kScopeItems);
      for (otlp::MessageBytes metric; metrics.next(&metric);) ++count;
    }
  }
  return count;
}

uint64_t count_resources(const Rope& request) {
  uint64_t count = 0;
  otlp::ResourceReader resources(request);
  for (otlp::ResourceView resource; resources.next(&resource);) ++count;
  return count;
}

// otelcol's words.
void summarize(const Batch& batch, const DebugSink& sink) {
  const uint64_t resources = count_resources(batch.bytes);
  const uint64_t items = batch.item_count;
  switch (batch.signal) {
    case Signal::kTraces:
      return sink.summary("Traces", {{"resource spans", resources}, {"spans", items}});
    case Signal::kMetrics:
      return sink.summary("Metrics", {{"resource metrics", resources},
                                      {"metrics", count_metrics(batch.bytes)},
                                      {"data points", items}});
    case Signal::kLogs:
      return sink.summary("Logs", {{"resource logs", resources}, {"log records", items}});
    case Signal::kProfiles:
      return sink.summary("Profiles", {{"resource profiles", resources}, {"samples", items}});
  }
}

class DebugExporter final : public pipeline::Exporter {
 public:
  DebugExporter(const DebugOptions& options, DebugSink sink, io::Loop& loop)
      : verbosity_(options.verbosity),
        sampler_(options.sampling_initial, options.sampling_thereafter),
        sink_(std::move(sink)),
        loop_(loop),
        answers_(loop) {}

  void send_batch(Batch batch, MonotonicTime, Done done) override {
    if (!closed_ && sampler_.admits(loop_.now())) print(batch);
    answers_.add(std::move(done),
                 {.kind = closed_ ? Outcome::Kind::kCancelled : Outcome::Kind::kDelivered});
  }
  void close() override {
    closed_ = true;
    answers_.flush();
  }
  std::string describe() const override { return "prints what arrives"; }

 private:
  void print(const Batch& batch) {
    summarize(batch, sink_);
    if (verbosity_ == Verbosity::kNormal) sink_.text(to_normal_text(batch.signal, batch.bytes));
    if (verbosity_ == Verbosity::kDetailed) sink_.text(to_detailed_text(batch.signal, batch.bytes));
  }

  const Verbosity verbosity_;
  Sampler sampler_;
  DebugSink sink_;
  io::Loop& loop_;
  pipeline::Answers answers_;
  bool closed_ = false;
};

}  // namespace

DebugSink make_log_sink(Logger& logger) {
  return {.summary =
              [&logger](std::string_view message, const DebugSink::Counts& counts) {
                // A batch has two or three counts; LogField lists have a fixed length.
                const auto field = [&](size_t i) {
                  return LogField(counts[i].first, counts[i].second);
                };
                if (counts.size() == 2) return logger.info(message, {field(0), field(1)});
                logger.info(message, {field(0), field(1), field(2)});
              },
          .text = [&logger](std::string_view text) { logger.info(text); }};
}

DebugSink make_text_sink(std::function<void(std::string_view text)> write) {
  return {.summary =
              [write](std::string_view message, const DebugSink::Counts& counts) {
                std::string line(message);
                line += "\t{";
                for (const auto& [name, count] : counts) {
                  if (line.back() != '{') line += ", ";
                  line += '"' + std::string(name) + "\": " + std::to_string(count);
                }
                write(line + "}\n");
              },
          .text = write};
}

std::unique_ptr<pipeline::Exporter> make_debug_exporter(const DebugOptions& options, DebugSink sink,
                                                        io::Loop& loop) {
  return std::make_unique<DebugExporter>(options, std::move(sink), loop);
}

}  // namespace millrace::exporters
