// One batch as one record of the file, made and written piece by piece: what is held at a time is a
// piece, or what compression needs whole, and all of it is reserved in the memory budget.
//
// One thread, the exporter's loop; one record at a time. Between try_begin() and the end of write()
// other exporters of the same file wait.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "compress/compressor.h"
#include "exporters/file/file_writer.h"
#include "exporters/file/options.h"
#include "memory/budget.h"
#include "memory/work.h"
#include "otlp/json/encode.h"
#include "otlp/rope_writer.h"
#include "pipeline/exporter.h"

namespace millrace::exporters {

class RecordWriter final : private otlp::json::TextSink {
 public:
  // A piece that is written at once. Reserved from the first record on.
  static constexpr size_t kPieceBytes = size_t{128} << 10;

  RecordWriter(const FileOptions& options, FileWriter& writer, Budget& budget);
  ~RecordWriter() { cancel(); }
  RecordWriter(const RecordWriter&) = delete;
  RecordWriter& operator=(const RecordWriter&) = delete;

  // False: the file is in use; the caller tries again later, or calls cancel().
  [[nodiscard]] bool try_begin();
  // Writes the record and lets go of the file. The pace of `work` may suspend the caller; after
  // cancel() in between nothing more is written. Precondition: try_begin() has returned true.
  //   kDelivered  the system has the record
  //   kRetry      there is no memory now, or the system refused; nothing of it will be read
  //   kRefused    it cannot be written as JSON, or takes more memory than there will ever be
  //   kCancelled  cancel() was called
  pipeline::Outcome write(const pipeline::Batch& batch, Work work);
  // Lets go of the file; the record that is under way will never be read.
  void cancel();

 private:
  enum class State : uint8_t { kIdle, kWriting, kCancelled };

  Status write_once(const pipeline::Batch& batch);
  Status stream_json(const pipeline::Batch& batch);
  Result<Rope> compressed(const Rope& plain);
  Status put_whole(const Rope& record);
  Status put_pieces(const Rope& record);
  bool take(std::string_view text) override { return put(as_span(text)); }
  bool put(std::span<const uint8_t> bytes);
  bool flush();
  bool append(std::span<const uint8_t> bytes);

  const FileFormat format_;
  const bool zstd_;
  FileWriter& writer_;
  Budget& budget_;
  compress::Compressor compressor_;
  State state_ = State::kIdle;

  std::string piece_;  // made and not yet written
  Reservation piece_memory_;

  // Of the record that is being written.
  Work* work_ = nullptr;
  Reservation compressed_memory_;
  Status failure_;
  bool must_start_over_ = false;
};

}  // namespace millrace::exporters
