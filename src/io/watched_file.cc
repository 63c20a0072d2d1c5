#include "io/watched_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <system_error>
#include <utility>

#include "base/allocation_name.h"

namespace millrace::io {
namespace {

// Two changes within one tick of the file system's clock have the same time. Ticks are 4 ms on most
// systems, 2 s on FAT.
constexpr int64_t kFreshNs = 2'000'000'000;

int64_t nanoseconds(const timespec& time) {
  return time.tv_sec * int64_t{1'000'000'000} + time.tv_nsec;
}

std::unexpected<Error> failure(const std::string& path, int error) {
  return fail(error == ENOENT ? Code::kNotFound : Code::kUnavailable,
              "reading " + path + ": " + std::system_category().message(error));
}

Result<std::string> read_whole(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return failure(path, errno);
  const AllocationName name("constant watched file", 4 * WatchedFile::kBytesMax);
  std::string text;
  std::array<char, 16384> piece;
  while (text.size() <= WatchedFile::kBytesMax) {
    const ssize_t count = ::read(descriptor, piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const int error = errno;
      ::close(descriptor);
      return failure(path, error);
    }
    if (count == 0) break;
    text.append(piece.data(), static_cast<size_t>(count));
  }
  ::close(descriptor);
  if (text.size() > WatchedFile::kBytesMax) {
    return fail(Code::kInvalidArgument, "reading " + path + ": it is larger than " +
                                            std::to_string(WatchedFile::kBytesMax >> 20) + " MiB");
  }
  return text;
}

}  // namespace

WatchedFile::Stamp WatchedFile::take_stamp() const {
  struct stat found{};
  if (::stat(path_.c_str(), &found) != 0) return {};
  return {.device = found.st_dev,
          .inode = found.st_ino,
          .size = found.st_size,
          .modified_ns = nanoseconds(found.st_mtim),
          .changed_ns = nanoseconds(found.st_ctim)};
}

Result<std::optional<std::string>> WatchedFile::read_if_changed() {
  const Stamp stamp = take_stamp();  // before reading: the next call finds a change meanwhile
  const bool same = stamp_ == stamp;
  if (same && !is_fresh_) return std::nullopt;
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  is_fresh_ = stamp.size >= 0 && nanoseconds(now) - stamp.changed_ns < kFreshNs;
  stamp_ = stamp;
  Result<std::string> text = read_whole(path_);
  if (!text) {
    text_.reset();
    if (same) return std::nullopt;
    return fail(std::move(text.error()));
  }
  if (text_ == *text) return std::nullopt;
  text_ = std::move(*text);
  const AllocationName name("constant watched file", kBytesMax);
  return text_;
}

}  // namespace millrace::io
