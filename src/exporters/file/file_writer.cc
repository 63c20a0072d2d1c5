#include "exporters/file/file_writer.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"

namespace millrace::exporters {
namespace {

NameZone zone_of(const FileOptions& options) {
  return options.rotation && options.rotation->local_time ? NameZone::kLocal : NameZone::kUtc;
}

// Whether a file that begins like this may be one of ours: JSON lines of OTLP, or a length of four
// bytes before a protobuf message or a frame of zstd. Also when the format was another one before.
bool looks_like_output(std::string_view head) {
  constexpr std::string_view kJson = "{\"resource";
  constexpr std::string_view kJsonProfiles = "{\"dictionary";
  constexpr std::string_view kZstd = "\x28\xb5\x2f\xfd";
  const auto begins_with = [](std::string_view text, std::string_view start) {
    return text.starts_with(start.substr(0, text.size()));
  };
  if (begins_with(head, kJson) || begins_with(head, kJsonProfiles) || head == "{}\n") return true;
  if (head.size() < 5 || static_cast<uint8_t>(head[0]) > 0x7f) return false;
  const std::string_view content = head.substr(4);
  // Field 1 or 2 of a request, of type LEN.
  return content.front() == 0x0a || content.front() == 0x12 || begins_with(content, kZstd);
}
constexpr size_t kHeadBytes = 64;

}  // namespace

FileWriter::FileWriter(FileOptions options, io::FileSystem& files, std::function<WallTime()> now)
    : options_(std::move(options)),
      parts_(split_path(options_.path)),
      files_(files),
      now_(std::move(now)) {}

Status FileWriter::open() {
  const MutexLock lock(mutex_);
  if (options_.create_directory) {
    if (Status made = files_.create_directories(parts_.directory, options_.directory_permissions);
        !made) {
      return made;
    }
  }
  const bool keep = options_.append || options_.rotation.has_value();
  if (!keep && !opened_before_) {
    const std::string head = files_.read_head(options_.path, kHeadBytes);
    if (!head.empty() && !looks_like_output(head)) {
      return fail(Code::kFailedPrecondition,
                  "emptying " + options_.path +
                      ": it holds something that no file exporter wrote; move it away, or set "
                      "append: true");
    }
  }
  const bool goes_on = keep || opened_before_;
  const Status opened = open_locked(goes_on ? io::OpenMode::kAppend : io::OpenMode::kTruncate);
  return opened && goes_on ? end_torn_line() : opened;
}

// A life that was killed in the middle of a line left its beginning; what is written now must not
// become its end.
Status FileWriter::end_torn_line() {
  if (options_.format != FileFormat::kJson || options_.zstd || !file_->is_regular()) return {};
  const std::string tail = files_.read_tail(options_.path, 1);
  if (tail.empty() || tail == "\n") return {};
  const Result<Progress> ended = append_locked(as_span("\n"));
  if (!ended) return fail(ended.error());
  finish_locked();
  return {};
}

Status FileWriter::open_locked(io::OpenMode mode) {
  auto file = files_.open(options_.path, mode);
  if (!file) return fail(std::move(file.error()));
  const Result<uint64_t> size = (*file)->size();
  if (!size) return fail(size.error());
  // A torn record that this writer left behind ends where it knows; of older ones it knows nothing.
  if (!torn_) size_ = *size;
  file_ = std::move(*file);
  opened_before_ = true;
  return {};
}

Status FileWriter::write_record(std::span<const uint8_t> record) {
  const MutexLock lock(mutex_);
  if (user_ != nullptr || !waiting_.empty()) {
    return fail(Code::kUnavailable, "writing " + options_.path + ": another record is under way");
  }
  const Result<Progress> written = append_locked(record);
  if (!written) return fail(written.error());
  finish_locked();
  return {};
}

bool FileWriter::try_begin(User user) {
  const MutexLock lock(mutex_);
  MILLRACE_CHECK(user_ != user);
  const bool is_first = waiting_.empty() || waiting_.front() == user;
  if (user_ != nullptr || !is_first) {
    if (std::ranges::find(waiting_, user) == waiting_.end()) waiting_.push_back(user);
    return false;
  }
  if (!waiting_.empty()) waiting_.pop_front();
  user_ = user;
  return true;
}

Result<FileWriter::Progress> FileWriter::append(User user, std::span<const uint8_t> piece) {
  const MutexLock lock(mutex_);
  MILLRACE_CHECK(user_ == user);
  return append_locked(piece);
}

void FileWriter::finish(User user) {
  const MutexLock lock(mutex_);
  MILLRACE_CHECK(user_ == user);
  finish_locked();
  user_ = nullptr;
}

void FileWriter::abandon(User user) {
  const MutexLock lock(mutex_);
  MILLRACE_CHECK(user_ == user);
  if (torn_ && file_ != nullptr) (void)cut_back();
  record_bytes_ = 0;
  user_ = nullptr;
}

void FileWriter::leave(User user) {
  const MutexLock lock(mutex_);
  MILLRACE_CHECK(user_ != user);
  std::erase(waiting_, user);
}

Result<bool> FileWriter::can_be_cut_back() {
  const MutexLock lock(mutex_);
  if (file_ == nullptr) {
    if (Status opened = open_locked(io::OpenMode::kAppend); !opened) return fail(opened.error());
  }
  return file_->is_regular();
}

Result<FileWriter::Progress> FileWriter::append_locked(std::span<const uint8_t> piece) {
  if (file_ == nullptr) {
    if (Status opened = open_locked(io::OpenMode::kAppend); !opened) return fail(opened.error());
  }
  if (record_bytes_ == 0 && torn_) {  // by an earlier record
    if (Status cut = cut_back(); !cut) return fail(cut.error());
  }
  if (must_rotate_before(record_bytes_ + piece.size())) {
    const bool has_begun = std::exchange(record_bytes_, 0) > 0;
    if (has_begun) {
      if (Status cut = cut_back(); !cut) return fail(cut.error());
    }
    if (Status rotated = rotate(); !rotated) return fail(rotated.error());
    if (has_begun) return Progress::kStartOver;
  }
  while (!piece.empty()) {
    torn_ = true;  // also when the write fails: the system may have taken a part
    const Result<size_t> count = file_->write(piece);
    if (!count) {
      (void)cut_back();
      record_bytes_ = 0;
      return fail(count.error());
    }
    record_bytes_ += *count;
    piece = piece.subspan(*count);
  }
  return Progress::kWritten;
}

void FileWriter::finish_locked() {
  size_ += std::exchange(record_bytes_, 0);
  torn_ = false;
}

Status FileWriter::cut_back() {
  Status cut = file_->truncate(size_);
  if (cut) torn_ = false;
  return cut;
}

bool FileWriter::must_rotate_before(uint64_t record_size) const {
  if (!options_.rotation || size_ == 0 || !file_->is_regular()) return false;
  return size_ + record_size > static_cast<uint64_t>(options_.rotation->max_megabytes) << 20;
}

// Each step may fail and be tried again by the next write: a file that could not be renamed is
// opened again where it ends, one that was renamed is followed by a new one.
Status FileWriter::rotate() {
  const Result<std::string> backup = unused_backup_path();
  if (!backup) return fail(backup.error());
  file_.reset();
  if (Status moved = files_.rename(options_.path, *backup); !moved) return moved;
  size_ = 0;
  ++rotation_count_;
  if (Status opened = open_locked(io::OpenMode::kAppend); !opened) return opened;
  remove_old_backups();
  return {};
}

// A name in the directory that no file has, so that two rotations in a millisecond lose nothing.
Result<std::string> FileWriter::unused_backup_path() {
  const Result<std::vector<std::string>> names = files_.list(parts_.directory);
  if (!names) return fail(names.error());
  WallTime when = now_();
  while (true) {
    const std::string name = backup_name(parts_, when, zone_of(options_));
    if (std::find(names->begin(), names->end(), name) == names->end()) {
      const bool named = options_.path.contains('/');
      return named ? (parts_.directory == "/" ? "" : parts_.directory) + "/" + name : name;
    }
    when += 1ms;
  }
}

void FileWriter::remove_old_backups() {
  cleanup_error_.clear();
  const Rotation& rotation = *options_.rotation;
  if (rotation.max_backups == 0 && rotation.max_days == 0) return;
  const Result<std::vector<std::string>> names = files_.list(parts_.directory);
  if (!names) {
    cleanup_error_ = names.error().message;
    return;
  }
  std::vector<std::pair<WallTime, std::string>> backups;
  for (const std::string& name : *names) {
    if (const auto when = backup_time(parts_, name, zone_of(options_))) {
      backups.emplace_back(*when, name);
    }
  }
  std::sort(backups.rbegin(), backups.rend());  // the newest first
  const WallTime oldest = now_() - rotation.max_days * 24h;
  for (size_t i = 0; i < backups.size(); ++i) {
    const bool too_many =
        rotation.max_backups > 0 && i >= static_cast<size_t>(rotation.max_backups);
    const bool too_old = rotation.max_days > 0 && backups[i].first < oldest;
    if (!too_many && !too_old) continue;
    const std::string path =
        options_.path.contains('/')
            ? (parts_.directory == "/" ? "" : parts_.directory) + "/" + backups[i].second
            : backups[i].second;
    if (const Status removed = files_.remove(path); !removed) {
      cleanup_error_ = removed.error().message;
    } else {
      ++removed_count_;
    }
  }
}

uint64_t FileWriter::size() const {
  const MutexLock lock(mutex_);
  return size_;
}
uint64_t FileWriter::rotation_count() const {
  const MutexLock lock(mutex_);
  return rotation_count_;
}
uint64_t FileWriter::removed_count() const {
  const MutexLock lock(mutex_);
  return removed_count_;
}
std::string FileWriter::cleanup_error() const {
  const MutexLock lock(mutex_);
  return cleanup_error_;
}

}  // namespace millrace::exporters
