// The two parts of an authentication extension: it authenticates the senders of a receiver, and it
// gives an exporter the credentials to send. Receivers and exporters name one by `auth:
// {authenticator: …}`.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/log.h"
#include "base/result.h"
#include "base/time.h"
#include "transport/client.h"
#include "transport/request_gate.h"

namespace millrace::access {

// Threads: safe from any. One for all receivers that name it.
class Authenticator {
 public:
  virtual ~Authenticator() = default;
  // Returns the sender's identity. An error says what is missing and never what was sent:
  // UNAUTHENTICATED, or RESOURCE_EXHAUSTED when too many wrong guesses arrive (retry later).
  virtual Result<std::shared_ptr<const transport::Identity>> authenticate(
      const http::HeaderList& fields, MonotonicTime now) = 0;
  // The field that it reads, in lower case.
  virtual std::string_view field() const = 0;
  // The WWW-Authenticate of a refusal.
  virtual std::string challenge() const = 0;
};

// An extension as it stands in the configuration. Either part may be null: basicauth is one or the
// other.
struct AuthExtension {
  std::shared_ptr<Authenticator> server;
  std::shared_ptr<transport::CredentialSource> client;
  // Whom to tell when a watched file has changed, or cannot be used; before the loops run.
  std::function<void(std::function<void(const Status&)>)> report_reloads;
};

}  // namespace millrace::access
