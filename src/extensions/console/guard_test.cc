#include "extensions/console/guard.h"

#include <gtest/gtest.h>

namespace millrace::extensions::console {
namespace {

transport::PageRequest asked(std::string host, std::string origin = "", std::string token = "",
                             std::string site = "") {
  return {.method = "GET",
          .path = "/api/v1/status",
          .query = "",
          .host = std::move(host),
          .origin = std::move(origin),
          .authorization = std::move(token),
          .fetch_site = std::move(site)};
}

int status_of(const transport::PageRequest& request, std::string_view token,
              GuardedPart part = GuardedPart::kApi) {
  const auto refusal = refuse(request, token, part);
  return refusal ? refusal->status : 200;
}

TEST(ConsoleGuardTest, WithoutATokenOnlyNamesOfThisMachineAreAnswered) {
  for (const char* host : {"localhost:8888", "127.0.0.1:8888", "[::1]:8888", "localhost"}) {
    EXPECT_EQ(status_of(asked(host), ""), 200) << host;
  }
  for (const char* host :
       {"evil.example:8888", "localhost.evil.example", "127.evil.example", "10.0.0.1:8888", ""}) {
    EXPECT_EQ(status_of(asked(host), ""), 403) << host;
    EXPECT_EQ(status_of(asked(host), "", GuardedPart::kPage), 403) << host;
  }
}

TEST(ConsoleGuardTest, PagesOfOtherSitesReadNothing) {
  EXPECT_EQ(status_of(asked("localhost:8888", "http://localhost:8888"), ""), 200);
  EXPECT_EQ(status_of(asked("localhost:8888", "http://localhost:3000"), ""), 403);
  EXPECT_EQ(status_of(asked("localhost:8888", "null"), ""), 403);
  EXPECT_EQ(status_of(asked("localhost:8888", "", "", "cross-site"), ""), 403);
  EXPECT_EQ(status_of(asked("localhost:8888", "", "", "same-origin"), ""), 200);
  EXPECT_EQ(status_of(asked("localhost:8888", "", "", "cross-site"), "", GuardedPart::kPage), 200);
}

TEST(ConsoleGuardTest, ATokenIsDemandedForTheApiAlone) {
  EXPECT_EQ(status_of(asked("box:8888"), "secret"), 401);
  EXPECT_EQ(status_of(asked("box:8888", "", "Bearer secret"), "secret"), 200);
  for (const char* wrong :
       {"Bearer secre", "Bearer secrets", "Bearer Secret", "secret", "Bearer "}) {
    EXPECT_EQ(status_of(asked("box:8888", "", wrong), "secret"), 401) << wrong;
  }
  EXPECT_EQ(status_of(asked("box:8888"), "secret", GuardedPart::kPage), 200);
}

}  // namespace
}  // namespace millrace::extensions::console
