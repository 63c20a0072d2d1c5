// The extension against a token server in a simulated network.
#include "extensions/oauth2client/oauth2_client.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "io/sim/world.h"
#include "io/testing/stream_probe.h"
#include "io/testing/test_certificates.h"

namespace millrace::extensions {
namespace {

using io::testing::StreamProbe;

class OAuth2ClientTest : public ::testing::Test {
 protected:
  OAuth2ClientTest()
      : server_loop_(world_.make_loop("server")), client_loop_(world_.make_loop("client")) {
    options_.client_id = "id";
    options_.client_secret = "hunter2";
    options_.token_url = *transport::parse_web_url("http://server/oauth/token");
  }
  ~OAuth2ClientTest() override {
    running_.reset();
    probes_.clear();
  }

  void listen() {
    listener_ = *server_loop_->listen(
        {.host = "", .port = 80, .tls = nullptr}, [this](std::unique_ptr<io::Stream> stream) {
          probes_.push_back(std::make_unique<StreamProbe>(std::move(stream)));
          // The request is there by then.
          world_.after(20ms, [this, probe = probes_.back().get()] { answer(*probe); });
        });
  }
  void answer(StreamProbe& probe) {
    requests_.push_back(probe.received);
    if (body_.empty() || probe.over()) return;
    const bool is_refused = refuses_header_ && probe.received.contains("authorization: ");
    const std::string body = is_refused ? R"({"error":"invalid_client"})" : body_;
    probe.send("HTTP/1.1 " + std::string(is_refused ? "401 No" : status_) +
               "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  }
  void start() {
    auto made = make_oauth2_client(options_);
    ASSERT_TRUE(made) << made.error().message;
    extension_ = std::move(*made);
    running_ =
        extension_.run({.name = name_, .loop = *client_loop_, .log = log_, .budget = budget_});
  }
  // The field that an exporter would send now, or the error.
  std::string shown() {
    const auto credentials = extension_.client->current({.now = client_loop_->now()});
    return credentials ? (*credentials)->front().value : credentials.error().message;
  }

  const std::string name_ = "oauth2client";
  io::sim::World world_{1};
  std::unique_ptr<io::Loop> server_loop_;
  std::unique_ptr<io::Loop> client_loop_;
  Budget budget_{64 << 20};
  std::string lines_;
  Logger log_{LogOptions{.level = LogLevel::kDebug},
              [this](std::string_view line) { lines_ += line; }, [] { return 0; }};
  std::unique_ptr<io::Listener> listener_;
  std::vector<std::unique_ptr<StreamProbe>> probes_;
  std::vector<std::string> requests_;
  std::string status_ = "200 OK";
  std::string body_ = R"({"access_token":"t1","token_type":"Bearer","expires_in":3600})";
  bool refuses_header_ = false;
  OAuth2ClientOptions options_;
  access::AuthExtension extension_;
  std::shared_ptr<void> running_;
};

TEST_F(OAuth2ClientTest, TokenIsFetchedAtTheStartAndKept) {
  options_.scopes = {"metrics"};
  listen();
  start();
  EXPECT_EQ(shown(), "the token is being fetched");
  world_.run_for(1s);
  EXPECT_EQ(shown(), "Bearer t1");
  world_.run_for(10min);
  EXPECT_EQ(shown(), "Bearer t1");
  ASSERT_EQ(requests_.size(), 1u);
  EXPECT_TRUE(requests_[0].starts_with("POST /oauth/token HTTP/1.1\r\nhost: server\r\n"));
  EXPECT_TRUE(requests_[0].contains("authorization: Basic aWQ6aHVudGVyMg==\r\n"));
  EXPECT_TRUE(requests_[0].ends_with("\r\n\r\ngrant_type=client_credentials&scope=metrics"));
  EXPECT_FALSE(lines_.contains("t1")) << lines_;
  EXPECT_FALSE(lines_.contains("hunter2")) << lines_;
}

TEST_F(OAuth2ClientTest, ServerThatWantsTheIdentityInTheFormGetsItThere) {
  refuses_header_ = true;
  listen();
  start();
  world_.run_for(1s);
  EXPECT_EQ(shown(), "Bearer t1");
  ASSERT_EQ(requests_.size(), 2u);
  EXPECT_TRUE(requests_[1].ends_with("&client_id=id&client_secret=hunter2"));
  body_ = R"({"access_token":"t2","expires_in":3600})";
  world_.run_for(56min);
  shown();
  world_.run_for(1s);
  EXPECT_EQ(shown(), "Bearer t2");
  EXPECT_EQ(requests_.size(), 3u) << "it is known by then";
}

TEST_F(OAuth2ClientTest, UnreachableServerIsAskedAgainAndSaidSo) {
  start();
  world_.run_for(1s);
  EXPECT_TRUE(shown().contains("failed to get security token from token endpoint")) << shown();
  EXPECT_TRUE(lines_.contains("failed to get a token; requests are retried"));
  EXPECT_FALSE(lines_.contains("hunter2")) << lines_;
  listen();
  world_.run_for(2s);
  shown();
  world_.run_for(1s);
  EXPECT_EQ(shown(), "Bearer t1");
  EXPECT_TRUE(lines_.contains("gives out tokens again"));
}

TEST_F(OAuth2ClientTest, SilentServerEndsAtTheTimeout) {
  options_.timeout = 2s;
  body_.clear();
  listen();
  start();
  world_.run_for(1s);
  EXPECT_EQ(shown(), "the token is being fetched");
  world_.run_for(1500ms);
  EXPECT_TRUE(shown().contains("deadline"));
}

TEST_F(OAuth2ClientTest, RefusalsAndLiesAreErrorsWithTheServersWords) {
  status_ = "400 Bad Request";
  body_ = R"({"error":"invalid_scope","error_description":"no such scope"})";
  listen();
  start();
  world_.run_for(1s);
  EXPECT_TRUE(shown().ends_with("HTTP status 400: invalid_scope: no such scope")) << shown();
  status_ = "200 OK";
  body_ = "<html>login</html>";
  world_.run_for(2s);
  shown();
  world_.run_for(1s);
  EXPECT_TRUE(shown().contains("not JSON")) << shown();
}

TEST_F(OAuth2ClientTest, EndlessAnswerIsBounded) {
  body_ = std::string(300 * 1024, ' ');
  listen();
  start();
  EXPECT_TRUE(world_.run_until([&] { return lines_.contains("larger than allowed"); }, 30s));
  EXPECT_TRUE(shown().contains("larger than allowed"));
  EXPECT_EQ(budget_.used(MemoryTerm::kResponses), 0u);
}

TEST_F(OAuth2ClientTest, FilesGoBeforeValuesAndAreReadForEachFetch) {
  io::testing::TemporaryFolder folder;
  options_.client_id_file = folder.write("id", "file id\n");
  options_.client_secret_file = folder.write("secret", "one\n");
  body_ = R"({"access_token":"t1","expires_in":60})";
  listen();
  start();
  world_.run_for(1s);
  EXPECT_TRUE(requests_.at(0).contains("Basic ZmlsZStpZDpvbmU=")) << requests_.at(0);
  folder.write("secret", "two\n");
  world_.run_for(1min);
  shown();
  world_.run_for(1s);
  EXPECT_TRUE(requests_.at(1).contains("Basic ZmlsZStpZDp0d28=")) << requests_.at(1);
  folder.write("secret", "\n");
  world_.run_for(2min);
  shown();
  world_.run_for(500ms);
  EXPECT_TRUE(shown().contains("empty credentials file")) << shown();
}

TEST_F(OAuth2ClientTest, EndedWorkerFetchesNothing) {
  listen();
  start();
  running_.reset();
  world_.run_for(1min);
  EXPECT_EQ(shown(), "there is no token");
  EXPECT_TRUE(requests_.empty());
}

TEST_F(OAuth2ClientTest, UnusableTlsFilesAreAnErrorAtTheStart) {
  options_.token_url = *transport::parse_web_url("https://server/token");
  options_.tls.options.ca_file = "/nowhere/ca.pem";
  const auto made = make_oauth2_client(options_);
  ASSERT_FALSE(made);
  EXPECT_TRUE(made.error().message.contains("/nowhere/ca.pem"));
}

}  // namespace
}  // namespace millrace::extensions
