// Asks an authenticator as a gate does that has to decide at once.
#pragma once

#include <string>

#include "access/authenticator.h"
#include "base/check.h"

namespace millrace::access::testing {

inline Authenticator::Verdict authenticate_now(Authenticator& authenticator,
                                               const http::HeaderList& fields, MonotonicTime now,
                                               const std::string& peer = "10.0.0.1:5") {
  const io::TlsInfo tls;
  auto verdict =
      authenticator.authenticate({.fields = fields, .peer = peer, .tls = tls, .now = now}, nullptr);
  MILLRACE_CHECK(verdict.has_value());
  return std::move(*verdict);
}

}  // namespace millrace::access::testing
