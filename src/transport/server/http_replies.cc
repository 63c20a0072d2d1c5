#include "transport/server/http_replies.h"

#include "wire/utf8.h"

namespace millrace::transport {
namespace {

using http::KnownField;

constexpr size_t kPlainTextBytesMax = 2048;

std::string joined(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) {
    if (!text.empty()) text += ", ";
    text += item;
  }
  return text;
}

}  // namespace

HttpReply answer_reply(const Reply& reply, const RequestPlan& plan) {
  HttpReply answer = map_to_http(reply, plan.signal.value_or(Signal::kTraces), plan.format);
  if (plan.style == RouteStyle::kOtlp) return answer;
  if (reply.code == Code::kOk && !reply.too_large) {
    HttpReply accepted;
    accepted.status = 202;
    return accepted;
  }
  answer.content_type = "text/plain; charset=utf-8";
  answer.body = wire::to_utf8(reply.message, kPlainTextBytesMax) + "\n";
  return answer;
}

HttpReply answer_refusal(const RequestPlan& plan) {
  const RoutingRefusal& refusal = *plan.refusal;
  HttpReply answer;
  if (refusal.as_status) {
    Reply reply;
    reply.code = refusal.grpc_code;
    reply.message = refusal.message;
    answer = answer_reply(reply, plan);
  } else {
    answer.content_type = "text/plain; charset=utf-8";
    answer.body = refusal.message;
  }
  answer.status = refusal.http_status;
  if (!refusal.allow.empty()) answer.fields.push_back({"allow", std::string(refusal.allow)});
  return answer;
}

PageRequest page_request_of(const http::HeaderList& head, const PageRoute& route) {
  const std::string_view target = head.find(KnownField::kPath);
  PageRequest request;
  request.method = head.find(KnownField::kMethod);
  request.path = path_without_query(target);
  const size_t mark = target.find('?');
  if (mark != std::string_view::npos) {
    request.query = target.substr(mark + 1, target.find('#') - mark - 1);
  }
  request.accept = head.find("accept");
  request.accept_encoding = head.find("accept-encoding");
  request.host = head.find(KnownField::kAuthority);
  request.origin = head.find(KnownField::kOrigin);
  request.authorization = head.find("authorization");
  request.fetch_site = head.find("sec-fetch-site");
  for (const std::string& name : route.wanted_fields) {
    const std::string_view value = head.find(name);
    if (!value.empty()) request.fields.push_back({name, std::string(value)});
  }
  return request;
}

HttpReply answer_page(PageReply page) {
  HttpReply answer;
  answer.status = page.status;
  answer.content_type = std::move(page.content_type);
  answer.body = std::move(page.body);
  if (!page.content_encoding.empty()) {
    answer.fields.push_back({"content-encoding", std::move(page.content_encoding)});
  }
  for (MetadataEntry& field : page.fields) {
    answer.fields.push_back({std::move(field.name), std::move(field.value)});
  }
  answer.stream = std::move(page.stream);
  return answer;
}

HttpReply answer_preflight(const http::HeaderList& head, const CorsOptions& cors,
                           std::string_view method) {
  HttpReply answer;
  answer.status = 204;
  answer.fields.push_back(
      {"vary", "origin, access-control-request-method, access-control-request-headers"});
  if (!origin_allowed(cors, head.find(KnownField::kOrigin)) ||
      head.find("access-control-request-method") != method) {
    return answer;
  }
  answer.fields.push_back({"access-control-allow-methods", std::string(method)});
  // The safelisted fields need no leave; Content-Type does, because OTLP's types are not forms'.
  std::string allowed = "content-type";
  bool any = false;
  for (const std::string& name : cors.allowed_headers) any = any || name == "*";
  if (any) {
    const std::string_view requested = head.find("access-control-request-headers");
    if (!requested.empty()) allowed = requested;
  } else if (!cors.allowed_headers.empty()) {
    allowed += ", " + joined(cors.allowed_headers);
  }
  answer.fields.push_back({"access-control-allow-headers", allowed});
  if (cors.max_age_s > 0) {
    answer.fields.push_back({"access-control-max-age", std::to_string(cors.max_age_s)});
  }
  return answer;
}

void add_common_fields(HttpReply& answer, const ServerOptions& options, std::string_view origin) {
  if (origin_allowed(options.cors, origin)) {
    answer.fields.push_back({"access-control-allow-origin", std::string(origin)});
    answer.fields.push_back({"access-control-allow-credentials", "true"});
    if (answer.status != 204) answer.fields.push_back({"vary", "origin"});
    if (!options.cors.exposed_headers.empty()) {
      answer.fields.push_back(
          {"access-control-expose-headers", joined(options.cors.exposed_headers)});
    }
  }
  for (const MetadataEntry& field : options.response_headers) {
    answer.fields.push_back({field.name, field.value});
  }
}

}  // namespace millrace::transport
