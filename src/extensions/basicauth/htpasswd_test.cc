#include "extensions/basicauth/htpasswd.h"

#include <gtest/gtest.h>

namespace millrace::extensions {
namespace {

constexpr std::string_view kSha = "{SHA}w3QkzGJswDXW5OKZHAJw0FELjfM=";  // wonder
constexpr std::string_view kBcrypt = "$2y$04$abcdefghijklmnopqrstuuetGRvO6QNMBbbIoo5tpQkbPXg26U9Qu";

std::string text_with(std::string_view name, std::string_view hash) {
  return std::string(name) + ":" + std::string(hash) + "\n";
}

TEST(HtpasswdTest, CommentsEmptyLinesAndWindowsEndsOfLineAreFine) {
  Htpasswd users;
  ASSERT_TRUE(users.add(
      "# users\r\n\n  \nalice:" + std::string(kSha) + "\r\nbob:" + std::string(kBcrypt), "file"));
  EXPECT_EQ(users.user_count(), 2u);
  EXPECT_TRUE(users.verify("alice", "wonder"));
  EXPECT_TRUE(users.verify("bob", "wonder"));
  EXPECT_FALSE(users.verify("bob", "wander"));
  EXPECT_FALSE(users.verify("# users", "wonder"));
}

TEST(HtpasswdTest, UnknownNameCostsAsMuchAsTheMostExpensiveHash) {
  Htpasswd users;
  ASSERT_TRUE(users.add(text_with("alice", kSha) + text_with("bob", kBcrypt), "file"));
  EXPECT_EQ(users.cost("alice"), 1u);
  EXPECT_EQ(users.cost("bob"), 16u);
  EXPECT_EQ(users.cost("mallory"), 16u);
  EXPECT_FALSE(users.verify("mallory", "wonder")) << "also with somebody else's password";
}

TEST(HtpasswdTest, LaterTextReplacesEarlier) {
  Htpasswd users;
  ASSERT_TRUE(users.add(text_with("alice", kBcrypt), "file"));
  ASSERT_TRUE(users.add(text_with("alice", kSha), "inline"));
  EXPECT_EQ(users.user_count(), 1u);
  EXPECT_EQ(users.cost("alice"), 1u);
}

TEST(HtpasswdTest, MistakesAreNamedByLineWithoutTheirText) {
  Htpasswd users;
  for (const std::string bad : {"alice", ":x", "alice:hunter2", "alice:"}) {
    const Status added = users.add("# first\n" + bad + "\n", "/etc/users");
    ASSERT_FALSE(added) << bad;
    EXPECT_TRUE(added.error().message.starts_with("/etc/users:2: ")) << added.error().message;
    EXPECT_FALSE(added.error().message.contains("hunter2"));
    EXPECT_FALSE(added.error().message.contains("alice"));
  }
}

TEST(HtpasswdTest, NoNameIsAdmittedWithoutUsers) {
  const Htpasswd users;
  EXPECT_FALSE(users.verify("", ""));
  EXPECT_EQ(users.cost("alice"), 0u);
}

}  // namespace
}  // namespace millrace::extensions
