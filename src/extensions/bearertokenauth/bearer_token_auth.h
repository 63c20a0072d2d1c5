// Bearer tokens (RFC 6750) as otelcol's bearertokenauth has them.
//
// In: a request is let in when its header is the scheme and one of the tokens. Tokens are looked up
// by a keyed hash, so that the time it takes tells nothing. Out: the first token.
//
// A changed file is used by the next request that goes out, and within a second by what comes in,
// at once for a token that was not known yet.
#pragma once

#include "access/authenticator.h"
#include "base/result.h"
#include "extensions/bearertokenauth/options.h"

namespace millrace::extensions {

// Reads the file. Errors (of the file) name its path.
Result<access::AuthExtension> make_bearer_token_auth(const BearerTokenAuthOptions& options);

}  // namespace millrace::extensions
