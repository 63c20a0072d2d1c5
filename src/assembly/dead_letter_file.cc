#include "assembly/dead_letter_file.h"

#include <utility>

#include "base/allocation_name.h"
#include "dead_letter/record.h"

namespace millrace::assembly {
namespace {

dead_letter::Record record_of(const pipeline::DeadLetter& letter, WallTime now) {
  dead_letter::Record record{.time = now,
                             .signal = letter.signal,
                             .pipelines = {letter.pipelines.begin(), letter.pipelines.end()},
                             .destination = std::string(letter.destination),
                             .reason = std::string(ledger::drop_reason_name(letter.reason)),
                             .answer = letter.answer,
                             .item_count = letter.item_count,
                             .metadata = {},
                             .request = letter.bytes};
  if (letter.metadata != nullptr) record.metadata = letter.metadata->entries;
  return record;
}

}  // namespace

Result<std::shared_ptr<exporters::FileWriter>> open_dead_letter_file(
    const config::DeadLetterConfig& config, io::FileSystem& files, std::function<WallTime()> now) {
  exporters::FileOptions options;
  options.path = config.path;
  options.create_directory = config.create_directory;
  options.directory_permissions = 0750;  // it will hold what back ends refused, secrets among it
  options.rotation = exporters::Rotation{.max_megabytes = config.max_megabytes,
                                         .max_days = config.max_days,
                                         .max_backups = config.max_backups,
                                         .local_time = config.local_time};
  auto writer = std::make_shared<exporters::FileWriter>(options, files, std::move(now));
  if (Status opened = writer->open(); !opened) return fail(std::move(opened.error()));
  // A process before this one may have ended within a record: what is written now must not become
  // a part of that line. Readers skip empty ones.
  if (writer->size() != 0) {
    if (Status written = writer->write_record(as_span("\n")); !written) {
      return fail(std::move(written.error()));
    }
  }
  return writer;
}

DeadLetterFile::DeadLetterFile(Parts parts)
    : parts_(std::move(parts)),
      kept_items_(parts_.metrics->counter("millrace_dead_letter_items",
                                          "Items written to the component's dead-letter file.",
                                          {{parts_.kind, parts_.owner}})),
      failed_items_(parts_.metrics->counter(
          "millrace_dead_letter_failed_items",
          "Items that should have been written to the component's dead-letter file and were not.",
          {{parts_.kind, parts_.owner}})),
      removed_files_(parts_.metrics->counter(
          "millrace_dead_letter_removed_files",
          "Dead-letter files removed because there were too many, or they were too old.",
          {{parts_.kind, parts_.owner}})) {}

bool DeadLetterFile::wants(ledger::DropReason reason) const {
  using ledger::DropReason;
  switch (reason) {
    case DropReason::kRefused:
    case DropReason::kBadData:
    case DropReason::kTooLarge:
      return true;
    case DropReason::kRetryExpired:
    case DropReason::kNotRetried:
      return parts_.includes_expired;
    default:
      return false;
  }
}

bool DeadLetterFile::keep(const pipeline::DeadLetter& letter) {
  if (!wants(letter.reason)) return false;
  // The line, and the request in one piece. Counted beyond the limit: data that is being dropped is
  // not refused memory, and one record at a time is written for each worker.
  const AllocationName name("term encoded");
  Reservation counted;
  if (parts_.budget != nullptr) {
    const size_t bytes = letter.bytes.size() / 3 * 7 + letter.answer.message.size() + 1024;
    counted = Reservation::make_beyond(*parts_.budget, MemoryTerm::kEncoded, bytes);
  }
  std::string line;
  dead_letter::append_line(record_of(letter, parts_.wall_clock()), &line);
  if (const Status written = parts_.writer->write_record(as_span(line)); !written) {
    failed_items_.add(letter.item_count);
    if (parts_.log != nullptr) {
      parts_.log->error("A dead letter could not be written. Its data is lost.",
                        {{parts_.kind, parts_.owner},
                         {"error", written.error().message},
                         {"lost_items", letter.item_count}});
    }
    return false;
  }
  kept_items_.add(letter.item_count);
  report_removed_files();
  return true;
}

void DeadLetterFile::report_removed_files() {
  const uint64_t removed = parts_.writer->removed_count();
  uint64_t reported = reported_removals_.load(std::memory_order_relaxed);
  while (reported < removed) {
    if (!reported_removals_.compare_exchange_weak(reported, removed, std::memory_order_relaxed)) {
      continue;
    }
    removed_files_.add(removed - reported);
    if (parts_.log != nullptr) {
      parts_.log->warn("Old dead letters were removed, as the rotation's limits say.",
                       {{parts_.kind, parts_.owner},
                        {"path", parts_.writer->path()},
                        {"removed_files", removed - reported}});
    }
    return;
  }
}

}  // namespace millrace::assembly
