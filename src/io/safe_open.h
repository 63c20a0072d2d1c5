// Opens the files that this process writes: exporters' files, dead letters, recordings, the disk
// log. All of them must be opened here.
//
// The rules:
//   - A new file has mode 0640, less the umask.
//   - In a directory that other users may write in (by group or mode, or because its owner is
//     neither this user nor root) no symbolic link is followed, neither as the file nor on the way
//     to it, and an existing file must be a regular file of this user with one name. Otherwise
//     another user could place a link there and make this process write elsewhere.
//   - In other directories links are followed, and any file that this user may write is allowed.
//   - Opening never blocks: only regular files and the devices /dev/null, /dev/full and /dev/zero
//     are opened; a fifo, a socket, a terminal or a disk is refused, and the message says so.
//   - Opening never empties a file.
#pragma once

#include <string>

#include "base/result.h"

namespace millrace::io {

// Owns a file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept;
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();
  int get() const { return number_; }
  // Releases the descriptor; the caller must close it.
  int release();

 private:
  int number_;
};

// Opens `path` with the given flags of open(2) for the access and O_CREAT, O_EXCL, O_APPEND;
// O_CLOEXEC and O_NOCTTY are added. Errors name the path and the reason: kUnavailable, kNotFound,
// kPermissionDenied, kAlreadyExists, kResourceExhausted for errors of the system,
// kFailedPrecondition when the rules above refuse the file.
Result<Descriptor> safe_open(const std::string& path, int flags);

// The code for the errno of a call on a file.
Code code_of_file_error(int number);

}  // namespace millrace::io
