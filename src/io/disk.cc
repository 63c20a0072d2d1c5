#include "io/disk.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <random>
#include <string_view>
#include <system_error>
#include <utility>

#include "io/directory_calls.h"
#include "io/safe_open.h"

namespace millrace::io {
namespace {

constexpr size_t kPiecesMax = 256;  // of one pwritev(2); well below IOV_MAX

std::unexpected<Error> system_failure(std::string_view doing, const std::string& path, int number) {
  return fail(code_of_file_error(number),
              std::string(doing) + " " + path + ": " + std::system_category().message(number));
}

template <class Call>
auto uninterrupted(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

Status check_path_names(const std::string& path, int descriptor) {
  struct stat opened = {};
  struct stat named = {};
  if (::fstat(descriptor, &opened) != 0) return system_failure("examining", path, errno);
  // A file without links has no path, so the path need not be checked.
  const bool is_gone = opened.st_nlink == 0;
  if (!is_gone && uninterrupted([&] { return ::stat(path.c_str(), &named); }) != 0) {
    if (errno != ENOENT && errno != ENOTDIR) return system_failure("examining", path, errno);
  } else if (!is_gone && named.st_dev == opened.st_dev && named.st_ino == opened.st_ino) {
    return {};
  }
  return fail(Code::kNotFound, path + " was removed, moved or replaced while it was in use");
}

class KernelDiskFile final : public DiskFile {
 public:
  KernelDiskFile(Descriptor descriptor, std::string path)
      : descriptor_(std::move(descriptor)), path_(std::move(path)) {}

  Result<size_t> read_at(uint64_t offset, std::span<uint8_t> into) override {
    size_t done = 0;
    while (done < into.size()) {
      const ssize_t count = uninterrupted([&] {
        return ::pread(descriptor_.get(), into.data() + done, into.size() - done,
                       static_cast<off_t>(offset + done));
      });
      if (count < 0) return system_failure("reading", path_, errno);
      if (count == 0) break;
      done += static_cast<size_t>(count);
    }
    return done;
  }

  Status write_at(uint64_t offset, std::span<const std::span<const uint8_t>> pieces) override {
    std::array<iovec, kPiecesMax> vectors;
    size_t skip = 0;  // the number of bytes of pieces[0] that are already written
    while (!pieces.empty()) {
      if (pieces[0].size() == skip) {
        pieces = pieces.subspan(1);
        skip = 0;
        continue;
      }
      const size_t count = std::min(pieces.size(), kPiecesMax);
      for (size_t i = 0; i < count; ++i) {
        const size_t from = i == 0 ? skip : 0;
        vectors[i] = {const_cast<uint8_t*>(pieces[i].data()) + from, pieces[i].size() - from};
      }
      const ssize_t written = uninterrupted([&] {
        return ::pwritev(descriptor_.get(), vectors.data(), static_cast<int>(count),
                         static_cast<off_t>(offset));
      });
      if (written < 0) return system_failure("writing", path_, errno);
      if (written == 0) return system_failure("writing", path_, EIO);
      offset += static_cast<uint64_t>(written);
      skip += static_cast<size_t>(written);
      while (!pieces.empty() && skip >= pieces[0].size()) {
        skip -= pieces[0].size();
        pieces = pieces.subspan(1);
      }
    }
    return {};
  }

  Status sync_data() override {
    // Not repeated after EINTR: after a failed sync a second one proves nothing.
    if (::fdatasync(descriptor_.get()) != 0) return system_failure("syncing", path_, errno);
    return {};
  }

  Status preallocate(uint64_t size) override {
    // posix_fallocate would write zeros where the file system does not support allocation.
    const int result = uninterrupted(
        [&] { return ::fallocate(descriptor_.get(), 0, 0, static_cast<off_t>(size)); });
    if (result == 0) return {};
    if (errno != EOPNOTSUPP && errno != ENOSYS) return system_failure("allocating", path_, errno);
    const Result<uint64_t> now = this->size();
    if (!now) return fail(now.error());
    return *now < size ? truncate(size) : Status();
  }

  Status truncate(uint64_t size) override {
    if (uninterrupted([&] { return ::ftruncate(descriptor_.get(), static_cast<off_t>(size)); }) !=
        0) {
      return system_failure("truncating", path_, errno);
    }
    return {};
  }

  Result<uint64_t> size() override {
    struct stat status = {};
    if (::fstat(descriptor_.get(), &status) != 0) {
      return system_failure("examining", path_, errno);
    }
    return static_cast<uint64_t>(status.st_size);
  }

  Status check_in_place() override { return check_path_names(path_, descriptor_.get()); }

 private:
  const Descriptor descriptor_;
  const std::string path_;
};

class KernelLock final : public DirectoryLock {
 public:
  KernelLock(Descriptor descriptor, std::string path)
      : descriptor_(std::move(descriptor)), path_(std::move(path)) {}
  Status check_in_place() override { return check_path_names(path_, descriptor_.get()); }

 private:
  const Descriptor descriptor_;  // closing it releases the lock
  const std::string path_;
};

int flags_of(DiskOpen mode) {
  switch (mode) {
    case DiskOpen::kRead:
      return O_RDONLY | O_CLOEXEC;
    case DiskOpen::kReadWrite:
      return O_RDWR | O_CLOEXEC;
    case DiskOpen::kCreate:
      return O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC;
  }
  return O_RDONLY | O_CLOEXEC;
}

class KernelDisk final : public Disk {
 public:
  Result<std::unique_ptr<DiskFile>> open(const std::string& path, DiskOpen mode) override {
    Result<Descriptor> descriptor = safe_open(path, flags_of(mode));
    if (!descriptor) return fail(std::move(descriptor.error()));
    return std::make_unique<KernelDiskFile>(*std::move(descriptor), path);
  }
  Status rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return system_failure("renaming", from, errno);
    return {};
  }
  Status remove(const std::string& path) override {
    if (::unlink(path.c_str()) != 0) return system_failure("removing", path, errno);
    return {};
  }
  Result<std::vector<std::string>> list(const std::string& directory) override {
    std::vector<std::string> names;
    const int number = list_directory(directory, &names);
    if (number != 0) return system_failure("listing", directory, number);
    return names;
  }
  Status create_directories(const std::string& directory, uint32_t mode) override {
    std::string part;
    const int number = make_directories(directory, mode, &part);
    if (number != 0) return system_failure("creating directory", part, number);
    return {};
  }
  Status sync_directory(const std::string& directory) override {
    const Descriptor descriptor(uninterrupted(
        [&] { return ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
    if (descriptor.get() < 0) return system_failure("opening", directory, errno);
    if (::fsync(descriptor.get()) != 0) return system_failure("syncing", directory, errno);
    return {};
  }
  Status check_writable(const std::string& directory) override {
    if (::access(directory.c_str(), W_OK) == 0) return {};
    return system_failure("writing in", directory, errno);
  }
  Result<std::unique_ptr<DirectoryLock>> lock_directory(const std::string& directory) override {
    std::string path = directory + "/lock";
    Result<Descriptor> opened = safe_open(path, O_RDWR | O_CREAT);
    if (!opened && ::access(directory.c_str(), W_OK) != 0 && errno == EROFS) {
      Result<Descriptor> read_only = safe_open(path, O_RDONLY);
      if (!read_only && read_only.error().code == Code::kNotFound) {
        read_only = Descriptor(uninterrupted(
            [&] { return ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
        path = directory;
      }
      if (read_only && read_only->get() >= 0) opened = *std::move(read_only);
    }
    if (!opened) return fail(std::move(opened.error()));
    Descriptor descriptor = *std::move(opened);
    if (::flock(descriptor.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK) return system_failure("locking", path, errno);
      return fail(Code::kFailedPrecondition,
                  "directory " + directory + " is in use by another process");
    }
    return std::make_unique<KernelLock>(std::move(descriptor), std::move(path));
  }
  uint64_t unguessable_number() override {
    uint64_t number = 0;
    if (::getrandom(&number, sizeof(number), 0) == sizeof(number)) return number;
    std::random_device device;
    return uint64_t{device()} << 32 | device();
  }
};

}  // namespace

std::unique_ptr<Disk> make_disk() { return std::make_unique<KernelDisk>(); }

}  // namespace millrace::io
