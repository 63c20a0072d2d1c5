// Names and passwords with the keys and meaning of otelcol's basicauth.
//
// Receivers: a request is admitted when its Authorization is "Basic" with a name and a password of
// the htpasswd users. Verified credentials are cached until the file changes. Exporters send the
// name and password of client_auth. After a file changes, the next outgoing request uses the new
// version, and received requests are checked against it within a second.
#pragma once

#include "access/authenticator.h"
#include "base/result.h"
#include "extensions/basicauth/options.h"

namespace millrace::extensions {

// The limit for all wrong guesses together, in rounds of bcrypt (password_hash.h): about two
// seconds at once, then an eighth of one processor. Beyond the limit only users that are in the
// cache are admitted.
inline constexpr double kGuessCostBurst = 32'768;
inline constexpr double kGuessCostPerSecond = 2'048;
// A hash is computed in one piece on the loop (1,024 rounds take some 60 ms). This limits the
// rounds of wrong guesses that run without a pause, so that the loop serves other work in between.
inline constexpr double kGuessCostAtOnce = 2'048;
inline constexpr double kGuessCostAtOncePerSecond = 4'096;

// Reads the files. Errors name the file.
Result<access::AuthExtension> make_basic_auth(const BasicAuthOptions& options);

}  // namespace millrace::extensions
