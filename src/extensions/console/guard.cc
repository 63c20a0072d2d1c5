#include "extensions/console/guard.h"

#include "extensions/console/json_writer.h"

namespace millrace::extensions::console {
namespace {

// "localhost:8888" and "[::1]:8888" without the port.
std::string_view host_without_port(std::string_view host) {
  if (host.starts_with('[')) return host.substr(0, host.find(']') + 1);
  return host.substr(0, host.find(':'));
}

// The time depends on the length of what was sent alone.
bool is_same_secret(std::string_view given, std::string_view secret) {
  unsigned difference = given.size() == secret.size() ? 0 : 1;
  for (size_t i = 0; i < given.size(); ++i) {
    const char expected = secret.empty() ? '\0' : secret[i % secret.size()];
    difference |= static_cast<unsigned>(static_cast<unsigned char>(given[i] ^ expected));
  }
  return difference == 0;
}

bool has_token(std::string_view authorization, std::string_view token) {
  constexpr std::string_view kScheme = "Bearer ";
  return authorization.starts_with(kScheme) &&
         is_same_secret(authorization.substr(kScheme.size()), token);
}

bool is_own_origin(const transport::PageRequest& request) {
  if (request.fetch_site == "cross-site" || request.fetch_site == "same-site") return false;
  if (request.origin.empty()) return true;
  return request.origin == "http://" + request.host || request.origin == "https://" + request.host;
}

}  // namespace

bool is_loopback(std::string_view host) {
  // "127.example.org" is a name, which may lead anywhere.
  const bool is_number = host.find_first_not_of("0123456789.") == std::string_view::npos;
  return host == "localhost" || host == "[::1]" || host == "::1" ||
         (is_number && host.starts_with("127."));
}

transport::PageReply error_reply(int status, std::string_view code, std::string_view message) {
  JsonWriter json;
  json.open_object().key("error").open_object();
  json.member("code", code).member("message", message).close_object().close_object();
  return {.status = status, .content_type = "application/json", .body = json.take()};
}

std::optional<transport::PageReply> refuse(const transport::PageRequest& request,
                                           std::string_view token, GuardedPart part) {
  if (token.empty() && !is_loopback(host_without_port(request.host))) {
    return error_reply(403, "foreign_host",
                       "the Host of a request must be localhost; set a token to use other names");
  }
  // A link from another site may open the page; nothing else of it reads or embeds anything.
  if (part == GuardedPart::kApi && !is_own_origin(request)) {
    return error_reply(403, "foreign_origin", "another site's page asks");
  }
  if (part == GuardedPart::kApi && !token.empty() && !has_token(request.authorization, token)) {
    transport::PageReply reply =
        error_reply(401, "unauthorized", "send the header Authorization: Bearer TOKEN");
    reply.fields.push_back({"www-authenticate", "Bearer"});
    return reply;
  }
  return std::nullopt;
}

void add_security_fields(transport::PageReply& reply) {
  reply.fields.push_back(
      {"content-security-policy",
       "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
       "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; "
       "frame-ancestors 'none'"});
  reply.fields.push_back({"x-content-type-options", "nosniff"});
  reply.fields.push_back({"referrer-policy", "no-referrer"});
  reply.fields.push_back({"cross-origin-resource-policy", "same-origin"});
  reply.fields.push_back({"cache-control", "no-store"});
}

}  // namespace millrace::extensions::console
