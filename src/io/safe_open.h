// The one way in which files that this process writes are opened: exporters' files, dead letters,
// recordings, the disk log.
//
// The rule:
//   - What is made has mode 0640, less the umask.
//   - In a directory that others may write in (its group or everybody may, or its owner is neither
//     this user nor root) no symbolic link is followed, neither as the file nor on the way to it,
//     and a file that is there must be a regular one of this user with one name. Others could have
//     put a link there to make this process write where only it may.
//   - Elsewhere links are followed, and a file may be anybody's that may be written.
//   - Nothing blocks: only regular files and the devices /dev/null, /dev/full and /dev/zero are
//     opened; a fifo, a socket, a terminal or a disk is refused, and the message says what it is.
//   - Nothing is emptied by opening.
#pragma once

#include <string>

#include "base/result.h"

namespace millrace::io {

// Owns a descriptor.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept;
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();
  int get() const { return number_; }
  // The caller closes it.
  int release();

 private:
  int number_;
};

// Opens `path` with the given flags of open(2) for the access and O_CREAT, O_EXCL, O_APPEND;
// O_CLOEXEC and O_NOCTTY are added. Errors name the path and the reason: kUnavailable, kNotFound,
// kPermissionDenied, kAlreadyExists, kResourceExhausted as the system says, kFailedPrecondition
// when the rule above refuses it.
Result<Descriptor> safe_open(const std::string& path, int flags);

// The code of an errno that a call on a file has left.
Code code_of_file_error(int number);

}  // namespace millrace::io
