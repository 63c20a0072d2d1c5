// The words of the client credentials grant (RFC 6749, sections 4.4 and 5): the request's form and
// the answer with the token. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "extensions/oauth2client/options.h"

namespace millrace::extensions {

// A token of at most this size is used.
inline constexpr size_t kTokenBytesMax = 16 * 1024;

struct ClientIdentity {
  std::string id;
  std::string secret;
};

// Where the client shows its identity: servers accept one, the other, or both.
enum class IdentityStyle : uint8_t { kBasicHeader, kForm };

// The body of the request.
std::string token_form(const OAuth2ClientOptions& options, const ClientIdentity& identity,
                       IdentityStyle style);
// The value of Authorization for kBasicHeader.
std::string basic_header(const ClientIdentity& identity);

struct Token {
  std::string authorization;         // "Bearer …", as it is sent; a secret
  std::optional<Duration> lifetime;  // nothing: it does not end
};
// `body` came with that status. Errors have the server's own words (error, error_description) and
// no part of a token: kUnauthenticated where the server refused, kInternal where it answered
// anything else.
Result<Token> read_token(int status, std::string_view body);

}  // namespace millrace::extensions
