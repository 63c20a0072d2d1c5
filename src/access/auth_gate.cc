#include "access/auth_gate.h"

#include <algorithm>
#include <utility>

#include "base/text_pattern.h"
#include "transport/server/server.h"

namespace millrace::access {
namespace {

using transport::GateDecision;
using transport::GateRefusal;
using transport::Identity;
using transport::Reply;
using transport::RequestHead;
using transport::RequestPass;

// A few seconds reduce the rate of guesses and hardly affect a sender with a wrong password.
constexpr Duration kRetryAfterGuessing = 1s;

GateRefusal refusal(Code code, std::string message, std::string_view reason) {
  GateRefusal made{.reply = std::make_unique<Reply>(), .reason = reason};
  made.reply->code = code;
  made.reply->message = std::move(message);
  return made;
}

class AuthGate final : public transport::RequestGate {
 public:
  explicit AuthGate(AuthGateOptions options) : options_(std::move(options)) {}

  std::optional<GateRefusal> on_head(const RequestHead& head, RequestPass& pass) override {
    if (!options_.allowed_clients.empty() && !is_allowed(head.tls)) {
      return refusal(Code::kPermissionDenied,
                     "the client certificate is not one of allowed_clients", "not_allowed");
    }
    if (options_.authenticator == nullptr) {
      if (!head.tls.peer_subject.empty()) {
        pass.identity = std::make_shared<Identity>(head.tls.peer_subject);
      }
      return std::nullopt;
    }
    Authenticator::Later later;
    if (head.late != nullptr) {
      later = [this, &head] { return verdict_of_late(head.late->decide_later()); };
    }
    auto verdict = options_.authenticator->authenticate(head, later);
    pass.secret_field = options_.authenticator->field();
    if (!verdict) return std::nullopt;
    if (!*verdict) {
      return refuse(options_.authenticator->challenge(), std::move(verdict->error()));
    }
    pass.identity = std::move(**verdict);
    return std::nullopt;
  }

 private:
  bool is_allowed(const io::TlsInfo& tls) const {
    return std::ranges::any_of(tls.peer_names, [&](const std::string& name) {
      return std::ranges::any_of(options_.allowed_clients, [&](const std::string& pattern) {
        return matches_pattern(pattern, name);
      });
    });
  }

  Authenticator::OnVerdict verdict_of_late(std::function<void(GateDecision)> decide) const {
    return [decide = std::move(decide),
            challenge = options_.authenticator->challenge()](Authenticator::Verdict verdict) {
      GateDecision decision;
      if (verdict) {
        decision.identity = std::move(*verdict);
      } else {
        decision.refusal = refuse(challenge, std::move(verdict.error()));
      }
      decide(std::move(decision));
    };
  }

  static GateRefusal refuse(const std::string& challenge, Error error) {
    if (error.code == Code::kResourceExhausted) {
      GateRefusal made = refusal(error.code, std::move(error.message), "guessing");
      made.reply->retry_after = kRetryAfterGuessing;
      return made;
    }
    GateRefusal made = refusal(Code::kUnauthenticated, std::move(error.message), "unauthenticated");
    made.reply->challenge = challenge;
    return made;
  }

  const AuthGateOptions options_;
};

}  // namespace

std::shared_ptr<transport::RequestGate> make_auth_gate(AuthGateOptions options) {
  if (options.authenticator == nullptr && options.allowed_clients.empty()) return nullptr;
  return std::make_shared<AuthGate>(std::move(options));
}

std::shared_ptr<transport::RequestGate> make_certificate_gate() {
  return std::make_shared<AuthGate>(AuthGateOptions{});
}

}  // namespace millrace::access
