#include "extensions/file_storage/options.h"

#include <charconv>
#include <string>

namespace millrace::extensions {
namespace {

constexpr int64_t kSegmentBytesMin = 1 << 20;
constexpr int64_t kSegmentBytesMax = int64_t{1} << 30;

// Reads permissions as otelcol writes them: "0750".
void read_permissions(config::Section& section, segment_log::Options& into) {
  std::string text;
  if (!section.text("directory_permissions", &text)) return;
  uint32_t mode = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  if (error != std::errc() || end != text.data() + text.size() || mode > 0777) {
    section.error_at("directory_permissions",
                     "expected an octal number like \"0750\", found \"" + text + "\"");
    return;
  }
  into.directory_mode = mode;
}

}  // namespace

void read_file_storage(config::Section& section, FileStorageOptions& into) {
  segment_log::Options& log = into.log;
  section.text("directory", &log.directory);
  if (log.directory.empty()) section.error_at("directory", "must not be empty");
  section.boolean("create_directory", &into.creates_directory);
  read_permissions(section, log);
  section.boolean("fsync", &log.fsync);
  if (section.has("fsync") && !log.fsync) {
    section.warning_at(
        "fsync",
        "false: records that are acknowledged as durable survive the end of the process, "
        "but not a power failure");
  }
  int64_t max_size = 0;
  section.integer("max_size", &max_size, {0, INT64_MAX});
  log.bytes_max = static_cast<uint64_t>(max_size);
  auto segment_size = static_cast<int64_t>(log.segment_bytes);
  section.integer("segment_size", &segment_size, {kSegmentBytesMin, kSegmentBytesMax});
  if (max_size != 0 && max_size < 2 * segment_size) {
    if (section.has("segment_size")) {
      section.error_at("max_size", "must hold two segments of segment_size (" +
                                       std::to_string(segment_size) + ")");
    } else if (max_size < 2 * kSegmentBytesMin) {
      section.error_at("max_size",
                       "must be at least " + std::to_string(2 * kSegmentBytesMin) + " bytes");
    } else {
      segment_size = std::max(kSegmentBytesMin, max_size / 8);
    }
  }
  log.segment_bytes = static_cast<uint64_t>(segment_size);
  section.duration("max_age", &log.age_max);
  section.choice("on_full", &log.on_full,
                 {{"reject", static_cast<int>(segment_log::OnFull::kRefuse)},
                  {"drop_oldest", static_cast<int>(segment_log::OnFull::kDropOldest)}});
  section.ignored("timeout", "a second process is refused at once and never waits for a file lock");
  section.ignored("recreate", "only the damaged record is set aside; all others are kept");
  section.ignored("compaction", "space is freed by whole segments; nothing is compacted");
}

}  // namespace millrace::extensions
