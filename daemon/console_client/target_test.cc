#include "daemon/console_client/target.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <fstream>

namespace millrace::console_client {
namespace {

TEST(ConsoleTargetTest, OptionsAreRead) {
  Target target;
  CLI::App app;
  add_target_options(app, target);
  app.parse("--address http://h:1 --token t --timeout 250ms", false);
  EXPECT_EQ(target.address, "http://h:1");
  EXPECT_EQ(target.timeout, 250ms);
  EXPECT_EQ(*find_token(target), "t");
  EXPECT_THROW(app.parse("--timeout soon", false), CLI::ValidationError);
}

TEST(ConsoleTargetTest, TheTokenComesFromAFileOrTheEnvironment) {
  unsetenv(kTokenVariable);
  EXPECT_EQ(*find_token({}), "");
  setenv(kTokenVariable, "of-the-environment", 1);
  EXPECT_EQ(*find_token({}), "of-the-environment");
  const std::string path = testing::TempDir() + "console_token";
  std::ofstream(path) << " of-the-file\n";
  EXPECT_EQ(*find_token({.token_file = path}), "of-the-file");
  EXPECT_EQ(*find_token({.token = "given", .token_file = path}), "given");
  const auto none = find_token({.token_file = path + ".none"});
  ASSERT_FALSE(none);
  EXPECT_TRUE(none.error().message.contains(path + ".none"));
  unsetenv(kTokenVariable);
}

TEST(ConsoleTargetTest, QueriesAreEncoded) {
  QueryText query;
  EXPECT_EQ(query.behind("/a"), "/a");
  query.add("service", "a b&c=d");
  query.add("empty", "");
  query.add_flag("error", true);
  query.add_flag("no", false);
  EXPECT_EQ(query.behind("/a"), "/a?service=a+b%26c%3Dd&error=true");
}

}  // namespace
}  // namespace millrace::console_client
