// Bearer tokens (RFC 6750) with the keys and meaning of otelcol's bearertokenauth.
//
// Receivers: a request is admitted when its header is the scheme and one of the tokens. Tokens are
// looked up by a keyed hash, so that the time reveals nothing. Exporters send the first token.
//
// After the file changes, the next outgoing request uses the new version. Received requests are
// checked against it within a second, and at once when their token is unknown.
#pragma once

#include "access/authenticator.h"
#include "base/result.h"
#include "extensions/bearertokenauth/options.h"

namespace millrace::extensions {

// Reads the file. Errors about the file name its path.
Result<access::AuthExtension> make_bearer_token_auth(const BearerTokenAuthOptions& options);

}  // namespace millrace::extensions
