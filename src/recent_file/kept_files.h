// The directory of the files: locked, their names in order, and their sum below a cap. Blocks on
// the disk; one thread at a time.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "io/disk.h"

namespace millrace::recent_file {

class KeptFiles {
 public:
  static constexpr size_t kCountMax = 64;

  struct File {
    uint64_t number = 0;
    uint64_t bytes = 0;
  };

  KeptFiles(io::Disk& disk, std::string directory, uint64_t bytes_max);

  // Makes the directory when it is missing, locks it, and looks at what is there. Errors: those of
  // the disk; kFailedPrecondition: another process has the directory.
  Status open();
  // Before a write: another process may have the directory once it was moved or removed.
  Status hold();

  const std::deque<File>& files() const { return files_; }  // oldest first
  uint64_t bytes() const;
  std::string path(uint64_t number) const;

  // The oldest go until `more` bytes find room below the cap, and one more file among kCountMax.
  Status make_room(uint64_t more);
  struct Begun {
    uint64_t number = 0;
    std::unique_ptr<io::DiskFile> file;  // empty
  };
  // A file behind all others.
  Result<Begun> begin_file();
  void set_bytes(uint64_t number, uint64_t bytes);
  Status remove(uint64_t number);
  // Renames a file that is none of ours, which is then neither read nor removed.
  Status set_aside(uint64_t number);

 private:
  Status look();
  void forget(uint64_t number);

  io::Disk& disk_;
  const std::string directory_;
  const uint64_t bytes_max_;
  std::unique_ptr<io::DirectoryLock> lock_;
  std::deque<File> files_;
};

// "00000000000000ff.recent"
std::string file_name(uint64_t number);
std::optional<uint64_t> number_of(std::string_view name);

}  // namespace millrace::recent_file
