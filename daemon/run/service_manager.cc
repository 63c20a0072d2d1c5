#include "daemon/run/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>

namespace millrace::daemon {

void ServiceManager::ready(std::string_view status) const { send("READY=1", status); }

void ServiceManager::stopping(std::string_view status) const { send("STOPPING=1", status); }

void ServiceManager::send(std::string_view state, std::string_view status) const {
  sockaddr_un to = {};
  to.sun_family = AF_UNIX;
  const bool is_abstract = address_.starts_with('@');
  if (!is_abstract && !address_.starts_with('/')) return;
  // A path has its terminating zero in the structure; an abstract name has its length alone.
  if (address_.size() + (is_abstract ? 0 : 1) > sizeof to.sun_path) return;
  std::memcpy(to.sun_path, address_.data(), address_.size());
  if (is_abstract) to.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size() +
                                           (is_abstract ? 0 : 1));
  const int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return;
  std::string message(state);
  message += "\nSTATUS=";
  message += status;
  message += '\n';
  [[maybe_unused]] const ssize_t sent =
      sendto(descriptor, message.data(), message.size(), MSG_NOSIGNAL,
             reinterpret_cast<const sockaddr*>(&to), size);
  close(descriptor);
}

}  // namespace millrace::daemon
