#include "extensions/oauth2client/options.h"

#include <gtest/gtest.h>

#include <string>

#include "yaml/parse.h"

namespace millrace::extensions {
namespace {

struct Read {
  OAuth2ClientOptions options;
  config::Diagnostics diagnostics;
  std::string found;
};

void read(std::string_view text, Read& into) {
  const auto root = yaml::parse(text, "a.yaml");
  ASSERT_TRUE(root.has_value()) << text;
  config::Section section(*root, into.diagnostics, "extensions::oauth2client");
  read_oauth2_client(section, into.options);
  section.finish();
  into.found = into.diagnostics.to_text();
}

TEST(OAuth2ClientOptionsTest, EveryKeyIsRead) {
  Read made;
  read(
      "{client_id: a, client_secret: b, token_url: 'https://t:8443/oauth?x=1', scopes: [s1, s2], "
      "endpoint_params: {audience: api, many: ['1', '2']}, timeout: 2s, expiry_buffer: 1m, "
      "grant_type: client_credentials, tls: {insecure_skip_verify: true}}",
      made);
  EXPECT_EQ(made.found, "");
  EXPECT_EQ(made.options.token_url->host, "t");
  EXPECT_EQ(made.options.token_url->path, "/oauth?x=1");
  EXPECT_EQ(made.options.scopes.size(), 2u);
  EXPECT_EQ(made.options.endpoint_params, (std::vector<std::pair<std::string, std::string>>{
                                              {"audience", "api"}, {"many", "1"}, {"many", "2"}}));
  EXPECT_EQ(made.options.timeout, 2s);
  EXPECT_EQ(made.options.expiry_buffer, 1min);
  EXPECT_TRUE(made.options.tls.options.insecure_skip_verify);
  EXPECT_TRUE(made.diagnostics.is_secret("extensions::oauth2client::client_secret"));
}

TEST(OAuth2ClientOptionsTest, DefaultsAreOtelcols) {
  Read made;
  read("{client_id_file: /i, client_secret_file: /s, token_url: 'https://t'}", made);
  EXPECT_EQ(made.found, "");
  EXPECT_EQ(made.options.expiry_buffer, 5min);
  EXPECT_EQ(made.options.timeout, 0s);
}

TEST(OAuth2ClientOptionsTest, MistakesAreOtelcolsAndShowNoSecret) {
  const std::pair<const char*, const char*> kWrong[] = {
      {"{client_secret: hunter2, token_url: 'https://t'}", "no ClientID provided"},
      {"{client_id: a, token_url: 'https://t'}", "no ClientSecret provided"},
      {"{client_id: a, client_secret: hunter2}", "no TokenURL provided"},
      {"{client_id: a, client_secret: b, token_url: 'https://u:hunter2@t'}", "token_url"},
      {"{client_id: a, client_secret: b, token_url: 't/token'}", "token_url"},
      {"{client_id: a, client_secret: b, token_url: 'https://t', grant_type: password}",
       "unknown grant type \"password\""},
      {"{client_id: a, client_secret: b, token_url: 'https://t', grant_type: "
       "'urn:ietf:params:oauth:grant-type:jwt-bearer'}",
       "not in this version"},
      {"{client_id: a, client_secret: b, token_url: 'https://t', claims: {a: b}}", "claims"},
      {"{client_id: a, client_secret: b, token_url: 'https://t', endpoint_params: {a: {b: c}}}",
       "endpoint_params"},
      {"{client_id: a, client_secret: b, token_url: 'https://t', endpoint_params: [a]}",
       "endpoint_params"},
      {"{client_id: a, client_secret: b, token_url: 'http://t'}", "clear text"},
  };
  for (const auto& [yaml, said] : kWrong) {
    Read made;
    read(yaml, made);
    EXPECT_TRUE(made.found.contains(said)) << yaml << "\n" << made.found;
    EXPECT_FALSE(made.found.contains("hunter2")) << made.found;
  }
}

}  // namespace
}  // namespace millrace::extensions
