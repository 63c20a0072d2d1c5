// Any head of a request gets exactly one plan, and what the plan says is true of the head; an
// answer never carries a byte that would end one of its lines early.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "http/grpc_wire.h"
#include "transport/grpc_path.h"
#include "transport/server/http_replies.h"
#include "transport/server/request_routing.h"

namespace {

using namespace millrace;
using namespace millrace::transport;
using Kind = RequestPlan::Kind;

struct NoHandler final : RequestHandler {
  void on_request(Request, Exchange) override {}
};

constexpr std::string_view kNames[] = {":method",
                                       ":path",
                                       ":path",
                                       ":authority",
                                       "content-type",
                                       "content-encoding",
                                       "grpc-encoding",
                                       "grpc-timeout",
                                       "te",
                                       "origin",
                                       "access-control-request-method",
                                       "access-control-request-headers"};
constexpr std::string_view kValues[] = {
    "POST",
    "OPTIONS",
    "GET",
    "/v1/traces",
    "/v1/logs?a=b",
    "/livez",
    "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
    "application/grpc",
    "application/grpc+proto",
    "application/json",
    "Application/X-Protobuf; charset=utf-8",
    "gzip",
    "zstd",
    "deflate",
    "identity",
    "10S",
    "https://a.example"};

// No control characters: neither protocol's parser lets them in.
std::string value_of(testing::FuzzInput& input) {
  const size_t which = input.choice(std::size(kValues) + 4);
  std::string value(which < std::size(kValues) ? kValues[which] : input.text());
  std::erase_if(value, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  return value;
}

bool is_line(std::string_view text) {
  return std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

void check_answer(HttpReply answer, const ServerOptions& options, std::string_view origin) {
  add_common_fields(answer, options, origin);
  MILLRACE_CHECK(answer.status >= 200 && answer.status < 600);
  for (const http::ResponseField& field : answer.fields) {
    MILLRACE_CHECK(!field.name.empty() && is_line(field.name) && is_line(field.value));
  }
}

void check_otlp(const RequestPlan& plan, const http::HeaderList& head, HttpVersion version,
                const ServerOptions& options) {
  MILLRACE_CHECK(!plan.refusal && plan.handler != nullptr && plan.signal.has_value());
  MILLRACE_CHECK(head.find(http::KnownField::kMethod) == "POST");
  const std::string_view path = head.find(http::KnownField::kPath);
  if (plan.protocol == Protocol::kGrpc) {
    MILLRACE_CHECK(options.serves_grpc && version == HttpVersion::kHttp2);
    MILLRACE_CHECK(path == grpc_path_of(*plan.signal) && plan.format == BodyFormat::kProtobuf);
    const std::string_view timeout = head.find(http::KnownField::kGrpcTimeout);
    MILLRACE_CHECK(plan.timeout == http::parse_grpc_timeout(timeout));
  } else {
    MILLRACE_CHECK(options.serves_http && !plan.timeout);
    MILLRACE_CHECK(path.starts_with("/v1/" + std::string(signal_name(*plan.signal))));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  testing::FuzzInput input(data, size);
  NoHandler handler;
  ServerOptions options;
  options.serves_grpc = input.flag();
  options.serves_http = input.flag();
  if (input.flag()) options.cors.allowed_origins = {"https://*.example", "*"};
  if (input.flag()) options.cors.allowed_headers = {"*"};
  for (size_t i = input.choice(kSignalCount + 1); i > 0; --i) {
    const Signal signal = kSignals[i - 1];
    options.otlp_routes.push_back({signal, "/v1/" + std::string(signal_name(signal)), &handler});
  }
  options.page_routes.push_back({"/livez", [](const PageRequest& page) {
                                   MILLRACE_CHECK(page.path == "/livez");
                                   return PageReply{200, "text/plain", page.query};
                                 }});
  const auto version = static_cast<HttpVersion>(input.choice(3));
  http::HeaderList head;
  while (!input.empty() && head.count() < 16) {
    const std::string_view name = kNames[input.choice(std::size(kNames))];
    head.append(name, value_of(input));
  }
  const std::string_view origin = head.find(http::KnownField::kOrigin);
  const RequestRouting routing(options);
  const RequestPlan plan = routing.plan(head, version);
  MILLRACE_CHECK((plan.kind == Kind::kRefused) == plan.refusal.has_value());
  MILLRACE_CHECK((plan.kind == Kind::kPage) == (plan.page != nullptr));
  switch (plan.kind) {
    case Kind::kOtlp:
      check_otlp(plan, head, version, options);
      break;
    case Kind::kPage:
      check_answer(answer_page(plan.page->handler(page_request_of(head, *plan.page))), options,
                   origin);
      break;
    case Kind::kPreflight:
      check_answer(answer_preflight(head, options.cors, "POST"), options, origin);
      break;
    case Kind::kRefused:
      MILLRACE_CHECK(!plan.refusal->reason.empty() && !plan.refusal->message.empty());
      if (plan.protocol == Protocol::kGrpc) {
        MILLRACE_CHECK(plan.refusal->grpc_code != Code::kOk);
        MILLRACE_CHECK(is_line(http::percent_encode_grpc_message(plan.refusal->message)));
      } else {
        check_answer(answer_refusal(plan), options, origin);
      }
      break;
  }
  MILLRACE_CHECK(routing.plan_oversized(head).kind == Kind::kRefused);
  return 0;
}
