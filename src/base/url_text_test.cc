#include "base/url_text.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

struct Case {
  std::string_view url;
  std::string_view shown;
};

constexpr Case kUrls[] = {
    {"", ""},
    {"localhost:4317", "localhost:4317"},
    {"http://localhost:4318/v1/traces", "http://localhost:4318/v1/traces"},
    {"https://host/v1/traces?key=s3cret", "https://host/v1/traces?[REDACTED]"},
    {"https://host?s3cret", "https://host?[REDACTED]"},
    {"https://host/a#s3cret", "https://host/a#[REDACTED]"},
    {"https://host/a?", "https://host/a"},
    {"https://user:s3cret@host:4318/a", "https://[REDACTED]@host:4318/a"},
    {"https://s3cret@host", "https://[REDACTED]@host"},
    {"user:s3cret@host:4317", "[REDACTED]@host:4317"},
    {"https://user:s3@cret@host", "https://[REDACTED]@host"},
    {"https://user:s3/cret@host/a", "https://[REDACTED]@host/a"},
    {"https://user:s3?cret@host/a", "https://[REDACTED]@host/a"},
    {"https://host:443/@me/a", "https://host:443/@me/a"},
    {"https://[::1]:4318/a?mail=a@b", "https://[::1]:4318/a?[REDACTED]"},
    {"https://u:s3cret@host?s3cret#s3cret", "https://[REDACTED]@host?[REDACTED]"},
};

TEST(UrlTextTest, UserAndQueryAreHidden) {
  for (const Case& c : kUrls) {
    EXPECT_EQ(hide_url_secrets(c.url), c.shown) << c.url;
    EXPECT_EQ(hide_url_secrets(c.shown), c.shown) << "hidden once more";
  }
}

TEST(UrlTextTest, UrlsAreHiddenInsideATextAndTheRestStays) {
  EXPECT_EQ(hide_urls("a query? and a@b: c"), "a query? and a@b: c");
  EXPECT_EQ(hide_urls("found \"http://u:s3cret@h/a?s3cret\", not http://b/?s3cret now"),
            "found \"http://[REDACTED]@h/a?[REDACTED]\", not http://b/?[REDACTED] now");
  EXPECT_EQ(hide_urls("Post \"https://h/a?k=s3cret\": refused?"),
            "Post \"https://h/a?[REDACTED]\": refused?");
}

}  // namespace
}  // namespace millrace
