#include "extensions/oauth2client/token.h"

#include <gtest/gtest.h>

namespace millrace::extensions {
namespace {

TEST(TokenTest, FormsAreThoseOfTheSpecification) {
  OAuth2ClientOptions options;
  options.scopes = {"read", "write all"};
  options.endpoint_params = {{"audience", "https://api"}};
  const ClientIdentity identity{.id = "my id", .secret = "s&cret:"};
  EXPECT_EQ(token_form(options, identity, IdentityStyle::kBasicHeader),
            "grant_type=client_credentials&scope=read+write+all&audience=https%3A%2F%2Fapi");
  EXPECT_EQ(token_form({}, identity, IdentityStyle::kForm),
            "grant_type=client_credentials&client_id=my+id&client_secret=s%26cret%3A");
  // base64 of "my+id:s%26cret%3A"
  EXPECT_EQ(basic_header(identity), "Basic bXkraWQ6cyUyNmNyZXQlM0E=");
}

TEST(TokenTest, AnswersWithAToken) {
  const auto full =
      read_token(200, R"({"access_token":"t0k","token_type":"bearer","expires_in":3600})");
  ASSERT_TRUE(full);
  EXPECT_EQ(full->authorization, "Bearer t0k");
  EXPECT_EQ(full->lifetime, 1h);
  EXPECT_EQ(read_token(201, R"({"access_token":"t","expires_in":"60"})")->lifetime, 1min);
  EXPECT_EQ(read_token(200, R"({"access_token":"t"})")->lifetime, std::nullopt);
  EXPECT_EQ(read_token(200, R"({"access_token":"t","expires_in":-5})")->lifetime, std::nullopt);
  EXPECT_LE(*read_token(200, R"({"access_token":"t","expires_in":9e99})")->lifetime, 24h * 366);
  EXPECT_EQ(read_token(200, R"({"access_token":"t","token_type":"DPoP"})")->authorization,
            "DPoP t");
}

struct RefusalCase {
  int status;
  std::string body;
  Code code;
  const char* said;
};

TEST(TokenTest, EverythingElseIsAnErrorWithTheServersWords) {
  const RefusalCase kCases[] = {
      {401, R"({"error":"invalid_client","error_description":"unknown"})", Code::kUnauthenticated,
       "HTTP status 401: invalid_client: unknown"},
      {400, "<html>", Code::kUnauthenticated, "HTTP status 400"},
      {503, "", Code::kInternal, "HTTP status 503"},
      {302, "", Code::kInternal, "HTTP status 302"},
      {200, R"({"error":"nope"})", Code::kUnauthenticated, "nope"},
      {200, "{}", Code::kInternal, "missing access_token"},
      {200, "<html>", Code::kInternal, "not JSON"},
      {200, R"({"access_token":"a\r\nx: y"})", Code::kInternal, "control characters"},
      {200, R"({"access_token":"a","token_type":"b c"})", Code::kInternal, "token_type"},
      {200, "{\"access_token\":\"" + std::string(kTokenBytesMax + 1, 'a') + "\"}", Code::kInternal,
       "too long"},
  };
  for (const RefusalCase& c : kCases) {
    const auto token = read_token(c.status, c.body);
    ASSERT_FALSE(token) << c.body.substr(0, 80);
    EXPECT_EQ(token.error().code, c.code) << c.said;
    EXPECT_TRUE(token.error().message.contains(c.said)) << token.error().message;
  }
}

}  // namespace
}  // namespace millrace::extensions
