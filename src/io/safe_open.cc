#include "io/safe_open.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <deque>
#include <string_view>
#include <system_error>
#include <utility>

namespace millrace::io {
namespace {

constexpr mode_t kFileMode = 0640;
constexpr int kLinksMax = 40;           // the kernel's limit
constexpr int kAttemptsMax = 16;        // while the file is created or removed by others
constexpr unsigned kMemoryDevices = 1;  // the major number of /dev/null, /dev/zero, /dev/full

std::string_view kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISFIFO(mode)) return "a fifo";
  if (S_ISSOCK(mode)) return "a socket";
  if (S_ISBLK(mode)) return "a block device";
  if (S_ISCHR(mode)) return "a device";
  return "no regular file";
}

// Whether only this user and root can create files in the directory.
bool is_trusted_directory(int directory) {
  struct stat status = {};
  if (::fstat(directory, &status) != 0) return false;
  const bool others_write = (status.st_mode & (S_IWGRP | S_IWOTH)) != 0;
  return !others_write && (status.st_uid == 0 || status.st_uid == ::geteuid());
}

// One call of safe_open. Walks the path name by name, each in an open directory.
class Opening {
 public:
  Opening(const std::string& path, int flags) : path_(path), flags_(flags) {}

  Result<Descriptor> run() {
    if (path_.empty() || path_.back() == '/') return failure(path_.empty() ? ENOENT : EISDIR);
    if (Status begun = enter(path_); !begun) return fail(begun.error());
    for (int attempt = 0; attempt < kAttemptsMax;) {
      const std::string name = std::move(names_.front());
      names_.pop_front();
      struct stat status = {};
      const bool is_there =
          ::fstatat(directory_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
      if (!is_there && errno != ENOENT) return failure(errno);
      if (is_there && S_ISLNK(status.st_mode)) {
        if (Status followed = follow(name); !followed) return fail(followed.error());
        continue;
      }
      if (!names_.empty()) {
        if (Status entered = enter_directory(name); !entered) return fail(entered.error());
        continue;
      }
      // A file that was created or removed meanwhile is checked again.
      auto opened = open_last(name, is_there ? &status : nullptr);
      if (opened || !may_repeat_) return opened;
      names_.push_front(name);
      ++attempt;
    }
    return failure(EAGAIN);
  }

 private:
  std::unexpected<Error> failure(int number) const {
    return fail(code_of_file_error(number),
                "opening " + path_ + ": " + std::system_category().message(number));
  }
  std::unexpected<Error> refusal(const std::string& why) const {
    return fail(Code::kFailedPrecondition, "opening " + path_ + ": " + why);
  }

  // Puts the names of `path` in front of the remaining names.
  Status enter(std::string_view path) {
    if (path.starts_with('/') || directory_.get() < 0) {
      directory_ =
          Descriptor(::open(path.starts_with('/') ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
      if (directory_.get() < 0) return failure(errno);
    }
    std::deque<std::string> names;
    while (!path.empty()) {
      const std::string_view name = path.substr(0, path.find('/'));
      if (!name.empty() && name != ".") names.emplace_back(name);
      path.remove_prefix(std::min(path.size(), name.size() + 1));
    }
    names_.insert(names_.begin(), names.begin(), names.end());
    if (names_.empty()) return failure(EISDIR);
    return {};
  }

  Status follow(const std::string& name) {
    if (!is_trusted_directory(directory_.get())) {
      return refusal("\"" + name +
                     "\" is a symbolic link in a directory that others may write in; it is not "
                     "followed");
    }
    if (++links_ > kLinksMax) return failure(ELOOP);
    std::array<char, PATH_MAX> target;
    const ssize_t size = ::readlinkat(directory_.get(), name.c_str(), target.data(), target.size());
    if (size < 0) return failure(errno);
    return enter({target.data(), static_cast<size_t>(size)});
  }

  Status enter_directory(const std::string& name) {
    Descriptor next(
        ::openat(directory_.get(), name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (next.get() < 0) return failure(errno);
    directory_ = std::move(next);
    return {};
  }

  Result<Descriptor> open_last(const std::string& name, const struct stat* found) {
    may_repeat_ = false;
    if (found != nullptr) {
      // Checked before it is opened, because opening a device may have an effect.
      if (Status allowed = check(*found); !allowed) return fail(allowed.error());
    } else if ((flags_ & O_CREAT) == 0) {
      return failure(ENOENT);
    }
    const bool makes = found == nullptr || (flags_ & O_EXCL) != 0;
    const int access = flags_ & ~(O_CREAT | O_EXCL);
    Descriptor file(::openat(
        directory_.get(), name.c_str(),
        access | (makes ? O_CREAT | O_EXCL : 0) | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
        kFileMode));
    if (file.get() < 0) {
      const bool changed = makes ? errno == EEXIST : errno == ENOENT || errno == ELOOP;
      may_repeat_ = changed && (flags_ & O_EXCL) == 0;
      return failure(errno);
    }
    struct stat status = {};
    if (::fstat(file.get(), &status) != 0) return failure(errno);
    if (Status allowed = check(status); !allowed) return fail(allowed.error());
    return file;
  }

  Status check(const struct stat& status) const {
    if (S_ISCHR(status.st_mode) && major(status.st_rdev) == kMemoryDevices) return {};
    if (!S_ISREG(status.st_mode)) {
      return refusal("it is " + std::string(kind_of(status.st_mode)) + ", not a regular file");
    }
    if (is_trusted_directory(directory_.get())) return {};
    if (status.st_uid != ::geteuid()) {
      return refusal("it belongs to another user (" + std::to_string(status.st_uid) +
                     "), and others may write in its directory");
    }
    if (status.st_nlink > 1) {
      return refusal("it has another name as well, and others may write in its directory");
    }
    return {};
  }

  const std::string& path_;
  const int flags_;
  Descriptor directory_;
  std::deque<std::string> names_;  // the remaining names; the last one is the file
  int links_ = 0;
  bool may_repeat_ = false;
};

}  // namespace

Code code_of_file_error(int number) {
  switch (number) {
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
      return Code::kResourceExhausted;
    case EROFS:
    case EACCES:
    case EPERM:
      return Code::kPermissionDenied;
    case ENOENT:
      return Code::kNotFound;
    case EEXIST:
      return Code::kAlreadyExists;
    default:
      return Code::kUnavailable;
  }
}

Descriptor::Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    if (number_ >= 0) ::close(number_);
    number_ = other.release();
  }
  return *this;
}

Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

int Descriptor::release() { return std::exchange(number_, -1); }

Result<Descriptor> safe_open(const std::string& path, int flags) {
  return Opening(path, flags).run();
}

}  // namespace millrace::io
