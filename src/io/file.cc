#include "io/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include "base/bytes.h"
#include "io/directory_calls.h"
#include "io/safe_open.h"
#include "io/text_output.h"

namespace millrace::io {
namespace {

std::unexpected<Error> system_failure(std::string_view doing, const std::string& path, int number) {
  return fail(Code::kUnavailable,
              std::string(doing) + " " + path + ": " + std::system_category().message(number));
}

class KernelFile final : public File {
 public:
  KernelFile(Descriptor descriptor, std::string path, bool is_regular)
      : descriptor_(std::move(descriptor)), path_(std::move(path)), is_regular_(is_regular) {}

  Result<size_t> write(std::span<const uint8_t> bytes) override {
    ssize_t count = 0;
    do {
      count = ::write(descriptor_.get(), bytes.data(), bytes.size());
    } while (count < 0 && errno == EINTR);
    if (count < 0) return system_failure("writing", path_, errno);
    if (count == 0 && !bytes.empty()) return system_failure("writing", path_, EIO);
    return static_cast<size_t>(count);
  }
  Status truncate(uint64_t size) override {
    if (!is_regular_) return {};  // a device stores nothing
    const auto offset = static_cast<off_t>(size);
    if (::ftruncate(descriptor_.get(), offset) != 0 ||
        ::lseek(descriptor_.get(), offset, SEEK_SET) != offset) {
      return system_failure("truncating", path_, errno);
    }
    return {};
  }
  Result<uint64_t> size() override {
    struct stat status = {};
    if (::fstat(descriptor_.get(), &status) != 0) return system_failure("examining", path_, errno);
    return static_cast<uint64_t>(status.st_size);
  }
  bool is_regular() const override { return is_regular_; }

 private:
  const Descriptor descriptor_;
  const std::string path_;
  const bool is_regular_;
};

// Standard output or error: shared with other processes, perhaps without a reader.
class OutputFile final : public File {
 public:
  static constexpr size_t kWaitingBytesMax = size_t{4} << 20;
  static constexpr Duration kFlushTime = 500ms;

  OutputFile(int descriptor, std::string path)
      : path_(std::move(path)),
        output_({.descriptor = descriptor,
                 .closes_descriptor = true,
                 .bytes_max = kWaitingBytesMax,
                 .notice = {}}) {}
  ~OutputFile() override { output_.flush(kFlushTime); }

  Result<size_t> write(std::span<const uint8_t> bytes) override {
    if (!output_.try_write(as_text(bytes))) {
      const std::string error = output_.last_error();
      return fail(Code::kUnavailable, "writing " + path_ + ": " +
                                          (error.empty() ? "it has no reader any more" : error));
    }
    written_ += bytes.size();
    return bytes.size();
  }
  // Text is written completely or not at all, so there is never a partial record to remove.
  Status truncate(uint64_t) override { return {}; }
  Result<uint64_t> size() override { return written_; }
  bool is_regular() const override { return false; }

 private:
  const std::string path_;
  uint64_t written_ = 0;
  TextOutput output_;
};

// The standard descriptor that the path is a name of; -1: none.
int standard_descriptor(std::string_view path) {
  for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/"}) {
    if (path == std::string(folder) + "1") return STDOUT_FILENO;
    if (path == std::string(folder) + "2") return STDERR_FILENO;
  }
  if (path == "/dev/stdout") return STDOUT_FILENO;
  return path == "/dev/stderr" ? STDERR_FILENO : -1;
}

class KernelFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    if (const int standard = standard_descriptor(path); standard >= 0) {
      const int copy = ::fcntl(standard, F_DUPFD_CLOEXEC, 0);
      if (copy < 0) return system_failure("opening", path, errno);
      return std::make_unique<OutputFile>(copy, path);
    }
    Result<Descriptor> descriptor = safe_open(path, O_WRONLY | O_CREAT);
    if (!descriptor) return fail(std::move(descriptor.error()));
    struct stat status = {};
    if (::fstat(descriptor->get(), &status) != 0) return system_failure("examining", path, errno);
    const bool is_regular = S_ISREG(status.st_mode);
    if (is_regular && mode == OpenMode::kTruncate && status.st_size > 0) {
      if (status.st_uid != ::geteuid()) {
        return fail(Code::kFailedPrecondition, "emptying " + path +
                                                   ": it belongs to another user (" +
                                                   std::to_string(status.st_uid) + ")");
      }
      if (::ftruncate(descriptor->get(), 0) != 0) return system_failure("emptying", path, errno);
    }
    if (is_regular && ::lseek(descriptor->get(), 0, SEEK_END) < 0) {
      return system_failure("opening", path, errno);
    }
    return std::make_unique<KernelFile>(*std::move(descriptor), path, is_regular);
  }
  std::string read_head(const std::string& path, size_t bytes) override {
    return read_part(path, [bytes](off_t) { return Part{0, bytes}; });
  }
  std::string read_tail(const std::string& path, size_t bytes) override {
    return read_part(path, [bytes](off_t size) {
      const size_t count = std::min(bytes, static_cast<size_t>(size));
      return Part{size - static_cast<off_t>(count), count};
    });
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

 private:
  struct Part {
    off_t offset = 0;
    size_t bytes = 0;
  };
  // `choose` is given the size of the file.
  template <class Choose>
  static std::string read_part(const std::string& path, const Choose& choose) {
    const Result<Descriptor> descriptor = safe_open(path, O_RDONLY);
    struct stat status = {};
    if (!descriptor || ::fstat(descriptor->get(), &status) != 0 || !S_ISREG(status.st_mode)) {
      return {};
    }
    const Part part = choose(status.st_size);
    std::string content(part.bytes, '\0');
    const ssize_t count = ::pread(descriptor->get(), content.data(), content.size(), part.offset);
    content.resize(count > 0 ? static_cast<size_t>(count) : 0);
    return content;
  }
};

}  // namespace

std::unique_ptr<FileSystem> make_file_system() { return std::make_unique<KernelFileSystem>(); }

}  // namespace millrace::io
