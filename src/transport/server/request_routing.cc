#include "transport/server/request_routing.h"

#include <algorithm>
#include <array>

#include "base/text_pattern.h"
#include "http/grpc_wire.h"
#include "transport/grpc_coding.h"
#include "transport/grpc_path.h"

namespace millrace::transport {
namespace {

using http::HeaderList;
using http::KnownField;

bool equals_ignoring_case(std::string_view a, std::string_view lower) {
  return std::equal(a.begin(), a.end(), lower.begin(), lower.end(), [](char x, char y) {
    return (x >= 'A' && x <= 'Z' ? static_cast<char>(x | 0x20) : x) == y;
  });
}

// The peer's `text` shortened for a message: it may be as long as a header section, and the message
// is copied, encoded and logged.
std::string shown(std::string_view text) {
  constexpr size_t kShownBytesMax = 200;
  return std::string(text.substr(0, kShownBytesMax)) + (text.size() > kShownBytesMax ? "..." : "");
}

// "Application/JSON; charset=utf-8" without its parameters.
std::string_view media_type(std::string_view value) {
  value = value.substr(0, value.find(';'));
  while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
  return value;
}

bool is_thrift(std::string_view type) {
  return equals_ignoring_case(type, "application/x-thrift") ||
         equals_ignoring_case(type, "application/vnd.apache.thrift.binary");
}

// What follows "application/grpc", or nothing when it is another type: "", "+proto", "+json".
std::optional<std::string_view> grpc_subtype(std::string_view content_type) {
  constexpr std::string_view kGrpc = "application/grpc";
  const std::string_view type = media_type(content_type);
  if (type.size() < kGrpc.size() || !equals_ignoring_case(type.substr(0, kGrpc.size()), kGrpc)) {
    return std::nullopt;
  }
  const std::string_view subtype = type.substr(kGrpc.size());
  if (!subtype.empty() && subtype.front() != '+') return std::nullopt;
  return subtype;
}

RequestPlan refused(Protocol protocol, RoutingRefusal refusal) {
  RequestPlan plan;
  plan.kind = RequestPlan::Kind::kRefused;
  plan.protocol = protocol;
  plan.refusal = std::move(refusal);
  return plan;
}

RequestPlan refused_grpc(std::string_view reason, Code code, std::string message,
                         int http_status = 200) {
  RoutingRefusal refusal;
  refusal.reason = reason;
  refusal.message = std::move(message);
  refusal.grpc_code = code;
  refusal.http_status = http_status;
  return refused(Protocol::kGrpc, std::move(refusal));
}

RequestPlan refused_http(std::string_view reason, int http_status, std::string message) {
  RoutingRefusal refusal;
  refusal.reason = reason;
  refusal.message = std::move(message);
  refusal.http_status = http_status;
  return refused(Protocol::kHttp, std::move(refusal));
}

}  // namespace

bool origin_allowed(const CorsOptions& cors, std::string_view origin) {
  if (origin.empty()) return false;
  return std::any_of(cors.allowed_origins.begin(), cors.allowed_origins.end(),
                     [&](const std::string& allowed) { return matches_pattern(allowed, origin); });
}

std::string_view path_without_query(std::string_view target) {
  return target.substr(0, target.find_first_of("?#"));
}

RequestRouting::RequestRouting(const ServerOptions& options) : options_(options) {}

const ServerOptions::OtlpRoute* RequestRouting::find_otlp(std::string_view path) const {
  for (const auto& route : options_.otlp_routes) {
    if (route.http_path == path) return &route;
  }
  return nullptr;
}

const PageRoute* RequestRouting::find_page(std::string_view path) const {
  for (const auto& route : options_.page_routes) {
    const std::string_view wanted = route.path;
    if (wanted.ends_with('*') ? path.starts_with(wanted.substr(0, wanted.size() - 1))
                              : path == wanted) {
      return &route;
    }
  }
  return nullptr;
}

// "404 page not found: "/v1/trace"; OTLP is served at /v1/traces /v1/metrics /v1/logs". The page's
// words come first: they are what otelcol answers.
std::string RequestRouting::not_found_text(std::string_view path) const {
  std::string served;
  for (const auto& route : options_.otlp_routes) served += " " + route.http_path;
  for (const PageRoute& route : options_.page_routes) {
    if (route.gated_as) served += " " + route.path;
  }
  std::string text = "404 page not found: \"" + shown(path) + "\"";
  if (!served.empty() && options_.serves_http) {
    const bool is_otlp =
        !options_.otlp_routes.empty() && options_.otlp_routes.front().style == RouteStyle::kOtlp;
    text += (is_otlp ? "; OTLP is served at" : "; this port serves") + served;
  }
  constexpr std::array<std::string_view, kSignalCount> kUsualPaths = {
      "/v1/traces", "/v1/metrics", "/v1/logs", "/v1development/profiles"};
  for (const Signal signal : kSignals) {
    const bool is_taken = std::ranges::any_of(
        options_.otlp_routes, [&](const auto& route) { return route.signal == signal; });
    if (is_taken || path != kUsualPaths[index_of(signal)]) continue;
    text += "; no pipeline takes " + std::string(signal_name(signal)) + " from this receiver";
  }
  return text + "\n";
}

RequestPlan RequestRouting::plan(const HeaderList& head, HttpVersion version) const {
  if (const auto subtype = grpc_subtype(head.find(KnownField::kContentType))) {
    return plan_grpc(head, *subtype, version);
  }
  const std::string_view path = path_without_query(head.find(KnownField::kPath));
  if (const auto* page = find_page(path)) {
    RequestPlan plan;
    const bool is_preflight = page->gated_as && head.find(KnownField::kMethod) == "OPTIONS" &&
                              !options_.cors.allowed_origins.empty() &&
                              head.has(KnownField::kOrigin);
    plan.kind = is_preflight ? RequestPlan::Kind::kPreflight : RequestPlan::Kind::kPage;
    plan.page = page;
    if (page->body_bytes_max != 0) plan.style = RouteStyle::kPlain;  // of what is wrong with a body
    plan.signal = page->gated_as;
    return plan;
  }
  const ServerOptions::OtlpRoute* route = find_otlp(path);
  if (!options_.serves_http) {
    if (options_.serves_grpc && version == HttpVersion::kHttp2) {
      return refused_http("wrong_content_type", 415,
                          "this port serves gRPC: the content type must be application/grpc, found "
                          "\"" +
                              shown(head.find(KnownField::kContentType)) + "\"\n");
    }
    if (route != nullptr) {
      return refused_http("http_not_served", 404,
                          "OTLP over HTTP is not served on this port (protocols.http is not "
                          "configured here)\n");
    }
  }
  if (route != nullptr) return plan_otlp_http(head, *route);
  for (const Signal signal : kSignals) {
    if (path == grpc_path_of(signal)) {
      return refused_http("wrong_content_type", 415,
                          "a gRPC path was called with content type \"" +
                              shown(head.find(KnownField::kContentType)) +
                              "\", supported: [application/grpc]\n");
    }
  }
  return refused_http("bad_path", 404, not_found_text(path));
}

RequestPlan RequestRouting::plan_grpc(const HeaderList& head, std::string_view subtype,
                                      HttpVersion version) const {
  if (version != HttpVersion::kHttp2) {
    return refused_http("grpc_over_http1", 415, "gRPC needs HTTP/2, found HTTP/1.1\n");
  }
  if (!options_.serves_grpc) {
    return refused_grpc("grpc_not_served", Code::kUnimplemented,
                        "gRPC is not served on this port (protocols.grpc is not configured here)");
  }
  if (head.find(KnownField::kMethod) != "POST") {
    return refused_grpc("wrong_method", Code::kInternal,
                        "the method must be POST, found " + shown(head.find(KnownField::kMethod)),
                        405);
  }
  if (!subtype.empty() && !equals_ignoring_case(subtype, "+proto")) {
    return refused_grpc("wrong_content_type", Code::kUnimplemented,
                        "the content type must be application/grpc or application/grpc+proto, "
                        "found application/grpc" +
                            shown(subtype));
  }
  const std::string_view path = head.find(KnownField::kPath);
  RequestPlan plan;
  for (const auto& route : options_.otlp_routes) {
    if (path != (route.grpc_path.empty() ? grpc_path_of(route.signal) : route.grpc_path)) continue;
    plan.signal = route.signal;
    plan.handler = route.handler;
  }
  if (plan.handler == nullptr) {
    return refused_grpc(
        "bad_path", Code::kUnimplemented,
        "unknown method " + shown(path) + "; it exists only for signals that have a pipeline here");
  }
  plan.kind = RequestPlan::Kind::kOtlp;
  plan.protocol = Protocol::kGrpc;
  if (const std::string_view name = head.find(KnownField::kGrpcEncoding); !name.empty()) {
    const auto coding = coding_of_grpc_name(name);
    if (!coding) {
      return refused_grpc("bad_compression", Code::kUnimplemented,
                          "grpc-encoding \"" + shown(name) +
                              "\" is not supported, supported: [identity, gzip, zstd, snappy]");
    }
    plan.coding = *coding;
  }
  if (head.has(KnownField::kGrpcTimeout)) {
    plan.timeout = http::parse_grpc_timeout(head.find(KnownField::kGrpcTimeout));
    if (!plan.timeout) {
      return refused_grpc(
          "bad_timeout", Code::kInternal,
          "malformed grpc-timeout \"" + shown(head.find(KnownField::kGrpcTimeout)) + "\"");
    }
  }
  return plan;
}

RequestPlan RequestRouting::plan_otlp_http(const HeaderList& head,
                                           const ServerOptions::OtlpRoute& route) const {
  RequestPlan plan;
  plan.signal = route.signal;
  plan.handler = route.handler;
  plan.style = route.style;
  const std::string_view method = head.find(KnownField::kMethod);
  if (method == "OPTIONS" && !options_.cors.allowed_origins.empty() &&
      head.has(KnownField::kOrigin)) {
    plan.kind = RequestPlan::Kind::kPreflight;
    return plan;
  }
  if (method != "POST") {
    RequestPlan wrong =
        refused_http("wrong_method", 405, "405 method not allowed, supported: [POST]");
    wrong.refusal->allow = "POST";
    wrong.signal = route.signal;
    return wrong;
  }
  const std::string_view type = media_type(head.find(KnownField::kContentType));
  if (route.style == RouteStyle::kThrift && !is_thrift(type)) {
    RequestPlan wrong = refused_http("wrong_content_type", 400,
                                     "Unsupported content type: " + shown(type) +
                                         "; supported: [application/x-thrift, "
                                         "application/vnd.apache.thrift.binary]\n");
    wrong.signal = route.signal;
    return wrong;
  }
  const bool is_protobuf = equals_ignoring_case(type, "application/x-protobuf");
  if (equals_ignoring_case(type, "application/json") ||
      (route.style != RouteStyle::kOtlp && !is_protobuf)) {
    plan.format = BodyFormat::kJson;
  } else if (!is_protobuf) {
    RequestPlan wrong = refused_http(
        "wrong_content_type", 415,
        "415 unsupported media type, supported: [application/json, application/x-protobuf]");
    wrong.signal = route.signal;
    return wrong;
  }
  const std::string_view name = head.find(KnownField::kContentEncoding);
  const auto coding = compress::coding_from_name(name);
  const bool listed =
      std::any_of(options_.http_encodings.begin(), options_.http_encodings.end(),
                  [&](const std::string& allowed) { return equals_ignoring_case(name, allowed); });
  if (!coding || !(listed || *coding == compress::Coding::kIdentity)) {
    plan.kind = RequestPlan::Kind::kRefused;
    plan.refusal.emplace();
    plan.refusal->reason = "bad_compression";
    plan.refusal->message = "unsupported Content-Encoding: " + shown(name);
    plan.refusal->grpc_code = Code::kInvalidArgument;
    plan.refusal->http_status = 400;
    plan.refusal->as_status = true;
    return plan;
  }
  plan.coding = *coding;
  plan.kind = RequestPlan::Kind::kOtlp;
  return plan;
}

RequestPlan RequestRouting::plan_oversized(const HeaderList& head) const {
  const std::string message =
      "the header section is longer than " + std::to_string(options_.header_bytes_max) + " bytes";
  if (grpc_subtype(head.find(KnownField::kContentType))) {
    return refused_grpc("header_too_large", Code::kResourceExhausted, message);
  }
  return refused_http("header_too_large", 431, message + "\n");
}

}  // namespace millrace::transport
