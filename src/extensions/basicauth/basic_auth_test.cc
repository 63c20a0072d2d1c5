#include "extensions/basicauth/basic_auth.h"

#include <gtest/gtest.h>

#include "http/grpc_wire.h"
#include "http/header_list.h"
#include "io/testing/test_certificates.h"
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

std::string judge_text(access::AuthExtension& extension, std::string_view value, Duration at = 0s) {
  http::HeaderList fields;
  fields.append("authorization", value);
  const auto identity = extension.server->authenticate(fields, MonotonicTime{} + at);
  return identity ? "ok " + (*identity)->name : identity.error().message;
}

std::string judge(access::AuthExtension& extension, std::string_view credentials,
                  Duration at = 0s) {
  return judge_text(extension, "Basic " + http::encode_base64(credentials), at);
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
  // Each guess costs 16, and 8 are refilled in the 4 ms between guesses: 4,096 use up the burst.
  const auto refused_of = [&](int count, Duration from) {
    int refused = 0;
    for (int guess = 0; guess < count; ++guess) {
      const std::string answer =
          judge(extension, "bob:guess" + std::to_string(guess), from + guess * 4ms);
      refused += answer == "too many wrong passwords, try again later" ? 1 : 0;
    }
    return refused;
  };
  EXPECT_EQ(refused_of(4'000, 1s), 0);
  EXPECT_GT(refused_of(1'000, 17s), 300);
  EXPECT_EQ(judge(extension, "bob:wonder", 21s), "ok bob");
  EXPECT_EQ(judge(extension, "bob:again", 22s), "invalid credentials") << "a second later";
}

// A burst of wrong passwords blocked the loop for two seconds: their hashes ran without a pause.
TEST(BasicAuthTest, FewWrongPasswordsAreHashedAtOnce) {
  auto extension = made_of("bob:" + std::string(kBcrypt) + "\nalice:" + std::string(kSha));
  int hashed = 0;
  while (judge(extension, "bob:wrong" + std::to_string(hashed), 1s) == "invalid credentials") {
    ++hashed;
  }
  EXPECT_EQ(hashed, 2'048 / 16);
  EXPECT_EQ(judge(extension, "bob:wrong", 1s + 4ms), "invalid credentials");
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
