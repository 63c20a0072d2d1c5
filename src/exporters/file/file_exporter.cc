#include "exporters/file/file_exporter.h"

#include <limits>
#include <utility>

#include "compress/compressor.h"
#include "otlp/json/encode.h"
#include "pipeline/answers.h"

namespace millrace::exporters {
namespace {

using pipeline::Batch;
using pipeline::Outcome;

// The text of one batch is kept between calls up to this size.
constexpr size_t kKeptRecordBytes = 4 << 20;

class FileExporter final : public pipeline::Exporter {
 public:
  FileExporter(const FileOptions& options, std::shared_ptr<FileWriter> writer, io::Loop& loop)
      : format_(options.format),
        zstd_(options.zstd),
        writer_(std::move(writer)),
        compressor_(compress::Coding::kZstd, options.compression_level),
        answers_(loop) {}

  void send_batch(Batch batch, MonotonicTime, Done done) override {
    answers_.add(std::move(done),
                 closed_ ? Outcome{.kind = Outcome::Kind::kCancelled} : write(batch));
  }
  void close() override {
    closed_ = true;
    answers_.flush();
  }
  std::string describe() const override {
    return last_error_.empty() ? "writing to " + writer_->path() : last_error_;
  }

 private:
  Outcome write(const Batch& batch) {
    record_.clear();
    Outcome outcome;
    if (Status made = make_record(batch); !made) {
      outcome = {.kind = Outcome::Kind::kRefused, .error = std::move(made.error())};
    } else if (Status written = writer_->write_record(as_span(record_)); !written) {
      outcome = {.kind = Outcome::Kind::kRetry, .error = std::move(written.error())};
    }
    last_error_ = outcome.error.message;
    if (record_.capacity() > kKeptRecordBytes) record_ = {};
    return outcome;
  }

  // The whole record, so that it goes to the system in one piece.
  Status make_record(const Batch& batch) {
    const Bytes message = batch.bytes.to_bytes();
    if (format_ == FileFormat::kProto) return append_framed(message);
    const auto encoded = otlp::json::encode_request(batch.signal, message.view(), &record_);
    if (!encoded) return fail(encoded.error());
    if (!zstd_) {
      record_ += '\n';
      return {};
    }
    const Bytes text = Bytes::copy_of(std::string_view(record_));
    record_.clear();
    return append_framed(text);
  }

  Status append_framed(const Bytes& plain) {
    Bytes content = plain;
    if (zstd_) {
      Result<Bytes> compressed = compressor_.compress(Rope(plain));
      if (!compressed) return fail(std::move(compressed.error()));
      content = std::move(*compressed);
    }
    if (content.size() > std::numeric_limits<int32_t>::max()) {
      return fail(Code::kResourceExhausted, "a record of 2 GiB or more");
    }
    for (const int shift : {24, 16, 8, 0}) {
      record_ += static_cast<char>(content.size() >> shift & 0xFF);
    }
    record_ += content.text();
    return {};
  }

  const FileFormat format_;
  const bool zstd_;
  const std::shared_ptr<FileWriter> writer_;  // the workers' exporters write to one file
  compress::Compressor compressor_;
  std::string record_;
  std::string last_error_;
  pipeline::Answers answers_;
  bool closed_ = false;
};

}  // namespace

Result<std::shared_ptr<FileWriter>> make_file_writer(const FileOptions& options,
                                                     io::FileSystem& files,
                                                     std::function<WallTime()> now) {
  auto writer = std::make_shared<FileWriter>(options, files, std::move(now));
  if (Status opened = writer->open(); !opened) return fail(std::move(opened.error()));
  return writer;
}

std::unique_ptr<pipeline::Exporter> make_file_exporter(const FileOptions& options,
                                                       std::shared_ptr<FileWriter> writer,
                                                       io::Loop& loop) {
  return std::make_unique<FileExporter>(options, std::move(writer), loop);
}

}  // namespace millrace::exporters
