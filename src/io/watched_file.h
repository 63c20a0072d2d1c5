// A small file that is read again when it changes: tokens, passwords. No thread and no
// inotify: the user calls it, which costs one stat().
//
// Every way to change a file is found: writing in place, replacing by a rename, or a symbolic link
// that gets another target (Kubernetes' secrets). Clocks of file systems have ticks of
// milliseconds, so a file that was changed a moment ago is read again even if it looks unchanged.
//
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"

namespace millrace::io {

class WatchedFile {
 public:
  // A larger file is an error: these files hold secrets, not logs.
  static constexpr size_t kBytesMax = 1 << 20;

  explicit WatchedFile(std::string path) : path_(std::move(path)) {}
  const std::string& path() const { return path_; }
  // Returns the text if it differs from the last one (the first time: always), otherwise nothing.
  // An error names the path and is returned once, until the file changes again.
  Result<std::optional<std::string>> read_if_changed();

 private:
  struct Stamp {
    uint64_t device = 0;
    uint64_t inode = 0;
    int64_t size = -1;  // -1: there is no file
    int64_t modified_ns = 0;
    int64_t changed_ns = 0;
    friend bool operator==(const Stamp&, const Stamp&) = default;
  };
  Stamp take_stamp() const;

  const std::string path_;
  std::optional<Stamp> stamp_;  // empty: never read
  bool is_fresh_ = false;       // was changed so shortly before reading that it must be read again
  std::optional<std::string> text_;
};

}  // namespace millrace::io
