#include "segment_log/quarantine.h"

#include <algorithm>

namespace millrace::segment_log {
namespace {

constexpr std::string_view kPrefix = "quarantine-";
constexpr uint64_t kQuarantineBytesMax = uint64_t{64} << 20;
constexpr size_t kCopyBytes = size_t{1} << 20;

std::string quarantine_name(const SegmentName& segment, uint64_t offset) {
  // Both numbers in the form that segments' names have them.
  const std::string digits = segment_file_name({segment.number, offset}).substr(0, 33);
  return std::string(kPrefix) + digits;
}

// Returns the bytes of all quarantined files.
Result<uint64_t> bytes_in_quarantine(const SegmentPlace& place) {
  const Result<std::vector<std::string>> names = place.disk.list(place.directory);
  if (!names) return fail(names.error());
  uint64_t sum = 0;
  for (const std::string& name : *names) {
    if (!name.starts_with(kPrefix)) continue;
    const auto file = place.disk.open(place.directory + "/" + name, io::DiskOpen::kRead);
    if (!file) continue;
    sum += (*file)->size().value_or(0);
  }
  return sum;
}

Status copy_stretch(io::DiskFile& from, io::DiskFile& to, const Damage& damage) {
  std::vector<uint8_t> bytes;
  for (uint64_t done = 0; done < damage.bytes; done += bytes.size()) {
    bytes.resize(std::min<uint64_t>(kCopyBytes, damage.bytes - done));
    const Result<size_t> count = from.read_at(damage.offset + done, bytes);
    if (!count) return fail(count.error());
    bytes.resize(*count);
    if (bytes.empty()) break;
    const std::span<const uint8_t> pieces[] = {bytes};
    if (Status written = to.write_at(done, pieces); !written) return written;
  }
  return {};
}

Status copy_aside(const SegmentPlace& place, io::DiskFile& file, const std::string& path,
                  const Damage& damage) {
  const Result<uint64_t> before = bytes_in_quarantine(place);
  if (!before) return fail(before.error());
  if (*before + damage.bytes > kQuarantineBytesMax) {
    return fail(Code::kResourceExhausted, "64 MiB are in quarantine already");
  }
  const auto copy = place.disk.open(path, io::DiskOpen::kCreate);
  if (!copy) {
    if (copy.error().code == Code::kAlreadyExists) return {};
    return fail(copy.error());
  }
  return copy_stretch(file, **copy, damage);
}

}  // namespace

void quarantine_stretch(const SegmentPlace& place, Logger* log, io::DiskFile& file,
                        const SegmentName& segment, const Damage& damage) {
  const std::string path = place.directory + "/" + quarantine_name(segment, damage.offset);
  const Status copied = copy_aside(place, file, path, damage);
  place.point("quarantine_written");
  if (log == nullptr) return;
  log->error("storage: a damaged part of a segment was set aside",
             {{"segment", place.path(segment)},
              {"offset", damage.offset},
              {"bytes", damage.bytes},
              {"copy", copied ? path : "none: " + copied.error().message}});
}

void quarantine_segment(const SegmentPlace& place, Logger* log, const SegmentName& segment,
                        std::string_view why) {
  const std::string path = place.path(segment);
  const std::string aside = path.substr(0, path.rfind('.')) + ".quarantine";
  const Status renamed = place.disk.rename(path, aside);
  if (log == nullptr) return;
  log->error("storage: a whole segment was set aside",
             {{"segment", path},
              {"why", why},
              {"now", renamed ? aside : "still there: " + renamed.error().message}});
}

}  // namespace millrace::segment_log
