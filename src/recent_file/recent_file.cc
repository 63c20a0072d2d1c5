#include "recent_file/recent_file.h"

#include <ranges>
#include <utility>
#include <vector>

#include "recent_file/file_reader.h"

namespace millrace::recent_file {
namespace {

constexpr Duration kRound = 1s;
constexpr uint32_t kRoundsAfterFailure = 5;
// So that the oldest quarter goes when a new file begins.
constexpr uint64_t kFilesAtLeast = 4;

FileHead head_of(const recent::Store& store, uint64_t redaction_hash) {
  const recent::Run& run = store.runs().front();
  return {.started_at = run.started_at,
          .redaction_hash = redaction_hash,
          .instance_id = run.id,
          .pipelines = store.pipelines()};
}

}  // namespace

RecentFile::RecentFile(Options options, Parts parts)
    : options_(std::move(options)),
      parts_(parts),
      files_(*parts.disk, options_.directory, options_.bytes_max) {}

RecentFile::~RecentFile() { close(); }

Result<std::unique_ptr<RecentFile>> RecentFile::open(Options options, Parts parts) {
  FileHead head = head_of(*parts.store, options.redaction_hash);
  std::unique_ptr<RecentFile> made(new RecentFile(std::move(options), parts));
  if (Status opened = made->files_.open(); !opened) return fail(opened.error());
  if (Status read = made->read_files(); !read) return fail(read.error());
  // The cap may be smaller than that of the run before.
  if (Status room = made->files_.make_room(0); !room) return fail(room.error());
  made->writer_ = std::make_unique<FileWriter>(made->files_, *parts.store, std::move(head),
                                               made->options_.bytes_max / kFilesAtLeast);
  return made;
}

// Only the newest files that the store has room for. Of the others the heads are read where there
// are redaction rules: what was kept under other rules is removed.
Status RecentFile::read_files() {
  struct Wanted {
    KeptFiles::File file;
    bool has_room = false;
  };
  const uint64_t room = parts_.store->numbers().bytes_max;
  std::vector<Wanted> wanted;
  uint64_t bytes = 0;
  for (const KeptFiles::File& file : std::views::reverse(files_.files())) {
    const bool has_room = bytes < room;
    if (!has_room && options_.redaction_hash == 0) break;
    wanted.push_back({file, has_room});
    bytes += file.bytes;
  }
  for (const auto& [file, has_room] : std::views::reverse(wanted)) {
    if (Status read = read_file(file, has_room); !read) return read;
  }
  if (read_requests_ != 0) {
    parts_.log->info("the console has recent telemetry of earlier runs",
                     {{"directory", options_.directory},
                      {"requests", read_requests_},
                      {"runs", parts_.store->runs().size() - 1}});
  }
  return {};
}

Status RecentFile::read_file(const KeptFiles::File& kept, bool has_room) {
  const uint64_t number = kept.number;
  const std::string path = files_.path(number);
  auto file = parts_.disk->open(path, io::DiskOpen::kRead);
  if (!file) return fail(file.error());
  FileReader reader(**file, kept.bytes, *parts_.budget, parts_.store->numbers().bytes_max / 2);
  const auto head = reader.read_head();
  if (!head) return fail(head.error());
  switch (*head) {
    case FileReader::Head::kEmpty:
      return files_.remove(number);
    case FileReader::Head::kForeign:
      parts_.log->warn("a file is no recent telemetry of the console and is set aside",
                       {{"file", path}, {"renamed_to", path + ".aside"}});
      return files_.set_aside(number);
    case FileReader::Head::kOtherVersion:
      parts_.log->warn("recent telemetry of another version is not read, and removed in its turn",
                       {{"file", path}, {"version", reader.version()}, {"expected", kVersion}});
      return {};
    case FileReader::Head::kRead:
      break;
  }
  if (options_.redaction_hash != 0 && reader.head().redaction_hash != options_.redaction_hash) {
    parts_.log->warn("recent telemetry is removed: it was kept under other redaction rules",
                     {{"file", path}});
    return files_.remove(number);
  }
  return has_room ? read_requests(number, reader) : Status();
}

Status RecentFile::read_requests(uint64_t number, FileReader& reader) {
  recent::Store& store = *parts_.store;
  const size_t run =
      store.add_run({.id = reader.head().instance_id, .started_at = reader.head().started_at});
  std::vector<size_t> pipelines;
  for (const std::string& name : reader.head().pipelines) {
    pipelines.push_back(store.add_pipeline(name));
  }
  for (;;) {
    auto request = reader.next();
    if (!request) return fail(request.error());
    if (!*request) break;
    store.add({.signal = (*request)->head.signal,
               .item_count = (*request)->item_count,
               .pipeline = pipelines[(*request)->head.pipeline],
               .run = run,
               .received_at = (*request)->head.received_at,
               .bytes = Rope((*request)->bytes)});
    ++read_requests_;
  }
  if (reader.torn_bytes() != 0 || reader.passed_over_count() != 0) {
    parts_.log->warn("a part of the console's recent telemetry is left out",
                     {{"file", files_.path(number)},
                      {"torn_bytes_at_its_end", reader.torn_bytes()},
                      {"requests", reader.passed_over_count()}});
  }
  return {};
}

void RecentFile::follow(io::Loop& loop, std::unique_ptr<io::Executor> lane) {
  loop_ = &loop;
  lane_ = std::move(lane);
  timer_ = loop.make_timer([this] { begin_round(); });
  timer_->arm_at(loop.now() + kRound);
}

void RecentFile::begin_round() {
  // A round that a slow disk holds up is the only one: new requests wait in the store.
  if (!is_in_round_.exchange(true, std::memory_order_relaxed)) {
    lane_->submit([this] {
      run_round();
      is_in_round_.store(false, std::memory_order_relaxed);
    });
  }
  timer_->arm_at(loop_->now() + kRound);
}

void RecentFile::run_round() {
  if (rounds_to_wait_ != 0) {
    --rounds_to_wait_;
    return;
  }
  const Status written = writer_->write_new();
  if (!written) rounds_to_wait_ = kRoundsAfterFailure;
  note(written);
}

void RecentFile::note(const Status& status) {
  const MutexLock lock(mutex_);
  const bool was_well = trouble_.empty();
  trouble_ = status ? std::string() : status.error().message;
  if (was_well && !status) {
    parts_.log->warn("the console does not keep recent telemetry on disk, and tries again",
                     {{"directory", options_.directory}, {"error", trouble_}});
  } else if (!was_well && status) {
    parts_.log->info("the console keeps recent telemetry on disk again",
                     {{"directory", options_.directory}, {"lost_requests", writer_->lost_count()}});
  }
}

void RecentFile::close() {
  if (lane_ == nullptr) return;
  timer_.reset();
  lane_->submit([this] {
    note(writer_->write_new());
    writer_->give_up();
  });
  lane_.reset();
}

RecentFile::Numbers RecentFile::numbers() const {
  return {.bytes = writer_->bytes(),
          .bytes_max = options_.bytes_max,
          .read_requests = read_requests_,
          .written_requests = writer_->written_count(),
          .lost_requests = writer_->lost_count()};
}

std::string RecentFile::trouble() const {
  const MutexLock lock(mutex_);
  return trouble_;
}

}  // namespace millrace::recent_file
