#include "daemon/run/service_manager.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace millrace::daemon {
namespace {

// The manager's side: a bound datagram socket. `address` as in NOTIFY_SOCKET.
class Listener {
 public:
  explicit Listener(const std::string& address)
      : descriptor_(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0)) {
    sockaddr_un at = {};
    at.sun_family = AF_UNIX;
    std::memcpy(at.sun_path, address.data(), address.size());
    const bool is_abstract = address[0] == '@';
    if (is_abstract) at.sun_path[0] = '\0';
    const size_t size = offsetof(sockaddr_un, sun_path) + address.size() + (is_abstract ? 0 : 1);
    EXPECT_EQ(bind(descriptor_, reinterpret_cast<sockaddr*>(&at), static_cast<socklen_t>(size)), 0);
  }
  Listener(const Listener&) = delete;
  ~Listener() { close(descriptor_); }

  std::string next() const {
    char buffer[512];
    const ssize_t count = recv(descriptor_, buffer, sizeof buffer, 0);
    return count < 0 ? "nothing" : std::string(buffer, static_cast<size_t>(count));
  }

 private:
  int descriptor_;
};

class Folder {
 public:
  Folder() {
    char name[] = "/tmp/millrace-notify-XXXXXX";
    path_ = mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST(ServiceManagerTest, ASocketFileHearsOfReadinessAndOfTheEnd) {
  const Folder folder;
  const Listener listener(folder.path() + "/notify");
  const ServiceManager manager(folder.path() + "/notify");
  manager.ready("2 listeners");
  EXPECT_EQ(listener.next(), "READY=1\nSTATUS=2 listeners\n");
  manager.stopping("draining");
  EXPECT_EQ(listener.next(), "STOPPING=1\nSTATUS=draining\n");
  EXPECT_EQ(listener.next(), "nothing");
}

TEST(ServiceManagerTest, AnAbstractNameIsUnderstood) {
  const std::string name = "@millrace-notify-" + std::to_string(getpid());
  const Listener listener(name);
  ServiceManager(name).ready("x");
  EXPECT_EQ(listener.next(), "READY=1\nSTATUS=x\n");
}

TEST(ServiceManagerTest, AnAddressThatCannotBeUsedIsIgnored) {
  const std::string longest(sizeof(sockaddr_un::sun_path), 'x');
  for (const std::string& address :
       {std::string(), std::string("relative"), "/" + longest, "@" + longest,
        std::string("/nowhere/notify"), std::string("vsock:2:1234")}) {
    ServiceManager(address).ready("x");
  }
}

TEST(ServiceManagerTest, AFullSocketIsNotWaitedFor) {
  const std::string name = "@millrace-notify-full-" + std::to_string(getpid());
  const Listener listener(name);
  const ServiceManager manager(name);
  for (int i = 0; i < 5000; ++i) manager.ready("x");
  EXPECT_EQ(listener.next(), "READY=1\nSTATUS=x\n");
}

}  // namespace
}  // namespace millrace::daemon
