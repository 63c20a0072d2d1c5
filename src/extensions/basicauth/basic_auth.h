// Names and passwords as otelcol's basicauth has them.
//
// In: a request is let in when its Authorization is "Basic", a name and a password that the
// htpasswd users have. What has been verified is remembered until the file changes. Out: name and
// password of client_auth. Changed files: as for bearer tokens, the next request out uses them, and
// within a second what comes in.
#pragma once

#include "access/authenticator.h"
#include "base/result.h"
#include "extensions/basicauth/options.h"

namespace millrace::extensions {

// Wrong guesses together may use this much, in rounds of bcrypt (password_hash.h): some two seconds
// at once, then an eighth of one processor. Beyond it only users that were verified before
// are checked.
inline constexpr double kGuessCostBurst = 32'768;
inline constexpr double kGuessCostPerSecond = 2'048;
// A hash runs whole on the loop (1,024 rounds are some 60 ms). So many rounds of wrong guesses run
// at once and so many a second: in between the loop serves others.
inline constexpr double kGuessCostAtOnce = 2'048;
inline constexpr double kGuessCostAtOncePerSecond = 4'096;

// Reads the files. Errors name them.
Result<access::AuthExtension> make_basic_auth(const BasicAuthOptions& options);

}  // namespace millrace::extensions
