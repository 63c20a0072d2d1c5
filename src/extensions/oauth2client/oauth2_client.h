// The oauth2client extension with the keys and meaning of otelcol's: exporters that name it by
// `auth` show a token of the client credentials grant (RFC 6749, section 4.4).
//
// The token is fetched at the start and again when it is soon to end (expiry_buffer), on the loop
// of the first worker; the old one is used until the new one is there. A request that finds no
// valid token waits for the fetch that is under way; when that fails, its exporter retries. Nothing
// is sent without a token.
#pragma once

#include "access/authenticator.h"
#include "base/result.h"
#include "extensions/oauth2client/options.h"

namespace millrace::extensions {

// Reads the TLS files and the environment's proxies. Errors name what cannot be used.
Result<access::AuthExtension> make_oauth2_client(const OAuth2ClientOptions& options);

}  // namespace millrace::extensions
