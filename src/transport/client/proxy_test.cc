#include "transport/client/proxy.h"

#include <gtest/gtest.h>

#include <map>

namespace millrace::transport {
namespace {

TEST(ProxyTest, UrlsAreReadAsInGo) {
  EXPECT_EQ(*parse_proxy_url("http://proxy:3128"), (Proxy{"proxy", 3128, ""}));
  EXPECT_EQ(*parse_proxy_url("proxy:3128"), (Proxy{"proxy", 3128, ""}));
  EXPECT_EQ(*parse_proxy_url("proxy"), (Proxy{"proxy", 80, ""}));
  EXPECT_EQ(*parse_proxy_url("HTTP://proxy/path?x"), (Proxy{"proxy", 80, ""}));
  EXPECT_EQ(*parse_proxy_url("http://[::1]:8080"), (Proxy{"::1", 8080, ""}));
  // "user:p@ss", base64 with its padding.
  EXPECT_EQ(*parse_proxy_url("http://user:p%40ss@proxy:1"),
            (Proxy{"proxy", 1, "Basic dXNlcjpwQHNz"}));
  EXPECT_EQ(parse_proxy_url("http://u@proxy:1")->authorization, "Basic dTo=");
}

TEST(ProxyTest, MistakesAreNamedWithoutThePassword) {
  for (const char* text : {"", "http://", "http://:1", "http://a:0", "http://a:", "http://a:65536",
                           "http://a:x", "ftp://a", "http://a b", "http://u:%zz@a"}) {
    EXPECT_FALSE(parse_proxy_url(text)) << text;
  }
  EXPECT_NE(parse_proxy_url("socks5://a:1").error().message.find("socks5 are not in this version"),
            std::string::npos);
  const Error error = parse_proxy_url("https://user:hidden@a:1").error();
  EXPECT_EQ(error.message.find("hidden"), std::string::npos) << error.message;
}

TEST(ProxyTest, NoProxyExemptsAsGoDoes) {
  const struct {
    const char* no_proxy;
    const char* host;
    bool exempt;
  } kCases[] = {
      {"", "example.com", false},
      {"", "localhost", true},
      {"", "LOCALHOST", true},
      {"", "127.0.0.9", true},
      {"", "::1", true},
      {"*", "example.com", true},
      {"example.com", "example.com", true},
      {"example.com", "a.example.com", true},
      {"example.com", "badexample.com", false},
      {".example.com", "example.com", false},
      {".example.com", "a.example.com", true},
      {"*.example.com", "a.example.com", true},
      {"*.example.com", "example.com", false},
      {"a, B.Example.COM ,c", "b.example.com", true},
      {"example.com:4317", "example.com", true},
      {"example.com:4318", "example.com", false},
      {"10.0.0.0/8", "10.9.8.7", true},
      {"10.0.0.0/8", "11.9.8.7", false},
      {"10.1.2.3", "10.1.2.3", true},
      {"10.1.2.3:4318", "10.1.2.3", false},
      {"fd00::/8", "fd12::1", true},
      {"fd00::/8", "10.0.0.1", false},
      {"[fd00::1]:4317", "fd00::1", true},
      {",,", "example.com", false},
  };
  for (const auto& [no_proxy, host, exempt] : kCases) {
    EXPECT_EQ(is_exempt(no_proxy, host, 4317), exempt) << no_proxy << " " << host;
  }
}

TEST(ProxyTest, TheEnvironmentIsReadInEitherCaseTheUpperFirst) {
  std::map<std::string, std::string> variables = {
      {"HTTP_PROXY", "a:1"}, {"http_proxy", "b:1"}, {"https_proxy", "c:1"}, {"no_proxy", "d"}};
  const ProxyEnvironment read =
      read_proxy_environment([&](const char* name) { return variables[name]; });
  EXPECT_EQ(read.http_proxy, "a:1");
  EXPECT_EQ(read.https_proxy, "c:1");
  EXPECT_EQ(read.no_proxy, "d");
}

TEST(ProxyTest, TheSchemeDecidesWhichVariableCounts) {
  const ProxyEnvironment environment{
      .http_proxy = "plain:1", .https_proxy = "secure:2", .no_proxy = "near"};
  EXPECT_EQ((*proxy_for(environment, ProxiedScheme::kHttp, "far", 80))->host, "plain");
  EXPECT_EQ((*proxy_for(environment, ProxiedScheme::kHttps, "far", 443))->host, "secure");
  EXPECT_FALSE(proxy_for(environment, ProxiedScheme::kHttps, "near", 443)->has_value());
  const auto wrong = proxy_for({.http_proxy = {}, .https_proxy = "socks5://x", .no_proxy = {}},
                               ProxiedScheme::kHttps, "far", 443);
  EXPECT_TRUE(wrong.error().message.starts_with("HTTPS_PROXY in the environment:"));
}

}  // namespace
}  // namespace millrace::transport
