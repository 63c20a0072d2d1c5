// A small file whose text is wanted again when it changes: tokens, passwords. No thread and no
// inotify: the user of the text asks, which costs one stat().
//
// A change is found however it was made: written in place, replaced by renaming, or behind a
// symbolic link that points elsewhere now (Kubernetes' secrets). Clocks of file systems tick in
// milliseconds, so a file that was changed a moment ago is read again even if it looks the same.
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
  // More is an error: these files hold secrets, not logs.
  static constexpr size_t kBytesMax = 1 << 20;

  explicit WatchedFile(std::string path) : path_(std::move(path)) {}
  const std::string& path() const { return path_; }
  // The text, if it is another one than the last time (the first time: always); nothing: it is
  // the same. An error names the path and is told once, until the file changes again.
  Result<std::optional<std::string>> read_if_changed();

 private:
  struct Stamp {
    uint64_t device = 0;
    uint64_t inode = 0;
    int64_t size = -1;  // there is no file
    int64_t modified_ns = 0;
    int64_t changed_ns = 0;
    friend bool operator==(const Stamp&, const Stamp&) = default;
  };
  Stamp take_stamp() const;

  const std::string path_;
  std::optional<Stamp> stamp_;  // nothing: never read
  bool is_fresh_ = false;       // was changed so shortly before reading that it must be read again
  std::optional<std::string> text_;
};

}  // namespace millrace::io
