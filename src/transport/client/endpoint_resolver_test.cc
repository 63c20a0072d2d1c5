#include "transport/client/endpoint_resolver.h"

#include <gtest/gtest.h>

#include <optional>

#include "io/sim/world.h"

namespace millrace::transport {
namespace {

class EndpointResolverTest : public ::testing::Test {
 protected:
  // Waits for the next result.
  Result<std::vector<io::Address>> look_up() {
    result_.reset();
    resolver_.start_if_due();
    EXPECT_TRUE(resolver_.is_running());
    EXPECT_EQ(resolver_.due_at(), kNever);
    world_.run_until([&] { return result_.has_value(); }, 1min);
    resolver_.end_turn();
    return result_.value_or(fail(Code::kUnknown, "no result"));
  }

  io::sim::World world_{1};
  std::unique_ptr<io::Loop> loop_ = world_.make_loop("client");
  std::optional<Result<std::vector<io::Address>>> result_;
  EndpointResolver resolver_{
      *loop_,
      {.host = "name", .port = 4317, .interval = 30s, .backoff_initial = 1s, .backoff_max = 10s},
      [this](Result<std::vector<io::Address>> result) { result_ = std::move(result); }};
};

TEST_F(EndpointResolverTest, LooksUpAtOnceAndThenAtIntervals) {
  world_.set_name("name", {"server"});
  const auto result = look_up();
  ASSERT_TRUE(result);
  EXPECT_EQ(result->size(), 1u);
  EXPECT_EQ(resolver_.due_at(), loop_->now() + 30s);
  resolver_.start_if_due();
  EXPECT_FALSE(resolver_.is_running());
}

TEST_F(EndpointResolverTest, AFailureNamesTheHostAndIsTriedAgainWithABackoff) {
  world_.set_name("name", {});
  for (const Duration base : {1000ms, 1600ms, 2560ms}) {
    const auto result = look_up();
    ASSERT_FALSE(result);
    EXPECT_TRUE(result.error().message.starts_with("name: ")) << result.error().message;
    const Duration wait = resolver_.due_at() - loop_->now();
    EXPECT_GE(wait, base * 8 / 10);
    EXPECT_LE(wait, base * 12 / 10);
    world_.run_for(wait);
  }
  world_.set_name("name", {"server"});
  ASSERT_TRUE(look_up());
  EXPECT_EQ(resolver_.due_at(), loop_->now() + 30s);
}

TEST_F(EndpointResolverTest, FailuresBringTheNextLookUpForwardButKeepASecond) {
  world_.set_name("name", {"server"});
  ASSERT_TRUE(look_up());
  const MonotonicTime begun = resolver_.begun_at();
  resolver_.want_at(loop_->now());
  EXPECT_EQ(resolver_.due_at(), begun + 1s);
  resolver_.want_at(begun + 10s);  // later than the one that is due
  EXPECT_EQ(resolver_.due_at(), begun + 1s);
  resolver_.want_after(100ms);
  EXPECT_EQ(resolver_.due_at(), begun + 100ms);
}

TEST_F(EndpointResolverTest, NothingIsWantedWhileALookUpRuns) {
  world_.set_name("name", {"server"});
  resolver_.start_if_due();
  resolver_.want_at(loop_->now());
  resolver_.want_after(0s);
  EXPECT_EQ(resolver_.due_at(), kNever);
}

TEST_F(EndpointResolverTest, AStoppedLookUpGivesNoResult) {
  world_.set_name("name", {"server"});
  resolver_.start_if_due();
  resolver_.stop();
  world_.run_for(1min);
  EXPECT_FALSE(result_.has_value());
}

}  // namespace
}  // namespace millrace::transport
