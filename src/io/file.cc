#include "io/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include "io/directory_calls.h"

namespace millrace::io {
namespace {

std::unexpected<Error> system_failure(std::string_view doing, const std::string& path, int number) {
  return fail(Code::kUnavailable,
              std::string(doing) + " " + path + ": " + std::system_category().message(number));
}

class KernelFile final : public File {
 public:
  KernelFile(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
  ~KernelFile() override { ::close(descriptor_); }

  Result<size_t> write(std::span<const uint8_t> bytes) override {
    ssize_t count = 0;
    do {
      count = ::write(descriptor_, bytes.data(), bytes.size());
    } while (count < 0 && errno == EINTR);
    if (count < 0) return system_failure("writing", path_, errno);
    if (count == 0 && !bytes.empty()) return system_failure("writing", path_, EIO);
    return static_cast<size_t>(count);
  }
  Status truncate(uint64_t size) override {
    const auto offset = static_cast<off_t>(size);
    if (::ftruncate(descriptor_, offset) != 0 || ::lseek(descriptor_, offset, SEEK_SET) != offset) {
      return system_failure("cutting back", path_, errno);
    }
    return {};
  }
  Result<uint64_t> size() override {
    struct stat status = {};
    if (::fstat(descriptor_, &status) != 0) return system_failure("looking at", path_, errno);
    return static_cast<uint64_t>(status.st_size);
  }

 private:
  const int descriptor_;
  const std::string path_;
};

class KernelFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (mode == OpenMode::kTruncate ? O_TRUNC : 0);
    const int descriptor = ::open(path.c_str(), flags, 0644);
    if (descriptor < 0) return system_failure("opening", path, errno);
    // Pipes and terminals can't be moved in, and need not be.
    if (::lseek(descriptor, 0, SEEK_END) < 0 && errno != ESPIPE) {
      const int number = errno;
      ::close(descriptor);
      return system_failure("opening", path, number);
    }
    return std::make_unique<KernelFile>(descriptor, path);
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
    if (number != 0) return system_failure("making directory", part, number);
    return {};
  }
};

}  // namespace

std::unique_ptr<FileSystem> make_file_system() { return std::make_unique<KernelFileSystem>(); }

}  // namespace millrace::io
