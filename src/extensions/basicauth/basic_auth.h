// Names and passwords with the keys and meaning of otelcol's basicauth.
//
// Receivers: a request is admitted when its Authorization is "Basic" with a name and a password of
// the htpasswd users. Verified credentials are cached until the file changes. Exporters send the
// name and password of client_auth. After a file changes, the next outgoing request uses the new
// version, and received requests are checked against it within a second.
//
// Hashes that take longer than some microseconds are computed on the lane of
// AuthExtension::use_lane (slow_checks.h), for at most a share of a processor (guess_budget.h).
// Beyond that only users that are in the cache are admitted.
#pragma once

#include "access/authenticator.h"
#include "base/result.h"
#include "extensions/basicauth/options.h"

namespace millrace::extensions {

// Reads the files. Errors name the file.
Result<access::AuthExtension> make_basic_auth(const BasicAuthOptions& options);

}  // namespace millrace::extensions
