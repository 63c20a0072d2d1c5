#include "exporters/file/file_exporter.h"

#include <deque>
#include <utility>

#include "exporters/file/record_writer.h"
#include "pipeline/answers.h"

namespace millrace::exporters {
namespace {

using pipeline::Batch;
using pipeline::Outcome;

// Between two looks whether the file is free again: another worker writes a long record.
constexpr Duration kBusyInterval = 5ms;

class FileExporter final : public pipeline::Exporter {
 public:
  FileExporter(const FileOptions& options, std::shared_ptr<FileWriter> writer, io::Loop& loop,
               Budget& budget, io::LongWork& long_work)
      : loop_(loop),
        long_work_(long_work),
        writer_(std::move(writer)),
        record_(options, *writer_, budget),
        answers_(loop),
        timer_(loop.make_timer([this] { write_waiting(); })) {}
  ~FileExporter() override { close(); }

  void send_batch(Batch batch, MonotonicTime deadline, Done done) override {
    if (closed_) return answers_.add(std::move(done), {.kind = Outcome::Kind::kCancelled});
    waiting_.push_back({std::move(batch), deadline, std::move(done)});
    write_waiting();
  }

  void close() override {
    if (std::exchange(closed_, true)) return answers_.flush();
    timer_->disarm();
    record_.cancel();
    if (Done done = std::exchange(writing_, nullptr)) {
      answers_.add(std::move(done), {.kind = Outcome::Kind::kCancelled});
    }
    for (Job& job : std::exchange(waiting_, {})) {
      answers_.add(std::move(job.done), {.kind = Outcome::Kind::kCancelled});
    }
    answers_.flush();
  }

  std::string describe() const override {
    return last_error_.empty() ? "writing to " + writer_->path() : last_error_;
  }

 private:
  struct Job {
    Batch batch;
    MonotonicTime deadline;
    Done done;
  };

  // One after another, in the order of their coming.
  void write_waiting() {
    while (!writing_ && !waiting_.empty()) {
      if (waiting_.front().deadline <= loop_.now()) {
        answers_.add(std::move(waiting_.front().done),
                     {.kind = Outcome::Kind::kRetry,
                      .error = {Code::kDeadlineExceeded, "timeout while waiting for the file"}});
        waiting_.pop_front();
        continue;
      }
      if (!record_.try_begin()) return timer_->arm_at(loop_.now() + kBusyInterval);
      writing_ = std::move(waiting_.front().done);
      Batch batch = std::move(waiting_.front().batch);
      waiting_.pop_front();
      const size_t size = batch.bytes.size();
      long_work_.run(size, [this, batch = std::move(batch)] {
        Outcome outcome = record_.write(batch, long_work_.work());
        if (!closed_) end(std::move(outcome));
      });
    }
  }

  void end(Outcome outcome) {
    last_error_ = outcome.error.message;
    answers_.add(std::exchange(writing_, nullptr), std::move(outcome));
    if (!waiting_.empty()) timer_->arm_at(loop_.now());
  }

  io::Loop& loop_;
  io::LongWork& long_work_;
  const std::shared_ptr<FileWriter> writer_;  // the workers' exporters write to one file
  RecordWriter record_;
  std::deque<Job> waiting_;
  Done writing_;  // of the batch that is being written
  std::string last_error_;
  pipeline::Answers answers_;
  bool closed_ = false;
  std::unique_ptr<io::Timer> timer_;
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
                                                       io::Loop& loop, Budget& budget,
                                                       io::LongWork& long_work) {
  return std::make_unique<FileExporter>(options, std::move(writer), loop, budget, long_work);
}

}  // namespace millrace::exporters
