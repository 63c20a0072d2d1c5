#include "base/check.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <string>
#include <thread>

namespace millrace {
namespace {

// Breaks an invariant in a child process whose standard error is `descriptor`. Returns the child's
// wait status, or 0 when the child still runs after ten seconds.
int status_of_broken_child(int descriptor) {
  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit none{};
    ::setrlimit(RLIMIT_CORE, &none);
    std::signal(SIGABRT, SIG_DFL);
    ::dup2(descriptor, STDERR_FILENO);
    MILLRACE_CHECK(descriptor < 0);
  }
  int status = 0;
  for (int i = 0; i < 1000; ++i) {
    if (::waitpid(child, &status, WNOHANG) == child) return status;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, &status, 0);
  return 0;
}

TEST(CheckTest, ABrokenInvariantIsReportedAndStopsTheProcess) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const int status = status_of_broken_child(ends[1]);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT) << status;
  std::array<char, 1024> text{};
  EXPECT_GT(::read(ends[0], text.data(), text.size() - 1), 0);
  EXPECT_TRUE(std::string(text.data()).starts_with("millrace: bug: descriptor < 0 is false at "));
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(CheckTest, ItStopsAlsoWhenNothingReadsStandardError) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_NONBLOCK), 0);
  const std::string filling(65536, 'x');
  while (::write(ends[1], filling.data(), filling.size()) > 0) {
  }
  ASSERT_EQ(::fcntl(ends[1], F_SETFL, 0), 0);
  const int status = status_of_broken_child(ends[1]);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT) << status;
  ::close(ends[0]);
  ::close(ends[1]);
}

}  // namespace
}  // namespace millrace
