#include "recent_file/file_writer.h"

#include <span>
#include <utility>

#include "base/bytes.h"

namespace millrace::recent_file {

FileWriter::FileWriter(KeptFiles& files, const recent::Store& store, FileHead head,
                       uint64_t file_bytes_max)
    : files_(files),
      store_(store),
      head_(encode_head(head)),
      pipeline_count_(head.pipelines.size()),
      file_bytes_max_(file_bytes_max),
      last_number_(store.numbers().newest),
      bytes_(files.bytes()) {
  buffer_.reserve(kBufferBytes);
}

Status FileWriter::write_new() {
  if (Status held = files_.hold(); !held) {
    leave_file();
    return held;
  }
  if (file_ != nullptr && !file_->check_in_place()) leave_file();
  // Requests that come meanwhile wait, so that a sync is never put off.
  const uint64_t newest = store_.numbers().newest;
  while (last_number_ < newest) {
    const auto found = store_.newer_than(last_number_, 1);
    if (found.empty()) break;
    const recent::Record& record = *found.front();
    if (Status written = write(record); !written) return written;
    lost_count_.fetch_add(record.number - last_number_ - 1, std::memory_order_relaxed);
    last_number_ = record.number;
  }
  if (Status flushed = flush(); !flushed) return flushed;
  return sync();
}

Status FileWriter::write(const recent::Record& record) {
  const uint64_t bytes = kRequestHeadBytes + record.bytes.size();
  if (head_.size() + bytes > file_bytes_max_ || record.pipeline >= pipeline_count_) {
    lost_count_.fetch_add(1, std::memory_order_relaxed);
    return {};
  }
  if (file_ != nullptr && end() + bytes > file_bytes_max_) {
    if (Status flushed = flush(); !flushed) return flushed;
    if (Status synced = sync(); !synced) return synced;
    leave_file();
  }
  if (file_ == nullptr) {
    if (Status begun = begin_file(); !begun) return begun;
  }
  if (buffer_.size() + bytes > kBufferBytes) {
    if (Status flushed = flush(); !flushed) return flushed;
  }
  const std::span<const uint8_t> body = record.bytes.view();
  const auto head = encode_request_head({.signal = record.signal,
                                         .pipeline = static_cast<uint16_t>(record.pipeline),
                                         .item_count = record.item_count,
                                         .received_at = record.received_at},
                                        body);
  if (bytes <= kBufferBytes) {
    buffer_.insert(buffer_.end(), head.begin(), head.end());
    buffer_.insert(buffer_.end(), body.begin(), body.end());
    ++buffered_count_;
    return {};
  }
  const std::span<const uint8_t> pieces[] = {head, body};
  if (Status written = file_->write_at(offset_, pieces); !written) return written;
  offset_ += bytes;
  ++unsynced_count_;
  return {};
}

Status FileWriter::begin_file() {
  if (Status made = files_.make_room(file_bytes_max_); !made) return made;
  auto begun = files_.begin_file();
  if (!begun) return fail(begun.error());
  const std::span<const uint8_t> pieces[] = {as_span(head_)};
  if (Status written = begun->file->write_at(0, pieces); !written) {
    static_cast<void>(files_.remove(begun->number));
    return written;
  }
  file_ = std::move(begun->file);
  file_number_ = begun->number;
  offset_ = head_.size();
  return {};
}

Status FileWriter::flush() {
  if (buffer_.empty()) return {};
  const std::span<const uint8_t> pieces[] = {buffer_};
  if (Status written = file_->write_at(offset_, pieces); !written) return written;
  offset_ += buffer_.size();
  unsynced_count_ += std::exchange(buffered_count_, 0);
  buffer_.clear();
  return {};
}

Status FileWriter::sync() {
  if (unsynced_count_ == 0) return {};
  if (Status synced = file_->sync_data(); !synced) {
    // A later success would not confirm what was written before.
    leave_file();
    return synced;
  }
  written_count_.fetch_add(std::exchange(unsynced_count_, 0), std::memory_order_relaxed);
  files_.set_bytes(file_number_, offset_);
  bytes_.store(files_.bytes(), std::memory_order_relaxed);
  return {};
}

void FileWriter::leave_file() {
  if (file_ == nullptr) return;
  lost_count_.fetch_add(std::exchange(unsynced_count_, 0) + std::exchange(buffered_count_, 0),
                        std::memory_order_relaxed);
  buffer_.clear();
  files_.set_bytes(file_number_, offset_);
  file_.reset();
}

void FileWriter::give_up() {
  lost_count_.fetch_add(store_.numbers().newest - last_number_, std::memory_order_relaxed);
  leave_file();
}

}  // namespace millrace::recent_file
