#include "daemon/run/crash_point.h"

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

namespace millrace::daemon {

std::function<void(std::string_view)> crash_point() {
  const char* wish = std::getenv("MILLRACE_CRASH_POINT");
  if (wish == nullptr) return {};
  std::string name = wish;
  int64_t count = 1;
  if (const size_t colon = name.find(':'); colon != std::string::npos) {
    count = std::strtoll(name.c_str() + colon + 1, nullptr, 10);
    name.resize(colon);
  }
  auto left = std::make_shared<std::atomic<int64_t>>(count);
  return [name, left](std::string_view point) {
    if (point == name && left->fetch_sub(1) == 1) kill(getpid(), SIGKILL);
  };
}

}  // namespace millrace::daemon
