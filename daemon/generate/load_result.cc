#include "daemon/generate/load_result.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>

#include "base/json_string.h"
#include "daemon/otlp_client/option_values.h"

namespace millrace::load {
namespace {

double milliseconds(Duration duration) { return static_cast<double>(duration.count()) / 1e6; }

double per_second(uint64_t count, Duration elapsed) {
  return elapsed > 0s ? static_cast<double>(count) * 1e9 / static_cast<double>(elapsed.count()) : 0;
}

std::string refusal_counts(const Refusals& refusals) {
  std::string text;
  for (const auto& [code, count] : refusals.by_code) {
    text += fmt::format(
        R"({}"{}":{})", text.empty() ? "" : ",",
        code.second == 0 ? std::string(code_name(code.first)) : std::to_string(code.second), count);
  }
  return text;
}

}  // namespace

void Refusals::add(Code code, int http_status, std::optional<Duration> hint) {
  ++count;
  ++by_code[{code, http_status}];
  if (!hint) return;
  hint_min = hinted == 0 ? *hint : std::min(hint_min, *hint);
  hint_max = std::max(hint_max, *hint);
  ++hinted;
}

std::string latency_text(const metrics::LatencyHistogram& latency) {
  return fmt::format("p50 {}  p90 {}  p99 {}  p99.9 {}  max {}",
                     duration_text(latency.quantile(0.5)), duration_text(latency.quantile(0.9)),
                     duration_text(latency.quantile(0.99)), duration_text(latency.quantile(0.999)),
                     duration_text(latency.max()));
}

std::string latency_json(const metrics::LatencyHistogram& latency) {
  return fmt::format(R"({{"p50":{:.4f},"p90":{:.4f},"p99":{:.4f},"p999":{:.4f},"max":{:.4f}}})",
                     milliseconds(latency.quantile(0.5)), milliseconds(latency.quantile(0.9)),
                     milliseconds(latency.quantile(0.99)), milliseconds(latency.quantile(0.999)),
                     milliseconds(latency.max()));
}

double own_cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::string to_text(const LoadResult& result, const std::string& items) {
  std::string text = fmt::format(
      "{} {} sent in {} requests of {} bytes: {} ok, {} rejected, {} refused, {} failed\n"
      "{:.0f} {}/s over {}, {:.2f} CPU seconds\n",
      result.sent, items, result.requests, result.request_bytes, result.ok, result.rejected,
      result.refused, result.failed, per_second(result.sent, result.elapsed), items,
      duration_text(result.elapsed), result.cpu_seconds);
  if (result.ok + result.rejected > 0) text += "answers: " + latency_text(result.latency) + "\n";
  if (result.retries > 0) text += fmt::format("{} attempts were retries\n", result.retries);
  const Refusals& refusals = result.refusals;
  if (refusals.count > 0) {
    text += fmt::format("{} retryable answers, {} of them with a delay: {} to {}\n", refusals.count,
                        refusals.hinted, duration_text(refusals.hint_min),
                        duration_text(refusals.hint_max));
  }
  if (result.behind_schedule > 0) {
    text += fmt::format("{} {} behind schedule at the end: more --streams, or a lower --rate\n",
                        result.behind_schedule, items);
  }
  if (!result.first_error.empty()) text += "first error: " + result.first_error + "\n";
  return text;
}

std::string to_json(const LoadResult& result) {
  return fmt::format(
      R"({{"sent":{},"ok":{},"rejected":{},"refused":{},"failed":{},"unanswered":{},)"
      R"("requests":{},"retries":{},)"
      R"("behind_schedule":{},"request_bytes":{},"seconds":{:.6f},"per_second":{:.1f},)"
      R"("cpu_seconds":{:.6f},"latency_ms":{},"refusals":{{"count":{},"hinted":{},)"
      R"("hint_ms":{{"min":{:.1f},"max":{:.1f}}},"by_code":{{{}}}}},"first_error":{}}})"
      "\n",
      result.sent, result.ok, result.rejected, result.refused, result.failed, result.unanswered,
      result.requests, result.retries, result.behind_schedule, result.request_bytes,
      milliseconds(result.elapsed) / 1e3, per_second(result.sent, result.elapsed),
      result.cpu_seconds, latency_json(result.latency), result.refusals.count,
      result.refusals.hinted, milliseconds(result.refusals.hint_min),
      milliseconds(result.refusals.hint_max), refusal_counts(result.refusals),
      json_string(result.first_error));
}

}  // namespace millrace::load
