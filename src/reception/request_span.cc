#include "reception/request_span.h"

#include <array>
#include <string>
#include <utility>

namespace millrace::reception {
namespace {

// By signal.
struct Words {
  std::string_view operation;
  std::string_view accepted;
  std::string_view refused;
  std::string_view failed;
};
constexpr std::array<Words, kSignalCount> kWords = {
    Words{"/TraceDataReceived", "accepted_spans", "refused_spans", "failed_spans"},
    Words{"/MetricsReceived", "accepted_metric_points", "refused_metric_points",
          "failed_metric_points"},
    Words{"/LogsReceived", "accepted_log_records", "refused_log_records", "failed_log_records"},
    Words{"/ProfilesReceived", "accepted_profile_samples", "refused_profile_samples",
          "failed_profile_samples"}};

void end_span(const ReceivedRequest& request, const own_spans::OpenSpan& span,
              const pipeline::Verdict& verdict, own_spans::SpanRecorder& spans) {
  const Words& words = kWords[index_of(request.signal)];
  const int64_t accepted = verdict.ok() ? request.item_count : 0;
  const std::array<own_spans::Attribute, 5> attributes = {
      {{.key = "transport", .text = request.transport},
       {.key = "format", .text = request.format},
       {.key = words.accepted, .number = accepted},
       {.key = words.refused, .number = request.item_count - accepted},
       {.key = words.failed, .number = 0}}};
  const std::string name =
      "receiver/" + std::string(request.receiver) + std::string(words.operation);
  spans.end(span, {.name = name,
                   .attributes = attributes,
                   .is_error = !verdict.ok(),
                   .error = verdict.message});
}

}  // namespace

std::string_view format_of(std::string_view protocol) {
  if (protocol.ends_with("/thrift")) return "thrift";
  const bool is_protobuf =
      protocol.starts_with("grpc") || protocol.starts_with("http") || protocol.ends_with("/grpc");
  return is_protobuf ? std::string_view("protobuf") : protocol;
}

pipeline::VerdictCallback traced(const ReceivedRequest& request,
                                 const std::optional<http::TraceContext>& parent,
                                 own_spans::SpanRecorder& spans,
                                 pipeline::VerdictCallback on_verdict) {
  const std::optional<own_spans::OpenSpan> span = spans.start(parent);
  if (!span) return on_verdict;
  return [request, span = *span, &spans,
          then = std::move(on_verdict)](const pipeline::Verdict& verdict) mutable {
    end_span(request, span, verdict, spans);
    then(verdict);
  };
}

}  // namespace millrace::reception
