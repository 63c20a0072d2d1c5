#include "daemon/otlp_client/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "io/safe_open.h"

namespace millrace::load {
namespace {

Error cannot(const std::string& what, const std::string& path) {
  return {.code = Code::kUnavailable,
          .message = "cannot " + what + " " + path + ": " + std::strerror(errno)};
}

Status empty(int descriptor, const std::string& path) {
  struct stat status = {};
  if (::fstat(descriptor, &status) != 0) return fail(cannot("write", path));
  if (!S_ISREG(status.st_mode) || status.st_size == 0) return {};
  if (status.st_uid != ::geteuid()) {
    return fail(Code::kFailedPrecondition, path + " belongs to another user; it is not emptied");
  }
  if (::ftruncate(descriptor, 0) != 0) return fail(cannot("empty", path));
  return {};
}

}  // namespace

Result<FilePtr> open_output(const std::string& path, OutputStart start) {
  io::Descriptor descriptor;
  if (path == "/dev/stdout") {
    descriptor = io::Descriptor(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0));
    if (descriptor.get() < 0) return fail(cannot("write", path));
  } else {
    Result<io::Descriptor> opened = io::safe_open(path, O_WRONLY | O_CREAT | O_APPEND);
    if (!opened) return fail(std::move(opened.error()));
    descriptor = *std::move(opened);
    if (start == OutputStart::kEmpty) {
      if (Status emptied = empty(descriptor.get(), path); !emptied) return fail(emptied.error());
    }
  }
  FilePtr file(::fdopen(descriptor.get(), "ab"));
  if (file == nullptr) return fail(cannot("write", path));
  descriptor.release();  // the FILE owns it now
  return file;
}

}  // namespace millrace::load
