// Spans of received requests, as libprotobuf reads them.
#include "reception/request_span.h"

#include <gtest/gtest.h>

#include <opentelemetry/proto/trace/v1/trace.pb.h>

#include <string>

namespace millrace::reception {
namespace {

using opentelemetry::proto::trace::v1::ScopeSpans;

struct Traced {
  explicit Traced(double share = 1)
      : spans({.sampler = {.root = share}}, budget, random, [] { return WallTime(1s); }, metrics) {}
  pipeline::VerdictCallback callback(Signal signal, std::optional<http::TraceContext> parent = {}) {
    return traced({.receiver = "otlp/in",
                   .transport = "grpc",
                   .format = format_of("grpc"),
                   .signal = signal,
                   .item_count = 9},
                  parent, spans, [this](const pipeline::Verdict&) { ++heard; });
  }
  ScopeSpans take() {
    ScopeSpans parsed;
    const auto taken = spans.take();
    EXPECT_TRUE(parsed.ParseFromArray(taken.bytes.data(), static_cast<int>(taken.bytes.size())));
    return parsed;
  }
  Budget budget{64 << 20};
  Random random{1};
  metrics::Registry metrics;
  own_spans::SpanRecorder spans;
  int heard = 0;
};

TEST(RequestSpanTest, AnAnswerEndsTheSpanOfTheRequest) {
  Traced request;
  auto on_verdict = request.callback(Signal::kTraces);
  EXPECT_EQ(request.take().spans_size(), 0);
  on_verdict({});
  EXPECT_EQ(request.heard, 1);
  const ScopeSpans spans = request.take();
  ASSERT_EQ(spans.spans_size(), 1);
  const auto& span = spans.spans(0);
  EXPECT_EQ(span.name(), "receiver/otlp/in/TraceDataReceived");
  EXPECT_EQ(span.attributes(0).value().string_value(), "grpc");
  EXPECT_EQ(span.attributes(1).value().string_value(), "protobuf");
  EXPECT_EQ(span.attributes(2).key(), "accepted_spans");
  EXPECT_EQ(span.attributes(2).value().int_value(), 9);
  EXPECT_EQ(span.attributes(3).value().int_value(), 0);
}

TEST(RequestSpanTest, ARefusalIsAnErrorOfTheSpan) {
  Traced request;
  request.callback(Signal::kLogs)({.code = Code::kUnavailable, .message = "full"});
  const ScopeSpans spans = request.take();
  EXPECT_EQ(spans.spans(0).name(), "receiver/otlp/in/LogsReceived");
  EXPECT_EQ(spans.spans(0).attributes(3).key(), "refused_log_records");
  EXPECT_EQ(spans.spans(0).attributes(3).value().int_value(), 9);
  EXPECT_EQ(spans.spans(0).status().message(), "full");
}

TEST(RequestSpanTest, ARequestThatIsNotSampledIsAnsweredAlone) {
  Traced request(0);
  request.callback(Signal::kTraces)({});
  EXPECT_EQ(request.heard, 1);
  EXPECT_EQ(request.take().spans_size(), 0);
}

TEST(RequestSpanTest, TheSendersTraceGoesOn) {
  Traced request(0);
  request.callback(Signal::kMetrics,
                   http::TraceContext{.trace_id = {1}, .span_id = {2}, .is_sampled = true})({});
  const ScopeSpans spans = request.take();
  ASSERT_EQ(spans.spans_size(), 1);
  EXPECT_EQ(spans.spans(0).trace_id()[0], '\1');
  EXPECT_EQ(spans.spans(0).parent_span_id()[0], '\2');
}

TEST(RequestSpanTest, FormatsHaveOtelcolsWords) {
  EXPECT_EQ(format_of("http/json"), "protobuf");
  EXPECT_EQ(format_of("zipkin"), "zipkin");
  EXPECT_EQ(format_of("jaeger/grpc"), "protobuf");
  EXPECT_EQ(format_of("jaeger/thrift"), "thrift");
}

}  // namespace
}  // namespace millrace::reception
