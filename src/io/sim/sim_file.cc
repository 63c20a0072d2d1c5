#include "io/sim/sim_file.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"

namespace millrace::io::sim {
namespace {

std::unexpected<Error> no_space(std::string_view doing) {
  return fail(Code::kUnavailable, std::string(doing) + ": No space left on device");
}

}  // namespace

class SimFile final : public File {
 public:
  SimFile(SimFileSystem& system, std::shared_ptr<std::string> content)
      : system_(system), content_(std::move(content)) {}

  Result<size_t> write(std::span<const uint8_t> bytes) override {
    const auto turn = system_.next_turn();
    if (turn == SimFileSystem::Turn::kFails) return no_space("writing");
    if (turn == SimFileSystem::Turn::kShort && bytes.size() > 1) {
      bytes = bytes.first(bytes.size() / 2);
    }
    content_->append(as_text(bytes));
    return bytes.size();
  }
  Status truncate(uint64_t size) override {
    if (system_.next_turn() == SimFileSystem::Turn::kFails) return no_space("truncating");
    content_->resize(size);
    return {};
  }
  Result<uint64_t> size() override {
    if (system_.next_turn() == SimFileSystem::Turn::kFails) return no_space("examining");
    return content_->size();
  }
  bool is_regular() const override { return true; }

 private:
  SimFileSystem& system_;
  std::shared_ptr<std::string> content_;
};

SimFileSystem::Turn SimFileSystem::next_turn() {
  ++call_count_;
  if (fail_at_ == 0 || call_count_ < fail_at_) return Turn::kFine;
  if (failure_ == Failure::kShortWrite && call_count_ == fail_at_) {
    if (!lasting_) {
      failure_ = Failure::kError;
      ++fail_at_;
    }
    return Turn::kShort;
  }
  if (!lasting_) fail_at_ = 0;
  return Turn::kFails;
}

Result<std::unique_ptr<File>> SimFileSystem::open(const std::string& path, OpenMode mode) {
  if (next_turn() == Turn::kFails) return no_space("opening " + path);
  std::shared_ptr<std::string>& content = files[path];
  if (content == nullptr) content = std::make_shared<std::string>();
  if (mode == OpenMode::kTruncate) content->clear();
  return std::make_unique<SimFile>(*this, content);
}

std::string SimFileSystem::read_head(const std::string& path, size_t bytes) {
  const auto found = files.find(path);
  return found == files.end() ? std::string() : found->second->substr(0, bytes);
}

std::string SimFileSystem::read_tail(const std::string& path, size_t bytes) {
  const auto found = files.find(path);
  if (found == files.end()) return {};
  const std::string& content = *found->second;
  return content.substr(content.size() - std::min(bytes, content.size()));
}

Status SimFileSystem::rename(const std::string& from, const std::string& to) {
  if (next_turn() == Turn::kFails) return no_space("renaming " + from);
  const auto found = files.find(from);
  if (found == files.end()) return fail(Code::kNotFound, "renaming " + from + ": not there");
  files[to] = found->second;
  files.erase(from);
  return {};
}

Status SimFileSystem::remove(const std::string& path) {
  if (next_turn() == Turn::kFails) return no_space("removing " + path);
  files.erase(path);
  return {};
}

Result<std::vector<std::string>> SimFileSystem::list(const std::string& directory) {
  if (next_turn() == Turn::kFails) return no_space("listing " + directory);
  std::vector<std::string> names;
  for (const auto& [path, content] : files) {
    const size_t slash = path.rfind('/');
    const std::string parent = slash == std::string::npos ? "." : path.substr(0, slash);
    if (parent == directory) names.push_back(path.substr(slash + 1));
  }
  return names;
}

Status SimFileSystem::create_directories(const std::string& directory, uint32_t) {
  if (next_turn() == Turn::kFails) return no_space("creating directory " + directory);
  directories.push_back(directory);
  return {};
}

}  // namespace millrace::io::sim
