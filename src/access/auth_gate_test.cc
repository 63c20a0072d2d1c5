#include "access/auth_gate.h"

#include <gtest/gtest.h>

#include "transport/server/server.h"

namespace millrace::access {
namespace {

using transport::Identity;
using transport::RequestHead;
using transport::RequestPass;

// Accepts the secret "good"; reports too many guesses for "often".
class FakeAuthenticator final : public Authenticator {
 public:
  std::optional<Verdict> authenticate(const RequestHead& head, const Later& later) override {
    const std::string_view shown = head.fields.find("authorization");
    if (later && shown == "slow") {
      on_verdict = later();
      return std::nullopt;
    }
    return verdict_of(shown);
  }
  std::string_view field() const override { return "authorization"; }
  std::string challenge() const override { return "Basic"; }
  static Verdict verdict_of(std::string_view shown) {
    if (shown == "good") return std::make_shared<Identity>("alice");
    if (shown == "often") return fail(Code::kResourceExhausted, "too many wrong passwords");
    return fail(Code::kUnauthenticated, "invalid credentials");
  }

  OnVerdict on_verdict;
};

struct Late final : transport::LateDecision {
  std::function<void(transport::GateDecision)> decide_later() override {
    return [this](transport::GateDecision made) { decision = std::move(made); };
  }
  std::optional<transport::GateDecision> decision;
};

struct Asked {
  std::optional<transport::GateRefusal> refusal;
  RequestPass pass;
};

Asked ask(transport::RequestGate& gate, std::string_view shown, const io::TlsInfo& tls = {},
          transport::LateDecision* late = nullptr) {
  http::HeaderList fields;
  fields.append("authorization", shown);
  const std::string peer = "10.0.0.1:5";
  Asked asked;
  asked.refusal =
      gate.on_head({.fields = fields, .peer = peer, .tls = tls, .late = late}, asked.pass);
  return asked;
}

const io::TlsInfo kAgent = {.active = true,
                            .peer_subject = "CN=agent-7",
                            .peer_names = {"subject:CN=agent-7", "cn:agent-7", "dns:a.example"}};

TEST(AuthGateTest, EmptyOptionsMakeNoGate) { EXPECT_EQ(make_auth_gate({}), nullptr); }

TEST(AuthGateTest, KnownSenderIsAdmittedWithItsNameAndWithoutTheSecret) {
  const auto gate = make_auth_gate({.authenticator = std::make_shared<FakeAuthenticator>()});
  const Asked asked = ask(*gate, "good");
  EXPECT_FALSE(asked.refusal);
  EXPECT_EQ(asked.pass.identity->name, "alice");
  EXPECT_EQ(asked.pass.secret_field, "authorization");
}

TEST(AuthGateTest, UnknownSenderIsChallenged) {
  const auto gate = make_auth_gate({.authenticator = std::make_shared<FakeAuthenticator>()});
  const Asked asked = ask(*gate, "bad");
  ASSERT_TRUE(asked.refusal);
  EXPECT_EQ(asked.refusal->reply->code, Code::kUnauthenticated);
  EXPECT_EQ(asked.refusal->reply->message, "invalid credentials");
  EXPECT_EQ(asked.refusal->reply->challenge, "Basic");
  EXPECT_EQ(asked.refusal->reason, "unauthenticated");
  EXPECT_EQ(asked.pass.identity, nullptr);
}

TEST(AuthGateTest, TooManyGuessesAreAnsweredWithARetryTime) {
  const auto gate = make_auth_gate({.authenticator = std::make_shared<FakeAuthenticator>()});
  const Asked asked = ask(*gate, "often");
  ASSERT_TRUE(asked.refusal);
  EXPECT_EQ(asked.refusal->reply->code, Code::kResourceExhausted);
  EXPECT_EQ(asked.refusal->reply->retry_after, 1s);
  EXPECT_EQ(asked.refusal->reason, "guessing");
}

TEST(AuthGateTest, LateVerdictIsALateDecision) {
  const auto authenticator = std::make_shared<FakeAuthenticator>();
  const auto gate = make_auth_gate({.authenticator = authenticator});
  Late late;
  const Asked asked = ask(*gate, "slow", {}, &late);
  EXPECT_FALSE(asked.refusal);
  EXPECT_EQ(asked.pass.identity, nullptr);
  EXPECT_EQ(asked.pass.secret_field, "authorization") << "known before the verdict";
  authenticator->on_verdict(FakeAuthenticator::verdict_of("good"));
  EXPECT_FALSE(late.decision->refusal);
  EXPECT_EQ(late.decision->identity->name, "alice");
  authenticator->on_verdict(FakeAuthenticator::verdict_of("bad"));
  EXPECT_EQ(late.decision->refusal->reply->challenge, "Basic");
  EXPECT_EQ(late.decision->refusal->reason, "unauthenticated");
  authenticator->on_verdict(FakeAuthenticator::verdict_of("often"));
  EXPECT_EQ(late.decision->refusal->reason, "guessing");
  EXPECT_TRUE(ask(*gate, "slow").refusal) << "without a late decision it is made at once";
}

TEST(AuthGateTest, CertificateMustBeOnTheList) {
  const auto gate = make_auth_gate({.allowed_clients = {"cn:agent-*", "uri:spiffe://x/*"}});
  const Asked agent = ask(*gate, "", kAgent);
  EXPECT_FALSE(agent.refusal);
  EXPECT_EQ(agent.pass.identity->name, "CN=agent-7");
  const Asked other = ask(*gate, "", {.active = true, .peer_names = {"cn:other", "dns:cn:agent-"}});
  ASSERT_TRUE(other.refusal);
  EXPECT_EQ(other.refusal->reply->code, Code::kPermissionDenied);
  EXPECT_EQ(other.refusal->reason, "not_allowed");
  EXPECT_TRUE(ask(*gate, "").refusal) << "no certificate at all";
}

TEST(AuthGateTest, CertificateAndPasswordAreBothRequired) {
  const auto gate = make_auth_gate({.authenticator = std::make_shared<FakeAuthenticator>(),
                                    .allowed_clients = {"dns:*.example"}});
  EXPECT_FALSE(ask(*gate, "good", kAgent).refusal);
  EXPECT_EQ(ask(*gate, "bad", kAgent).refusal->reason, "unauthenticated");
  EXPECT_EQ(ask(*gate, "good").refusal->reason, "not_allowed");
}

TEST(AuthGateTest, CertificateGateAdmitsAllAndSetsTheIdentity) {
  const auto gate = make_certificate_gate();
  EXPECT_EQ(ask(*gate, "", kAgent).pass.identity->name, "CN=agent-7");
  EXPECT_FALSE(ask(*gate, "").refusal);
}

}  // namespace
}  // namespace millrace::access
