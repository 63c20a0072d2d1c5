// Files in memory for tests: written data can be read, and any call can be made to fail.
// One thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "io/file.h"

namespace millrace::io::sim {

class SimFileSystem final : public FileSystem {
 public:
  enum class Failure : uint8_t {
    kError,       // the call fails and has no effect
    kShortWrite,  // a write writes half of its bytes, and the next call fails
  };
  // The n-th call from now on (from 1) of any kind fails once.
  void fail_call(uint64_t n, Failure failure) {
    fail_at_ = call_count_ + n;
    failure_ = failure;
  }
  // The n-th call and all later ones fail, until fail_call or heal().
  void fail_from_call(uint64_t n, Failure failure = Failure::kError) {
    fail_call(n, failure);
    lasting_ = true;
  }
  void heal() {
    fail_at_ = 0;
    lasting_ = false;
  }
  uint64_t call_count() const { return call_count_; }

  // The key is the path. Contents are shared with open files, which outlive a rename.
  std::map<std::string, std::shared_ptr<std::string>> files;
  std::vector<std::string> directories;

  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
  std::string read_head(const std::string& path, size_t bytes) override;  // never fails
  std::string read_tail(const std::string& path, size_t bytes) override;  // never fails
  Status rename(const std::string& from, const std::string& to) override;
  Status remove(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& directory) override;
  Status create_directories(const std::string& directory, uint32_t mode) override;

 private:
  friend class SimFile;
  enum class Turn : uint8_t { kFine, kFails, kShort };
  Turn next_turn();

  uint64_t call_count_ = 0;
  uint64_t fail_at_ = 0;  // 0: never
  Failure failure_ = Failure::kError;
  bool lasting_ = false;
};

}  // namespace millrace::io::sim
