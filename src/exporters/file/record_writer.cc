#include "exporters/file/record_writer.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "base/allocation_name.h"
#include "base/check.h"
#include "json_request/json_request.h"

namespace millrace::exporters {

using pipeline::Batch;
using pipeline::Outcome;

namespace {

// Bytes that the encoder hands over at once at the most, beside single short values.
constexpr size_t kStretchBytes = size_t{64} << 10;
// A record of a file that cannot be cut back goes to the system in one call.
constexpr std::string_view kDoing = "writing a record";

// 4 bytes, big-endian.
Bytes length_prefix(size_t size) {
  std::array<uint8_t, 4> prefix;
  for (size_t i = 0; i < prefix.size(); ++i) {
    prefix[i] = static_cast<uint8_t>(size >> (24 - 8 * i) & 0xFF);
  }
  return Bytes::copy_of(std::span<const uint8_t>(prefix));
}

}  // namespace

RecordWriter::RecordWriter(const FileOptions& options, FileWriter& writer, Budget& budget)
    : format_(options.format),
      zstd_(options.zstd),
      writer_(writer),
      budget_(budget),
      compressor_(compress::Coding::kZstd, options.compression_level) {}

bool RecordWriter::try_begin() {
  MILLRACE_CHECK(state_ != State::kWriting);
  if (!writer_.try_begin(this)) return false;
  state_ = State::kWriting;
  return true;
}

void RecordWriter::cancel() {
  if (std::exchange(state_, State::kCancelled) == State::kWriting) {
    writer_.abandon(this);
  } else {
    writer_.leave(this);
  }
}

Outcome RecordWriter::write(const Batch& batch, Work work) {
  if (!piece_memory_) {
    const AllocationName name("term work");
    piece_memory_ =
        Reservation::make_beyond(budget_, MemoryTerm::kWork, kPieceBytes + kStretchBytes);
    piece_.reserve(kPieceBytes + kStretchBytes);
  }
  work_ = &work;
  Status written;
  do {
    piece_.clear();
    failure_ = {};
    must_start_over_ = false;
    written = write_once(batch);
  } while (must_start_over_ && state_ == State::kWriting);
  compressed_memory_ = Reservation();
  work_ = nullptr;
  if (state_ == State::kCancelled) return {.kind = Outcome::Kind::kCancelled};
  state_ = State::kIdle;
  if (written) {
    writer_.finish(this);
    return {};
  }
  writer_.abandon(this);
  const bool may_work_later = written.error().code == Code::kUnavailable;
  return {.kind = may_work_later ? Outcome::Kind::kRetry : Outcome::Kind::kRefused,
          .error = std::move(written.error())};
}

Status RecordWriter::write_once(const Batch& batch) {
  const Result<bool> can_be_cut_back = writer_.can_be_cut_back();
  if (!can_be_cut_back) return fail(can_be_cut_back.error());
  const bool is_framed = format_ == FileFormat::kProto || zstd_;
  if (!is_framed && *can_be_cut_back) return stream_json(batch);
  Rope content = batch.bytes;
  if (format_ == FileFormat::kJson) {
    Result<Rope> text = encode_as_json(batch.signal, batch.bytes, *work_, kDoing);
    if (!text) return fail(std::move(text.error()));
    content = *std::move(text);
  }
  if (zstd_) {
    Result<Rope> packed = compressed(content);
    if (!packed) return fail(std::move(packed.error()));
    content = *std::move(packed);
  }
  if (content.size() > std::numeric_limits<int32_t>::max()) {
    return fail(Code::kResourceExhausted, "a record of 2 GiB or more");
  }
  Rope record;
  if (is_framed) record.append(length_prefix(content.size()));
  for (const Bytes& piece : content.pieces()) record.append(piece);
  if (!is_framed) record.append(Bytes::copy_of(std::string_view("\n")));
  return *can_be_cut_back ? put_pieces(record) : put_whole(record);
}

Status RecordWriter::stream_json(const Batch& batch) {
  otlp::RopeWriter memory(*work_, 0, kDoing);  // gives only what copies take
  memory.let_pass_the_limit();
  Status joining;
  const auto join = [&](const Rope& message) -> std::optional<Bytes> {
    std::optional<Bytes> bytes = memory.join(message);
    if (!bytes) joining = fail(no_memory(kDoing, message.size(), budget_));
    return bytes;
  };
  const bool is_whole =
      otlp::json::encode_request(batch.signal, batch.bytes, join, *this, work_->pace) &&
      put(as_span("\n")) && flush();
  if (!joining) return joining;
  if (!failure_ || is_whole) return failure_;
  return fail(Code::kInvalidArgument, "the batch cannot be written as JSON");
}

// The output is as long as the input at the most, and is copied once.
Result<Rope> RecordWriter::compressed(const Rope& plain) {
  const size_t need = 2 * plain.size();
  compressed_memory_ = Reservation::try_make_to_drain(budget_, MemoryTerm::kEncoded, need);
  if (!compressed_memory_) return fail(no_memory(kDoing, need, budget_));
  Result<Bytes> bytes = compressor_.compress(plain, work_->pace);
  if (!bytes) return fail(std::move(bytes.error()));
  compressed_memory_.shrink(bytes->size());
  return Rope(*std::move(bytes));
}

Status RecordWriter::put_whole(const Rope& record) {
  otlp::RopeWriter memory(*work_, 0, kDoing);
  memory.let_pass_the_limit();
  const std::optional<Bytes> bytes = memory.join(record);
  if (!bytes) return fail(no_memory(kDoing, record.size(), budget_));
  append(bytes->view());
  return failure_;
}

Status RecordWriter::put_pieces(const Rope& record) {
  for (const Bytes& piece : record.pieces()) {
    if (!put(piece.view())) return failure_;
  }
  flush();
  return failure_;
}

// Small stretches are gathered, large ones go as they are.
bool RecordWriter::put(std::span<const uint8_t> bytes) {
  if (bytes.size() > kStretchBytes) {
    if (!flush()) return false;
    while (!bytes.empty()) {
      const size_t part = std::min(bytes.size(), kPieceBytes);
      if (!append(bytes.first(part))) return false;
      bytes = bytes.subspan(part);
    }
    return true;
  }
  piece_ += as_text(bytes);
  return piece_.size() < kPieceBytes || flush();
}

bool RecordWriter::flush() {
  if (piece_.empty()) return true;
  const bool goes_on = append(as_span(std::string_view(piece_)));
  piece_.clear();
  return goes_on;
}

// False: write_once() ends; the failure, or what else has happened, is noted.
bool RecordWriter::append(std::span<const uint8_t> bytes) {
  work_->pace.step(bytes.size());
  if (state_ == State::kCancelled) {
    failure_ = fail(Code::kCancelled, "closed");
    return false;
  }
  const Result<FileWriter::Progress> progress = writer_.append(this, bytes);
  if (!progress) {
    failure_ = fail(progress.error());
  } else if (*progress == FileWriter::Progress::kStartOver) {
    must_start_over_ = true;
    failure_ = fail(Code::kUnavailable, "the file was rotated");
  }
  return failure_.has_value();
}

}  // namespace millrace::exporters
