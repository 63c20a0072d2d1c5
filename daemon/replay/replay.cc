#include "daemon/replay/replay.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "daemon/otlp_client/interrupt.h"
#include "daemon/otlp_client/shown_progress.h"
#include "daemon/replay/replay_run.h"
#include "exporters/file/file_writer.h"
#include "io/epoll/epoll.h"

namespace millrace::replay {
namespace {

int fail_to_begin(const std::string& why) {
  std::fprintf(stderr, "replay: %s\n", why.c_str());
  return 2;
}

class InputFile {
 public:
  static Result<std::unique_ptr<InputFile>> open(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return fail(Code::kNotFound, path + ": " + std::strerror(errno));
    auto file = std::unique_ptr<InputFile>(new InputFile(path, descriptor));
    if (::fstat(descriptor, &file->status_) != 0) {
      return fail(Code::kUnavailable, path + ": " + std::strerror(errno));
    }
    if (S_ISDIR(file->status_.st_mode)) {
      return fail(Code::kInvalidArgument, path + ": is a directory; name the files in it");
    }
    return file;
  }
  ~InputFile() { ::close(descriptor_); }
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  const std::string& path() const { return path_; }
  bool is_same_as(const struct stat& other) const {
    return status_.st_dev == other.st_dev && status_.st_ino == other.st_ino;
  }
  uint64_t read_bytes() const { return read_bytes_; }
  // 0: a pipe or another file without a size.
  uint64_t size() const { return static_cast<uint64_t>(status_.st_size); }
  Result<size_t> read(std::span<uint8_t> into) {
    while (true) {
      const ssize_t count = ::read(descriptor_, into.data(), into.size());
      if (count >= 0) {
        read_bytes_ += static_cast<uint64_t>(count);
        return static_cast<size_t>(count);
      }
      if (errno != EINTR) {
        return fail(Code::kUnavailable, std::string("reading: ") + std::strerror(errno));
      }
    }
  }

 private:
  InputFile(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}
  const std::string path_;
  const int descriptor_;
  struct stat status_{};
  uint64_t read_bytes_ = 0;
};
using InputFiles = std::vector<std::unique_ptr<InputFile>>;

// Opens all files before anything is sent, so that a wrong name has no effect.
Result<InputFiles> open_files(const std::vector<std::string>& paths) {
  InputFiles files;
  for (const std::string& path : paths) {
    auto file = InputFile::open(path);
    if (!file) return fail(file.error());
    files.push_back(*std::move(file));
  }
  return files;
}

// The requests of all files, one after the other.
class Requests {
 public:
  Requests(const ReplayOptions& options, const InputFiles& files, ReplayResult& result)
      : options_(options), files_(files), result_(result), decoder_(options.signal) {}

  std::optional<FoundRequest> next() {
    while (true) {
      if (reader_ == nullptr) {
        if (file_ == files_.size()) return std::nullopt;
        InputFile& file = *files_[file_];
        reader_ = std::make_unique<FrameReader>(
            file.path(), [&file](std::span<uint8_t> into) { return file.read(into); });
      }
      Frame frame;
      Unreadable unreadable;
      switch (reader_->next(&frame, &unreadable)) {
        case FrameReader::Step::kFrame:
          if (auto request = wanted(frame)) return request;
          break;
        case FrameReader::Step::kUnreadable:
          result_.note_unreadable(std::move(unreadable));
          break;
        case FrameReader::Step::kEnd:
          if (reader_->was_empty()) {
            std::fprintf(stderr, "replay: %s: is empty, nothing to send\n",
                         files_[file_]->path().c_str());
          }
          reader_.reset();
          ++file_;
          break;
      }
    }
  }

 private:
  std::optional<FoundRequest> wanted(const Frame& frame) {
    auto request = decoder_.decode(frame);
    if (!request) {
      result_.note_unreadable({frame.where, request.error().message});
      return std::nullopt;
    }
    if (!options_.destination.empty() &&
        (!request->letter || request->letter->destination != options_.destination)) {
      result_.skipped.add(request->item_count);
      return std::nullopt;
    }
    // Profiles without a sample may contain a dictionary.
    if (request->item_count == 0 && request->signal != Signal::kProfiles) {
      result_.empty.add(0);
      return std::nullopt;
    }
    return *std::move(request);
  }

  const ReplayOptions& options_;
  const InputFiles& files_;
  ReplayResult& result_;
  RequestDecoder decoder_;
  size_t file_ = 0;
  std::unique_ptr<FrameReader> reader_;
};

// The file of --rejected; without the option it writes nothing.
class RejectedFile {
 public:
  RejectedFile(io::FileSystem& files, ReplayResult& result) : files_(files), result_(result) {}

  Status open(const std::string& path, const InputFiles& inputs) {
    if (path.empty()) return {};
    exporters::FileOptions options;
    options.path = path;
    options.append = true;
    writer_ = std::make_unique<exporters::FileWriter>(
        options, files_, [] { return WallTime(std::chrono::system_clock::now()); });
    if (Status opened = writer_->open(); !opened) return opened;
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) return {};
    for (const auto& input : inputs) {
      if (input->is_same_as(status)) {
        return fail(Code::kInvalidArgument, "--rejected names " + input->path() +
                                                ", which is being replayed: name another file");
      }
    }
    // The process that wrote the file before may have ended within a line.
    if (writer_->size() != 0) return writer_->write_record(as_span("\n"));
    return {};
  }

  void write(const FoundRequest& request, const Error& answer, std::string_view reason) {
    if (writer_ == nullptr) return;
    dead_letter::Record record;
    if (request.letter) record = *request.letter;
    record.time = std::chrono::system_clock::now();
    record.signal = request.signal;
    record.reason = reason;
    record.answer = answer;
    record.item_count = request.item_count;
    record.request = Rope(request.bytes);
    std::string line;
    dead_letter::append_line(record, &line);
    if (Status written = writer_->write_record(as_span(line)); !written) {
      ++result_.unwritten_rejected;
      if (result_.unwritten_rejected == 1) {
        std::fprintf(stderr, "replay: --rejected: %s\n", written.error().message.c_str());
      }
    }
  }

 private:
  io::FileSystem& files_;
  ReplayResult& result_;
  std::unique_ptr<exporters::FileWriter> writer_;
};

std::string kind_of(const FoundRequest& request) {
  std::string kind(signal_name(request.signal));
  if (!request.letter) return kind;
  const dead_letter::Record& letter = *request.letter;
  return kind + ", dead letters of " + letter.destination + ": " + letter.reason + ", " +
         std::string(code_name(letter.answer.code));
}

void count_only(Requests& requests, ReplayResult& result) {
  while (auto request = requests.next()) {
    result.not_sent.add(request->item_count);
    result.kinds[kind_of(*request)].add(request->item_count);
  }
}

// Counts the requests that a stopped replay has not sent, and writes them to --rejected.
void reject_unsent(Requests& requests, RejectedFile& rejected, ReplayResult& result) {
  if (result.stopped_because.empty()) return;
  const Error answer{Code::kUnavailable, "the replay stopped before: " + result.stopped_because};
  while (auto request = requests.next()) {
    result.not_sent.add(request->item_count);
    rejected.write(*request, answer, "not_sent");
  }
}

// The part is that of the bytes, because the number of requests is not known before.
terminal_text::Progress progress_of(const ReplayResult& result, const InputFiles& files,
                                    Duration elapsed) {
  uint64_t read = 0;
  uint64_t size = 0;
  for (const auto& file : files) {
    read += file->read_bytes();
    size += file->size();
  }
  const Count done = result.read();
  terminal_text::Progress progress{.noun = "requests", .done = done.requests, .elapsed = elapsed};
  if (size > 0) progress.part = static_cast<double>(read) / static_cast<double>(size);
  return progress;
}

Status send_all(const ReplayOptions& options, const InputFiles& files, Requests& requests,
                RejectedFile& rejected, ReplayResult& result) {
  auto client = load::client_options(options, "millrace-replay", options.streams);
  if (!client) return fail(client.error());
  auto loop = io::make_epoll_loop();
  if (!loop) return fail(loop.error());
  ReplayRun run(
      {.loop = **loop,
       .client = load::make_client(**loop, options.protocol, *client),
       .next = [&] { return requests.next(); },
       .rejected = [&](const FoundRequest& request, const Error& answer,
                       std::string_view reason) { rejected.write(request, answer, reason); },
       .finished = [&] { (*loop)->stop(); }},
      options, result);
  const load::InterruptWatch interrupt(**loop, [&] { run.stop("interrupted"); });
  const MonotonicTime started_at = (*loop)->now();
  const load::ShownProgress progress(
      **loop, [&] { return progress_of(result, files, (*loop)->now() - started_at); });
  (*loop)->post([&] { run.start(); });
  (*loop)->run();
  return {};
}

}  // namespace

int run_replay(const ReplayOptions& options) {
  if (const std::string fault = check_replay_options(options); !fault.empty()) {
    return fail_to_begin(fault);
  }
  auto files = open_files(options.files);
  if (!files) return fail_to_begin(files.error().message);
  ReplayResult result;
  const auto file_system = io::make_file_system();
  RejectedFile rejected(*file_system, result);
  if (Status opened = rejected.open(options.rejected_file, *files); !opened) {
    return fail_to_begin(opened.error().message);
  }
  Requests requests(options, *files, result);
  if (options.is_dry_run) {
    count_only(requests, result);
  } else {
    if (Status sent = send_all(options, *files, requests, rejected, result); !sent) {
      return fail_to_begin(sent.error().message);
    }
    reject_unsent(requests, rejected, result);
  }
  const std::string summary = options.summary == load::SummaryFormat::kJson
                                  ? to_json(result, options.is_dry_run)
                                  : to_text(result, options.is_dry_run);
  std::fputs(summary.c_str(), stdout);
  std::fflush(stdout);
  if (options.is_dry_run) return result.unreadable_count == 0 ? 0 : 1;
  return result.is_complete() ? 0 : 1;
}

}  // namespace millrace::replay
