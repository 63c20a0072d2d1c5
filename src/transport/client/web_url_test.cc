#include "transport/client/web_url.h"

#include <gtest/gtest.h>

namespace millrace::transport {
namespace {

struct UrlCase {
  const char* text;
  bool uses_tls;
  const char* host;
  uint16_t port;
  const char* path;
  const char* authority;
};

const UrlCase kUrls[] = {
    {"http://a", false, "a", 80, "/", "a"},
    {"HTTPS://a/token?x=1#part", true, "a", 443, "/token?x=1", "a"},
    {"http://a:8080?x", false, "a", 8080, "/?x", "a:8080"},
    {"https://[::1]:8443/p/", true, "::1", 8443, "/p/", "[::1]:8443"},
    {"http://[fd00::1]/", false, "fd00::1", 80, "/", "[fd00::1]"},
    {"unix:///run/a.sock", false, "unix:/run/a.sock", 0, "/", "localhost"},
};

TEST(WebUrlTest, PartsAndDefaults) {
  for (const UrlCase& c : kUrls) {
    const auto url = parse_web_url(c.text);
    ASSERT_TRUE(url) << c.text << ": " << url.error().message;
    EXPECT_EQ(url->uses_tls, c.uses_tls) << c.text;
    EXPECT_EQ(url->host, c.host);
    EXPECT_EQ(url->port, c.port);
    EXPECT_EQ(url->path, c.path);
    EXPECT_EQ(url->authority(), c.authority);
  }
}

TEST(WebUrlTest, MistakesAreErrorsWithoutSecrets) {
  for (const char* text :
       {"", "a", "a:80", "ftp://a", "http://", "http://:80", "http://a:0", "http://a:99999",
        "http://a:b", "http://[::1", "http://[::1]x", "http://user:hunter2@a/", "http://a/b c",
        "http://a/\r\nx: y", "http://a\nb/", "unix://a", "unix:///", "http://a/caf\xc3\xa9"}) {
    const auto url = parse_web_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().code, Code::kInvalidArgument);
    EXPECT_FALSE(url.error().message.contains("hunter2")) << url.error().message;
  }
}

TEST(WebUrlTest, PathsAreJoinedAtOneSlash) {
  EXPECT_EQ(parse_web_url("http://a/v4/x/")->at("/task").path, "/v4/x/task");
  EXPECT_EQ(parse_web_url("http://a")->at("").path, "/");
  EXPECT_EQ(parse_web_url("http://a/v4")->at("").path, "/v4");
}

TEST(WebUrlTest, TextIsEncodedForPathsAndForms) {
  EXPECT_EQ(encode_path_segment("a b/\xff~"), "a%20b%2F%FF~");
  EXPECT_EQ(encode_form_text("a b&c=d\r\n"), "a+b%26c%3Dd%0D%0A");
}

}  // namespace
}  // namespace millrace::transport
