#include "extensions/oauth2client/token.h"

#include <algorithm>

#include "access/field_text.h"
#include "http/grpc_wire.h"
#include "json_answer/json_answer.h"
#include "transport/client/web_url.h"

namespace millrace::extensions {
namespace {

using json_answer::JsonAnswer;
using transport::encode_form_text;

constexpr size_t kServerTextMax = 512;
constexpr int64_t kLifetimeMax = 366LL * 24 * 3600;  // in seconds

void add(std::string_view name, std::string_view value, std::string& form) {
  if (!form.empty()) form += '&';
  form += encode_form_text(name) + "=" + encode_form_text(value);
}

// The server's own words, where it has some.
std::string words_of(const JsonAnswer& answer) {
  std::string text = answer.text("error");
  const std::string description = answer.text("error_description");
  if (!description.empty()) text += (text.empty() ? "" : ": ") + description;
  return text.substr(0, kServerTextMax);
}

// Names of types are the same in any case; three are written in one way.
std::string type_of(std::string_view type) {
  const std::string lower = access::lowered(type);
  if (lower.empty() || lower == "bearer") return "Bearer";
  if (lower == "mac") return "MAC";
  if (lower == "basic") return "Basic";
  return std::string(type);
}

}  // namespace

std::string token_form(const OAuth2ClientOptions& options, const ClientIdentity& identity,
                       IdentityStyle style) {
  std::string form;
  add("grant_type", "client_credentials", form);
  std::string scopes;
  for (const std::string& scope : options.scopes) scopes += (scopes.empty() ? "" : " ") + scope;
  if (!scopes.empty()) add("scope", scopes, form);
  for (const auto& [name, value] : options.endpoint_params) add(name, value, form);
  if (style == IdentityStyle::kForm) {
    add("client_id", identity.id, form);
    add("client_secret", identity.secret, form);
  }
  return form;
}

std::string basic_header(const ClientIdentity& identity) {
  return "Basic " + http::encode_padded_base64(encode_form_text(identity.id) + ":" +
                                               encode_form_text(identity.secret));
}

Result<Token> read_token(int status, std::string_view body) {
  const auto answer = JsonAnswer::parse(body);
  if (status < 200 || status > 299) {
    std::string message = "HTTP status " + std::to_string(status);
    if (answer && !words_of(*answer).empty()) message += ": " + words_of(*answer);
    const bool is_refusal = status == 400 || status == 401 || status == 403;
    return fail(is_refusal ? Code::kUnauthenticated : Code::kInternal, std::move(message));
  }
  if (!answer) return fail(Code::kInternal, answer.error().message);
  if (!answer->text("error").empty()) return fail(Code::kUnauthenticated, words_of(*answer));
  const std::string token = answer->text("access_token");
  const std::string type = type_of(answer->text("token_type"));
  if (token.empty()) return fail(Code::kInternal, "server response missing access_token");
  if (token.size() > kTokenBytesMax || !access::is_value(token)) {
    return fail(Code::kInternal, "the access_token is too long, or has control characters");
  }
  if (!access::is_token(type)) return fail(Code::kInternal, "the token_type is no scheme");
  Token made{.authorization = type + " " + token, .lifetime = std::nullopt};
  const auto seconds = answer->number("expires_in");
  if (seconds && *seconds > 0) {
    made.lifetime = std::chrono::seconds(std::min(*seconds, kLifetimeMax));
  }
  return made;
}

}  // namespace millrace::extensions
