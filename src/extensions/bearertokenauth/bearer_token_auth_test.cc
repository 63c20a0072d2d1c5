#include "extensions/bearertokenauth/bearer_token_auth.h"

#include <gtest/gtest.h>

#include "access/testing/authenticate.h"
#include "http/header_list.h"
#include "io/testing/test_certificates.h"
#include "yaml/parse.h"

namespace millrace::extensions {
namespace {

struct Read {
  BearerTokenAuthOptions options;
  std::string found;
  config::Diagnostics diagnostics;
};

void read(std::string_view text, Read& into) {
  const auto root = yaml::parse(text, "a.yaml");
  ASSERT_TRUE(root.has_value()) << root.error().message;
  config::Section section(*root, into.diagnostics, "extensions::bearertokenauth");
  read_bearer_token_auth(section, into.options);
  section.finish();
  into.found = into.diagnostics.to_text();
}

std::string mistakes(std::string_view text) {
  Read made;
  read(text, made);
  return made.found;
}

// Returns "ok token 1" or the error's message.
std::string judge(access::AuthExtension& extension, std::string_view name, std::string_view value,
                  Duration at = 0s) {
  http::HeaderList fields;
  fields.append(name, value);
  const auto identity =
      access::testing::authenticate_now(*extension.server, fields, MonotonicTime{} + at);
  return identity ? "ok " + (*identity)->name : identity.error().message;
}

std::string shown(access::AuthExtension& extension) {
  const auto credentials = extension.client->current({});
  EXPECT_TRUE(credentials.has_value());
  EXPECT_EQ((*credentials)->size(), 1u);
  return (*credentials)->front().name + ": " + (*credentials)->front().value;
}

constexpr std::string_view kRefused = "scheme or token does not match";

TEST(BearerTokenAuthOptionsTest, KeysAndDefaultsAreOtelcols) {
  Read made;
  read("{token: secret-one}", made);
  EXPECT_EQ(made.found, "");
  EXPECT_EQ(made.options.scheme, "Bearer");
  EXPECT_EQ(made.options.header, "Authorization");
  EXPECT_EQ(made.options.tokens, std::vector<std::string>{"secret-one"});
  EXPECT_TRUE(made.diagnostics.is_secret("extensions::bearertokenauth::token"));
  EXPECT_TRUE(made.diagnostics.is_secret("extensions::bearertokenauth::tokens"));
}

TEST(BearerTokenAuthOptionsTest, MistakesAreOtelcolsAndShowNoToken) {
  EXPECT_TRUE(mistakes("").contains("no bearer token provided"));
  EXPECT_TRUE(mistakes("{token: a, tokens: [b]}")
                  .contains("either tokens or token should be provided, not both"));
  EXPECT_TRUE(mistakes("{token: a, filename: /f}")
                  .contains("a filename is specified. Configured token(s) is ignored!"));
  EXPECT_TRUE(mistakes("{token: a, header: \"a b\"}").contains("is not a header name"));
  EXPECT_TRUE(mistakes("{token: a, scheme: \"Be arer\"}").contains("authentication scheme"));
  for (const std::string text : {"{tokens: hunter2}", "{tokens: {hunter2: 1}}",
                                 "{tokens: [[hunter2]]}", "{token: \"hunter2\\n\"}"}) {
    const std::string found = mistakes(text);
    EXPECT_NE(found, "") << text;
    EXPECT_FALSE(found.contains("hunter2")) << found;
  }
}

TEST(BearerTokenAuthTest, OnlyTheSchemeAndOneOfTheTokensIsAdmitted) {
  auto extension = make_bearer_token_auth({.tokens = {"alpha", "beta"}, .filename = {}});
  ASSERT_TRUE(extension);
  EXPECT_EQ(judge(*extension, "authorization", "Bearer alpha"), "ok token 1");
  EXPECT_EQ(judge(*extension, "authorization", "bearer beta"), "ok token 2");
  for (const std::string wrong :
       {"Bearer", "Bearer ", "Bearer alph", "Bearer alphaa", "alpha", "Bearer  alpha",
        "Basic alpha", "Bearer Alpha", "Bearer alpha "}) {
    EXPECT_EQ(judge(*extension, "authorization", wrong), kRefused) << wrong;
  }
  EXPECT_EQ(judge(*extension, "x-other", "Bearer alpha"),
            "missing or empty authorization header: Authorization");
  EXPECT_EQ(judge(*extension, "authorization", ""),
            "missing or empty authorization header: Authorization");
  EXPECT_EQ(extension->server->challenge(), "Bearer");
  EXPECT_EQ(shown(*extension), "authorization: Bearer alpha");
}

TEST(BearerTokenAuthTest, HeaderOfItsOwnWithoutScheme) {
  auto extension = make_bearer_token_auth(
      {.scheme = "", .header = "X-API-Key", .tokens = {"k"}, .filename = {}});
  ASSERT_TRUE(extension);
  EXPECT_EQ(judge(*extension, "x-api-key", "k"), "ok token 1");
  EXPECT_EQ(judge(*extension, "x-api-key", "Bearer k"), kRefused);
  EXPECT_EQ(extension->server->field(), "x-api-key");
  EXPECT_EQ(shown(*extension), "x-api-key: k");
}

TEST(BearerTokenAuthTest, ChangedFileIsUsedAndBrokenOneIsNot) {
  io::testing::TemporaryFolder folder;
  const std::string path = folder.write("tokens", "\n first \r\nsecond\n\n");
  auto extension = make_bearer_token_auth({.tokens = {"ignored"}, .filename = path});
  ASSERT_TRUE(extension) << extension.error().message;
  std::vector<std::string> reports;
  extension->report_reloads(
      [&](const Status& status) { reports.push_back(status ? "ok" : status.error().message); });
  EXPECT_EQ(judge(*extension, "authorization", "Bearer second"), "ok token 2");
  EXPECT_EQ(judge(*extension, "authorization", "Bearer ignored"), kRefused);
  EXPECT_EQ(judge(*extension, "authorization", "Bearer "), kRefused) << "an empty line is no token";

  folder.write("tokens", "third\n");
  EXPECT_EQ(shown(*extension), "authorization: Bearer third") << "the next request uses it";
  EXPECT_EQ(judge(*extension, "authorization", "Bearer second"), kRefused);
  folder.write("tokens", "fourth\n");
  EXPECT_EQ(judge(*extension, "authorization", "Bearer fourth", 200ms), "ok token 1");

  folder.write("tokens", "\n");
  EXPECT_EQ(shown(*extension), "authorization: Bearer fourth");
  EXPECT_EQ(judge(*extension, "authorization", "Bearer fourth", 5s), "ok token 1");
  EXPECT_EQ(reports, (std::vector<std::string>{"ok", "ok", path + ": the file contains no token"}));
}

TEST(BearerTokenAuthTest, RevokedTokenIsRefusedAfterASecond) {
  io::testing::TemporaryFolder folder;
  const std::string path = folder.write("tokens", "old\n");
  auto extension = make_bearer_token_auth({.tokens = {}, .filename = path});
  ASSERT_TRUE(extension);
  EXPECT_EQ(judge(*extension, "authorization", "Bearer old", 10s), "ok token 1");
  folder.write("tokens", "new\n");
  EXPECT_EQ(judge(*extension, "authorization", "Bearer old", 10s + 999ms), "ok token 1");
  EXPECT_EQ(judge(*extension, "authorization", "Bearer old", 11s), kRefused);
}

TEST(BearerTokenAuthTest, MissingFileIsAnErrorAtStart) {
  const auto extension = make_bearer_token_auth({.tokens = {}, .filename = "/nowhere/token"});
  ASSERT_FALSE(extension);
  EXPECT_TRUE(extension.error().message.contains("/nowhere/token"));
}

}  // namespace
}  // namespace millrace::extensions
