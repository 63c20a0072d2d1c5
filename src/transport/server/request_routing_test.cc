#include "transport/server/request_routing.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace millrace::transport {
namespace {

TEST(RequestRoutingTest, StarsOfAllowedOriginsStandForAnyRun) {
  CorsOptions cors;
  cors.allowed_origins = {"https://*.example.com", "http://localhost:*"};
  EXPECT_TRUE(origin_allowed(cors, "https://a.b.example.com"));
  EXPECT_TRUE(origin_allowed(cors, "http://localhost:8080"));
  EXPECT_FALSE(origin_allowed(cors, "https://example.com"));
  EXPECT_FALSE(origin_allowed(cors, "http://a.example.com"));
  EXPECT_FALSE(origin_allowed(cors, ""));
}

// Trying every cut took as many steps as the origin has bytes, once for each star: any client could
// keep a worker busy for hours with one header field.
TEST(RequestRoutingTest, OriginsAgainstSeveralStarsAreReadOnce) {
  CorsOptions cors;
  cors.allowed_origins = {"http://*a*a*a*a*a*b"};
  EXPECT_FALSE(origin_allowed(cors, "http://" + std::string(60'000, 'a')));
}

struct NoHandler final : RequestHandler {
  void on_request(Request, Exchange) override {}
};

using Fields = std::vector<std::pair<std::string, std::string>>;

// A server with routes for traces and logs, and pages "/metrics" and "/pages/*".
struct Routed {
  Routed() {
    options.serves_grpc = true;
    options.serves_http = true;
    options.http_encodings = {"", "gzip", "zstd"};
    options.otlp_routes = {{.signal = Signal::kTraces, .http_path = "/v1/traces"},
                           {.signal = Signal::kLogs, .http_path = "/v1/logs"}};
    for (auto& route : options.otlp_routes) route.handler = &handler;
    options.page_routes = {{.path = "/metrics", .handler = {}},
                           {.path = "/pages/*", .handler = {}}};
  }
  RequestPlan plan(const Fields& fields, HttpVersion version = HttpVersion::kHttp2) const {
    http::HeaderList head;
    for (const auto& [name, value] : fields) head.append(name, value);
    return RequestRouting(options).plan(head, version);
  }
  // What a POST with these further fields is refused with: "reason status code".
  std::string refusal(std::string_view path, Fields fields, std::string_view method = "POST",
                      HttpVersion version = HttpVersion::kHttp2) const {
    fields.insert(fields.begin(), {{":method", std::string(method)}, {":path", std::string(path)}});
    const RequestPlan made = plan(fields, version);
    if (made.kind != RequestPlan::Kind::kRefused) return "served";
    return std::string(made.refusal->reason) + " " + std::to_string(made.refusal->http_status) +
           " " + std::to_string(static_cast<int>(made.refusal->grpc_code));
  }
  NoHandler handler;
  ServerOptions options;
};

const std::pair<std::string, std::string> kGrpc = {"content-type", "application/grpc"};
const std::pair<std::string, std::string> kJson = {"content-type", "application/json"};
constexpr std::string_view kTracesOverGrpc =
    "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
constexpr std::string_view kMetricsOverGrpc =
    "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";

TEST(RequestRoutingTest, OtlpOverHttpIsPlannedFromItsHead) {
  const Routed routed;
  const RequestPlan plan = routed.plan({{":method", "POST"},
                                        {":path", "/v1/logs?x=y"},
                                        {"content-type", "Application/X-Protobuf ; a=b"},
                                        {"content-encoding", "GZIP"}});
  EXPECT_EQ(plan.kind, RequestPlan::Kind::kOtlp);
  EXPECT_EQ(plan.protocol, Protocol::kHttp);
  EXPECT_EQ(plan.signal, Signal::kLogs);
  EXPECT_EQ(plan.handler, &routed.handler);
  EXPECT_EQ(plan.format, BodyFormat::kProtobuf);
  EXPECT_EQ(plan.coding, compress::Coding::kGzip);
  const RequestPlan json = routed.plan({{":method", "POST"}, {":path", "/v1/traces"}, kJson});
  EXPECT_EQ(json.format, BodyFormat::kJson);
  EXPECT_EQ(json.signal, Signal::kTraces);
  EXPECT_EQ(json.coding, compress::Coding::kIdentity);
}

TEST(RequestRoutingTest, GrpcIsPlannedFromItsHead) {
  const Routed routed;
  const RequestPlan plan = routed.plan({{":method", "POST"},
                                        {":path", std::string(kTracesOverGrpc)},
                                        {"content-type", "application/grpc+PROTO"},
                                        {"grpc-encoding", "zstd"},
                                        {"grpc-timeout", "5S"}});
  EXPECT_EQ(plan.kind, RequestPlan::Kind::kOtlp);
  EXPECT_EQ(plan.protocol, Protocol::kGrpc);
  EXPECT_EQ(plan.signal, Signal::kTraces);
  EXPECT_EQ(plan.handler, &routed.handler);
  EXPECT_EQ(plan.coding, compress::Coding::kZstd);
  EXPECT_EQ(plan.timeout, 5s);
}

TEST(RequestRoutingTest, EachMistakeOverHttpHasItsStatus) {
  const Routed routed;
  EXPECT_EQ(routed.refusal("/v1/traces", {{"content-type", "text/plain"}}),
            "wrong_content_type 415 0");
  EXPECT_EQ(routed.refusal("/v1/traces", {}), "wrong_content_type 415 0");
  EXPECT_EQ(routed.refusal("/v1/traces", {kJson}, "GET"), "wrong_method 405 0");
  EXPECT_EQ(routed.refusal("/v1/traces", {kJson}, "OPTIONS"), "wrong_method 405 0");
  EXPECT_EQ(routed.refusal("/v1/trace", {kJson}), "bad_path 404 0");
  EXPECT_EQ(routed.refusal(kTracesOverGrpc, {kJson}), "wrong_content_type 415 0");
  EXPECT_EQ(routed.refusal("/v1/traces", {kJson, {"content-encoding", "br"}}),
            "bad_compression 400 3");
  EXPECT_EQ(routed.refusal("/v1/traces", {kJson, {"content-encoding", "snappy"}}),
            "bad_compression 400 3");
  EXPECT_EQ(routed.refusal("/v1/traces", {kJson, {"content-encoding", "identity"}}), "served");
}

TEST(RequestRoutingTest, EachMistakeOverGrpcHasItsCode) {
  const Routed routed;
  EXPECT_EQ(routed.refusal(kTracesOverGrpc, {kGrpc}), "served");
  EXPECT_EQ(routed.refusal(kTracesOverGrpc, {kGrpc}, "POST", HttpVersion::kHttp11),
            "grpc_over_http1 415 0");
  EXPECT_EQ(routed.refusal(kTracesOverGrpc, {kGrpc}, "GET"), "wrong_method 405 13");
  EXPECT_EQ(routed.refusal(kTracesOverGrpc, {{"content-type", "application/grpc+json"}}),
            "wrong_content_type 200 12");
  EXPECT_EQ(routed.refusal(kTracesOverGrpc, {{"content-type", "application/grpc-web"}}),
            "wrong_content_type 415 0");
  EXPECT_EQ(routed.refusal(kMetricsOverGrpc, {kGrpc}), "bad_path 200 12");
  EXPECT_EQ(routed.refusal(kTracesOverGrpc, {kGrpc, {"grpc-encoding", "br"}}),
            "bad_compression 200 12");
  EXPECT_EQ(routed.refusal(kTracesOverGrpc, {kGrpc, {"grpc-timeout", "5"}}), "bad_timeout 200 13");
}

TEST(RequestRoutingTest, APortServesTheProtocolsThatAreConfigured) {
  Routed routed;
  routed.options.serves_grpc = false;
  EXPECT_EQ(routed.refusal(kTracesOverGrpc, {kGrpc}), "grpc_not_served 200 12");
  EXPECT_EQ(routed.refusal("/v1/traces", {kJson}), "served");
  routed.options.serves_grpc = true;
  routed.options.serves_http = false;
  EXPECT_EQ(routed.refusal(kTracesOverGrpc, {kGrpc}), "served");
  EXPECT_EQ(routed.refusal("/v1/traces", {kJson}), "wrong_content_type 415 0");
  EXPECT_EQ(routed.refusal("/v1/traces", {kJson}, "POST", HttpVersion::kHttp11),
            "http_not_served 404 0");
  EXPECT_EQ(routed.refusal("/other", {kJson}, "POST", HttpVersion::kHttp11), "bad_path 404 0");
}

TEST(RequestRoutingTest, PagesAreFoundByTheirPathOrItsBeginning) {
  const Routed routed;
  const auto page_of = [&](std::string path) {
    return routed.plan({{":method", "GET"}, {":path", std::move(path)}}).page;
  };
  EXPECT_EQ(page_of("/metrics"), &routed.options.page_routes[0]);
  EXPECT_EQ(page_of("/metrics?a=b"), &routed.options.page_routes[0]);
  EXPECT_EQ(page_of("/metrics/"), nullptr);
  EXPECT_EQ(page_of("/pages/a"), &routed.options.page_routes[1]);
  EXPECT_EQ(page_of("/page"), nullptr);
}

TEST(RequestRoutingTest, APreflightNeedsCorsAndAnOrigin) {
  Routed routed;
  const Fields fields = {{":method", "OPTIONS"}, {":path", "/v1/traces"}, {"origin", "https://a"}};
  EXPECT_EQ(routed.plan(fields).kind, RequestPlan::Kind::kRefused);
  routed.options.cors.allowed_origins = {"https://b"};
  EXPECT_EQ(routed.plan(fields).kind, RequestPlan::Kind::kPreflight);
  EXPECT_EQ(routed.plan({fields[0], fields[1]}).kind, RequestPlan::Kind::kRefused);
}

TEST(RequestRoutingTest, ALongTextOfThePeerIsCutInTheMessage) {
  const Routed routed;
  const auto message_for = [&](size_t size) {
    return routed.plan({{":method", "POST"}, {":path", std::string(size, 'x')}, kJson})
        .refusal->message;
  };
  EXPECT_NE(message_for(200).find("\"" + std::string(200, 'x') + "\""), std::string::npos);
  EXPECT_NE(message_for(201).find("\"" + std::string(200, 'x') + "...\""), std::string::npos);
}

TEST(RequestRoutingTest, ARouteMayHaveAMethodOfItsOwn) {
  Routed routed;
  routed.options.otlp_routes[0].grpc_path = "/a.Service/Post";
  EXPECT_EQ(routed.refusal("/a.Service/Post", {kGrpc}), "served");
  EXPECT_EQ(routed.refusal(kTracesOverGrpc, {kGrpc}), "bad_path 200 12");
}

TEST(RequestRoutingTest, ARouteOfThriftTakesItsContentTypesAlone) {
  Routed routed;
  routed.options.otlp_routes[0].style = RouteStyle::kThrift;
  for (const std::string type : {"application/x-thrift", "application/vnd.apache.thrift.binary",
                                 "Application/X-Thrift; charset=utf-8"}) {
    EXPECT_EQ(routed.refusal("/v1/traces", {{"content-type", type}}), "served") << type;
  }
  for (const std::string type : {"application/json", "application/x-protobuf", ""}) {
    EXPECT_EQ(routed.refusal("/v1/traces", {{"content-type", type}}), "wrong_content_type 400 0");
  }
}

TEST(RequestRoutingTest, AHeadThatIsTooLongIsToldInTheSendersProtocol) {
  const Routed routed;
  http::HeaderList head;
  head.append("content-type", "application/grpc");
  const RequestPlan grpc = RequestRouting(routed.options).plan_oversized(head);
  EXPECT_EQ(grpc.refusal->grpc_code, Code::kResourceExhausted);
  EXPECT_EQ(grpc.refusal->http_status, 200);
  head.clear();
  const RequestPlan http = RequestRouting(routed.options).plan_oversized(head);
  EXPECT_EQ(http.refusal->http_status, 431);
  EXPECT_EQ(http.refusal->reason, "header_too_large");
}

}  // namespace
}  // namespace millrace::transport
