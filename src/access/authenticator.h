// The interface of an authentication extension. It authenticates the senders of a receiver and
// gives an exporter its credentials. Receivers and exporters name an extension by `auth:
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
#include "io/executor.h"
#include "io/loop.h"
#include "memory/budget.h"
#include "transport/client/client.h"
#include "transport/server/request_gate.h"

namespace millrace::access {

// One object serves all receivers that name it. Threads: safe from any thread.
class Authenticator {
 public:
  // The sender's identity. An error says what is missing and never repeats a secret:
  // UNAUTHENTICATED, or RESOURCE_EXHAUSTED after too many wrong guesses (retry later).
  using Verdict = Result<std::shared_ptr<const transport::Identity>>;
  using OnVerdict = std::function<void(Verdict)>;
  using Later = std::function<OnVerdict()>;

  virtual ~Authenticator() = default;
  // Returns the verdict, or nothing when it takes longer to find than a turn of a loop may: then
  // `later` was called, and what it returned is called once, by any thread. A null `later`: the
  // verdict is found during the call, however long it takes.
  virtual std::optional<Verdict> authenticate(const transport::RequestHead& head,
                                              const Later& later) = 0;
  // The name of the header field to authenticate, in lower case.
  virtual std::string_view field() const = 0;
  // The value of WWW-Authenticate in a refusal.
  virtual std::string challenge() const = 0;
};

// The parts for an extension that does something by itself; they outlive the result of its run().
struct ExtensionParts {
  const std::string& name;  // "oauth2client/a"
  io::Loop& loop;
  Logger& log;
  Budget& budget;
};

// A configured extension. Either part may be null: basicauth has either the receivers' part or the
// exporters' part.
struct AuthExtension {
  std::shared_ptr<Authenticator> server;
  std::shared_ptr<transport::CredentialSource> client;
  // Sets the function to call when a watched file changed or is unusable; before the loops run.
  std::function<void(std::function<void(const Status&)>)> report_reloads;
  // Starts what it does by itself, on the first worker's loop and before the loops run; null:
  // nothing. The result is destroyed when that worker ends.
  std::function<std::shared_ptr<void>(const ExtensionParts&)> run = nullptr;
  // Sets the lane on which slow checks run (null: on the caller's thread). Null function: there are
  // none. Before the loops run; and with null before the lane ends, which leaves the waiting
  // requests undecided.
  std::function<void(io::Executor*)> use_lane = {};
};

}  // namespace millrace::access
