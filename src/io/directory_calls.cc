#include "io/directory_calls.h"

#include <dirent.h>
#include <sys/stat.h>

#include <cerrno>

namespace millrace::io {

int list_directory(const std::string& directory, std::vector<std::string>* names) {
  DIR* const open = ::opendir(directory.c_str());
  if (open == nullptr) return errno;
  errno = 0;
  while (const dirent* entry = ::readdir(open)) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names->push_back(name);
  }
  const int number = errno;
  ::closedir(open);
  return number;
}

int make_directories(const std::string& directory, uint32_t mode, std::string* failed_part) {
  for (size_t end = 0; end != std::string::npos;) {
    end = directory.find('/', end + 1);
    const std::string part = directory.substr(0, end);
    if (part.empty() || ::mkdir(part.c_str(), static_cast<mode_t>(mode)) == 0) continue;
    const int number = errno;
    // On a read-only file system mkdir fails with EROFS even for an existing directory.
    struct stat status = {};
    if (::stat(part.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) continue;
    *failed_part = part;
    return number;
  }
  return 0;
}

}  // namespace millrace::io
