#include "io/writable_place.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace millrace::io {
namespace {

std::unexpected<Error> refused(const std::string& what, const std::string& path, int number) {
  const Code code = number == ENOENT  ? Code::kNotFound
                    : number == EROFS ? Code::kUnavailable
                                      : Code::kPermissionDenied;
  return fail(code, what + " " + path + ": " + std::system_category().message(number));
}

// "a/b" → "a", "/a" → "/", "a" → ".".
std::string parent_of(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

Status check_directory(const std::string& directory, MissingDirectory missing) {
  struct stat status = {};
  if (::stat(directory.c_str(), &status) != 0) {
    const std::string parent = parent_of(directory);
    const bool may_be_made =
        errno == ENOENT && missing == MissingDirectory::kIsMade && parent != directory;
    if (may_be_made) return check_directory(parent, missing);
    return refused("directory", directory, errno);
  }
  if (!S_ISDIR(status.st_mode)) {
    return fail(Code::kFailedPrecondition, directory + " is not a directory");
  }
  if (::access(directory.c_str(), W_OK | X_OK) != 0) {
    return refused("files cannot be made in", directory, errno);
  }
  return {};
}

Status check_file(const std::string& path, MissingDirectory missing) {
  struct stat status = {};
  if (::stat(path.c_str(), &status) != 0) {
    if (errno != ENOENT) return refused("file", path, errno);
    return check_directory(parent_of(path), missing);
  }
  if (S_ISDIR(status.st_mode)) return fail(Code::kFailedPrecondition, path + " is a directory");
  if (::access(path.c_str(), W_OK) != 0) return refused("file", path, errno);
  return {};
}

}  // namespace millrace::io
