#include "extensions/basicauth/basic_auth.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "access/auth_gate.h"
#include "access/testing/authenticate.h"
#include "extensions/basicauth/slow_checks.h"
#include "http/grpc_wire.h"
#include "http/header_list.h"
#include "io/sim/sim_executor.h"
#include "io/testing/test_certificates.h"
#include "transport/server/server.h"
#include "yaml/parse.h"

namespace millrace::extensions {
namespace {

constexpr std::string_view kSha = "{SHA}w3QkzGJswDXW5OKZHAJw0FELjfM=";  // wonder
constexpr std::string_view kBcrypt = "$2y$04$abcdefghijklmnopqrstuuetGRvO6QNMBbbIoo5tpQkbPXg26U9Qu";

std::string mistakes(std::string_view text, BasicAuthOptions& options) {
  const auto root = yaml::parse(text, "a.yaml");
  EXPECT_TRUE(root.has_value()) << root.error().message;
  config::Diagnostics diagnostics;
  config::Section section(*root, diagnostics, "extensions::basicauth");
  read_basic_auth(section, options);
  section.finish();
  return diagnostics.to_text();
}

access::AuthExtension made_of(const std::string& users, const std::string& file = {}) {
  BasicAuthOptions options;
  options.htpasswd = {.file = file, .inline_text = users};
  auto extension = make_basic_auth(options);
  EXPECT_TRUE(extension) << extension.error().message;
  return std::move(*extension);
}

std::string judge_text(access::AuthExtension& extension, std::string_view value, Duration at = 0s,
                       const std::string& peer = "10.0.0.1:5") {
  http::HeaderList fields;
  fields.append("authorization", value);
  const auto identity =
      access::testing::authenticate_now(*extension.server, fields, MonotonicTime{} + at, peer);
  return identity ? "ok " + (*identity)->name : identity.error().message;
}

std::string judge(access::AuthExtension& extension, std::string_view credentials, Duration at = 0s,
                  const std::string& peer = "10.0.0.1:5") {
  return judge_text(extension, "Basic " + http::encode_base64(credentials), at, peer);
}

TEST(BasicAuthOptionsTest, OneOfTheTwoPartsIsNeeded) {
  BasicAuthOptions options;
  EXPECT_TRUE(mistakes("", options).contains("no credential source provided"));
  EXPECT_TRUE(mistakes("{htpasswd: {inline: x}, client_auth: {username: u}}", options)
                  .contains("only one of `htpasswd` or `client_auth` can be specified"));
  EXPECT_TRUE(mistakes("{htpasswd: }", options).contains("no credential source provided"));
  EXPECT_TRUE(mistakes("{client_auth: {aws_secrets_manager: {}}}", options).contains("AWS"));
  BasicAuthOptions client;
  EXPECT_EQ(mistakes("{client_auth: {username: u, password_file: /p}}", client), "");
  EXPECT_EQ(client.client_auth->password_file, "/p");
}

TEST(BasicAuthTest, OnlyNameAndPasswordTogetherAreAdmitted) {
  auto extension = made_of("alice:" + std::string(kSha) + "\nbob:" + std::string(kBcrypt));
  for (int time = 0; time < 2; ++time) {  // the second time from the cache
    EXPECT_EQ(judge(extension, "alice:wonder"), "ok alice");
    EXPECT_EQ(judge(extension, "bob:wonder"), "ok bob");
  }
  EXPECT_EQ(judge_text(extension, "basic YWxpY2U6d29uZGVy"), "ok alice");
  for (const std::string wrong : {"alice:", "alice:wonder ", "bob:wonde", "mallory:wonder", ":"}) {
    EXPECT_EQ(judge(extension, wrong), "invalid credentials") << wrong;
  }
  EXPECT_EQ(judge_text(extension, ""), "no basic auth provided");
  EXPECT_EQ(judge_text(extension, "Bearer x"), "invalid authorization scheme prefix");
  EXPECT_EQ(judge_text(extension, "Basic !"), "invalid authorization format");
  EXPECT_EQ(judge(extension, "alice"), "invalid authorization format");
  EXPECT_TRUE(extension.server->challenge().starts_with("Basic realm="));
}

TEST(BasicAuthTest, ChangedFileClearsTheCache) {
  io::testing::TemporaryFolder folder;
  const std::string path = folder.write("users", "alice:" + std::string(kSha) + "\n");
  auto extension = made_of("", path);
  EXPECT_EQ(judge(extension, "alice:wonder", 10s), "ok alice");
  folder.write("users", "bob:" + std::string(kSha) + "\n");
  EXPECT_EQ(judge(extension, "bob:wonder", 10s + 100ms), "ok bob") << "a new one is found at once";
  EXPECT_EQ(judge(extension, "alice:wonder", 11s), "invalid credentials");
  folder.write("users", "bob:plain\n");
  EXPECT_EQ(judge(extension, "bob:wonder", 20s), "ok bob") << "a broken file is not used";
}

TEST(BasicAuthTest, GuessingIsBoundedAndVerifiedUsersAreStillAdmitted) {
  auto extension = made_of("bob:" + std::string(kBcrypt));
  EXPECT_EQ(judge(extension, "bob:wonder"), "ok bob");
  // Each guess costs 16: 1,024 of an address at once, 2,048 of all.
  const auto hashed_of = [&](int count, const std::string& peer) {
    int hashed = 0;
    for (int guess = 0; guess < count; ++guess) {
      const std::string answer = judge(extension, "bob:guess" + std::to_string(guess), 1s, peer);
      hashed += answer == "invalid credentials" ? 1 : 0;
    }
    return hashed;
  };
  EXPECT_EQ(hashed_of(1'100, "10.0.0.1:5"), 1'024);
  EXPECT_EQ(hashed_of(10, "10.0.0.1:6"), 0) << "another connection of the same address";
  EXPECT_EQ(judge(extension, "bob:wonder", 1s), "ok bob");
  EXPECT_EQ(hashed_of(10, "10.0.0.2:5"), 10) << "another address";
  EXPECT_EQ(judge(extension, "bob:again", 2s), "invalid credentials") << "a second later";
}

// Requests that wait for a lane that the test runs.
class SlowBasicAuthTest : public ::testing::Test {
 protected:
  struct Late final : transport::LateDecision {
    std::function<void(transport::GateDecision)> decide_later() override {
      return [this](transport::GateDecision made) {
        decided = made.refusal ? made.refusal->reply->message : "ok " + made.identity->name;
      };
    }
    std::string decided;
  };
  SlowBasicAuthTest() { extension.use_lane(&lane); }
  ~SlowBasicAuthTest() override { extension.use_lane(nullptr); }

  // "": decided later, by the lates that are appended to.
  std::string ask(const std::string& credentials, const std::string& peer = "10.0.0.1:5") {
    http::HeaderList fields;
    fields.append("authorization", "Basic " + http::encode_base64(credentials));
    const io::TlsInfo tls;
    lates.push_back(std::make_unique<Late>());
    transport::RequestPass pass;
    const auto gate = access::make_auth_gate({.authenticator = extension.server});
    const auto refusal = gate->on_head(
        {.fields = fields, .peer = peer, .tls = tls, .now = now, .late = lates.back().get()}, pass);
    if (refusal) return refusal->reply->message;
    return pass.identity ? "ok " + pass.identity->name : "";
  }
  const std::string& late(size_t index) const { return lates[index]->decided; }

  io::sim::HandExecutor lane;
  MonotonicTime now = MonotonicTime{} + 1s;
  access::AuthExtension extension =
      made_of("bob:" + std::string(kBcrypt) + "\nalice:" + std::string(kSha));
  std::vector<std::unique_ptr<Late>> lates;
};

TEST_F(SlowBasicAuthTest, SlowHashIsComputedOnTheLane) {
  EXPECT_EQ(ask("bob:wonder"), "");
  EXPECT_EQ(ask("bob:wrong"), "");
  EXPECT_EQ(ask("mallory:wonder"), "") << "an unknown name takes as long";
  EXPECT_EQ(ask("alice:wonder"), "ok alice") << "a quick one is checked at once";
  EXPECT_EQ(late(0), "");
  lane.run_all();
  EXPECT_EQ(late(0), "ok bob");
  EXPECT_EQ(late(1), "invalid credentials");
  EXPECT_EQ(late(2), "invalid credentials");
  EXPECT_EQ(ask("bob:wonder"), "ok bob") << "from the cache";
  EXPECT_EQ(lane.waiting_count(), 0u);
}

TEST_F(SlowBasicAuthTest, RequestsWithTheSameCredentialsShareACheck) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask("bob:wonder"), "");
  EXPECT_EQ(lane.waiting_count(), 1u);
  lane.run_all();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(late(i), "ok bob");
}

TEST_F(SlowBasicAuthTest, FloodOfGuessesHasABoundedNumberOfChecks) {
  size_t waiting = 0;
  for (int i = 0; i < 3'000; ++i) {
    const std::string answer =
        ask("bob:" + std::to_string(i), "10.0.0." + std::to_string(i) + ":1");
    if (answer.empty()) {
      ++waiting;
    } else {
      EXPECT_EQ(answer, "too many wrong passwords, try again later");
    }
  }
  EXPECT_EQ(waiting, SlowChecks::kWaitersMax);
  EXPECT_EQ(lane.waiting_count(), SlowChecks::kWaitersMax);
  EXPECT_EQ(ask("alice:wonder"), "ok alice") << "no check is needed";
  lane.run_all();
  EXPECT_EQ(late(0), "invalid credentials");
}

TEST_F(SlowBasicAuthTest, EndOfTheLaneLeavesRequestsUndecided) {
  EXPECT_EQ(ask("bob:wonder"), "");
  extension.use_lane(nullptr);
  lane.run_all();
  EXPECT_EQ(late(0), "");
  EXPECT_EQ(ask("bob:wonder"), "ok bob") << "without a lane it is checked at once";
}

TEST(BasicAuthTest, MissingFileAndPlainPasswordAreErrorsAtStart) {
  BasicAuthOptions options;
  options.htpasswd = {.file = "/nowhere/users", .inline_text = ""};
  EXPECT_TRUE(make_basic_auth(options).error().message.contains("/nowhere/users"));
  options.htpasswd = {.file = "", .inline_text = "alice:hunter2"};
  const auto plain = make_basic_auth(options);
  ASSERT_FALSE(plain);
  EXPECT_TRUE(plain.error().message.starts_with("htpasswd::inline:1: "));
  EXPECT_FALSE(plain.error().message.contains("hunter2"));
}

TEST(BasicAuthTest, ExportersSendTheCurrentContentsOfTheFiles) {
  io::testing::TemporaryFolder folder;
  BasicAuthOptions options;
  options.client_auth = {.username = "alice",
                         .username_file = "",
                         .password = "not used",
                         .password_file = folder.write("password", "wonder\n")};
  auto extension = make_basic_auth(options);
  ASSERT_TRUE(extension) << extension.error().message;
  const auto shown = [&] { return (*extension->client->current({}))->front().value; };
  EXPECT_EQ(shown(), "Basic YWxpY2U6d29uZGVy");
  EXPECT_EQ((*extension->client->current({}))->front().name, "authorization");
  folder.write("password", "x");
  EXPECT_EQ(shown(), "Basic YWxpY2U6eA==");
}

TEST(BasicAuthTest, NameWithAColonIsRefused) {
  BasicAuthOptions options;
  options.client_auth = {
      .username = "a:b", .username_file = "", .password = "c", .password_file = ""};
  EXPECT_TRUE(make_basic_auth(options).error().message.contains("invalid authorization format"));
}

}  // namespace
}  // namespace millrace::extensions
