#include "recent_file/kept_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace millrace::recent_file {
namespace {

constexpr std::string_view kEnding = ".recent";
constexpr std::string_view kAside = ".aside";
constexpr size_t kDigits = 16;
constexpr uint32_t kDirectoryMode = 0700;  // telemetry is not for other users

}  // namespace

std::string file_name(uint64_t number) { return fmt::format("{:016x}{}", number, kEnding); }

std::optional<uint64_t> number_of(std::string_view name) {
  if (name.size() != kDigits + kEnding.size() || !name.ends_with(kEnding)) return std::nullopt;
  uint64_t number = 0;
  for (const char c : name.substr(0, kDigits)) {
    const bool is_digit = c >= '0' && c <= '9';
    if (!is_digit && (c < 'a' || c > 'f')) return std::nullopt;
    number = number << 4 | static_cast<uint64_t>(is_digit ? c - '0' : c - 'a' + 10);
  }
  // So that the next number exists.
  return number < UINT64_MAX / 2 ? std::optional(number) : std::nullopt;
}

KeptFiles::KeptFiles(io::Disk& disk, std::string directory, uint64_t bytes_max)
    : disk_(disk), directory_(std::move(directory)), bytes_max_(bytes_max) {}

std::string KeptFiles::path(uint64_t number) const { return directory_ + "/" + file_name(number); }

uint64_t KeptFiles::bytes() const {
  uint64_t sum = 0;
  for (const File& file : files_) sum += file.bytes;
  return sum;
}

Status KeptFiles::open() {
  Status looked = look();
  // So that hold() looks again.
  if (!looked) lock_.reset();
  return looked;
}

Status KeptFiles::look() {
  if (Status made = disk_.create_directories(directory_, kDirectoryMode); !made) return made;
  auto lock = disk_.lock_directory(directory_);
  if (!lock) return fail(lock.error());
  lock_ = std::move(*lock);
  const auto names = disk_.list(directory_);
  if (!names) return fail(names.error());
  std::deque<File> found;
  for (const std::string& name : *names) {
    const auto number = number_of(name);
    if (!number) continue;
    auto file = disk_.open(path(*number), io::DiskOpen::kRead);
    if (!file) return fail(file.error());
    const Result<uint64_t> size = (*file)->size();
    if (!size) return fail(size.error());
    found.push_back({.number = *number, .bytes = *size});
  }
  std::ranges::sort(found, {}, &File::number);
  files_ = std::move(found);
  return {};
}

Status KeptFiles::hold() {
  if (lock_ != nullptr && lock_->check_in_place()) return {};
  lock_.reset();
  return open();
}

void KeptFiles::forget(uint64_t number) {
  std::erase_if(files_, [&](const File& file) { return file.number == number; });
}

Status KeptFiles::remove(uint64_t number) {
  const Status removed = disk_.remove(path(number));
  if (!removed && removed.error().code != Code::kNotFound) return removed;
  forget(number);
  return {};
}

Status KeptFiles::set_aside(uint64_t number) {
  const Status renamed = disk_.rename(path(number), path(number) + std::string(kAside));
  if (renamed) forget(number);
  return renamed;
}

Status KeptFiles::make_room(uint64_t more) {
  while (!files_.empty() && (bytes() + more > bytes_max_ || files_.size() >= kCountMax)) {
    if (Status removed = remove(files_.front().number); !removed) return removed;
  }
  return {};
}

Result<KeptFiles::Begun> KeptFiles::begin_file() {
  const uint64_t number = files_.empty() ? 1 : files_.back().number + 1;
  auto file = disk_.open(path(number), io::DiskOpen::kCreate);
  if (!file) return fail(file.error());
  files_.push_back({.number = number});
  if (Status synced = disk_.sync_directory(directory_); !synced) {
    file->reset();
    static_cast<void>(remove(number));
    return fail(synced.error());
  }
  return Begun{.number = number, .file = std::move(*file)};
}

void KeptFiles::set_bytes(uint64_t number, uint64_t bytes) {
  const auto found = std::ranges::find(files_, number, &File::number);
  if (found != files_.end()) found->bytes = bytes;
}

}  // namespace millrace::recent_file
