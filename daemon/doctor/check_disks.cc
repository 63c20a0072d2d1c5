#include "daemon/doctor/check_disks.h"

#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <future>
#include <memory>
#include <thread>

#include "io/disk.h"

namespace millrace::doctor {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr size_t kSyncsMax = 20;
constexpr size_t kSyncedBytes = 4096;
constexpr Duration kSyncsTime = 2s;
// A durable answer waits for one sync; the p99 that is promised is 20 ms.
constexpr Duration kSlowSync = 20ms;
constexpr uint64_t kLittleSpace = 1ULL << 30;
constexpr uint64_t kVeryLittleSpace = 64ULL << 20;  // one segment
constexpr long kTmpfs = 0x01021994;
constexpr long kRamfs = 0x858458f6;

fs::path nearest_directory(const std::string& directory) {
  std::error_code error;
  fs::path path = fs::absolute(directory, error);
  while (!fs::is_directory(path, error) && path.has_relative_path()) path = path.parent_path();
  return path;
}

// The times of as many syncs as fit.
Result<std::vector<Duration>> time_syncs(const std::string& directory) {
  const std::unique_ptr<io::Disk> disk = io::make_disk();
  const std::string path = directory + "/millrace-doctor-" + std::to_string(getpid());
  auto file = disk->open(path, io::DiskOpen::kCreate);
  if (!file) return fail(file.error());
  std::array<uint8_t, kSyncedBytes> block{};
  const std::array<std::span<const uint8_t>, 1> pieces = {block};
  std::vector<Duration> times;
  Status status;
  const auto begun = Clock::now();
  while (status && times.size() < kSyncsMax && Clock::now() - begun < kSyncsTime) {
    const auto before = Clock::now();
    status = (*file)->write_at(times.size() * kSyncedBytes, pieces);
    if (status) status = (*file)->sync_data();
    times.push_back(Clock::now() - before);
  }
  static_cast<void>(disk->remove(path));
  if (!status) return fail(status.error());
  return times;
}

std::string bytes_text(uint64_t bytes) {
  constexpr uint64_t kGibibyte = 1ULL << 30;
  if (bytes < 10 * kGibibyte) return std::to_string(bytes >> 20) + " MiB";
  return std::to_string(bytes / kGibibyte) + " GiB";
}

std::string milliseconds(Duration duration) {
  const auto tenths = std::chrono::duration_cast<std::chrono::microseconds>(duration).count() / 100;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " ms";
}

void judge_space(const WrittenPlace& place, const DiskReadings& disk, Finding& finding) {
  finding.text += bytes_text(disk.free_bytes) + " free";
  const bool is_too_small = place.bytes_max != 0 && disk.free_bytes < place.bytes_max;
  if (is_too_small) {
    finding.text += ", less than the " + bytes_text(place.bytes_max) + " that max_size allows";
  }
  if (disk.files != 0 && disk.free_files < 16) {
    finding.level = Level::kProblem;
    finding.text += ", but no room for more files (inodes)";
  } else if (disk.free_bytes < kVeryLittleSpace) {
    finding.level = Level::kProblem;
  } else if (is_too_small || disk.free_bytes < kLittleSpace) {
    finding.level = Level::kWarning;
  }
  if (finding.level != Level::kOk) {
    finding.change = "make room on the disk of " + disk.directory +
                     (is_too_small ? ", or lower max_size of " + place.what : "");
  }
}

void judge_syncs(const WrittenPlace& place, const DiskReadings& disk, Finding& finding) {
  if (!disk.sync_p50 || !disk.sync_max) return;
  finding.text += "; a sync takes " + milliseconds(*disk.sync_p50) + ", at most " +
                  milliseconds(*disk.sync_max);
  if (*disk.sync_p50 <= kSlowSync) return;
  finding.level = std::max(finding.level, Level::kWarning);
  finding.text += ", and senders wait for one";
  if (finding.change.empty()) finding.change = "put " + place.what + " on a faster disk";
}

}  // namespace

std::vector<WrittenPlace> written_places(const assembly::Plan& plan,
                                         const config::Document& document) {
  std::vector<WrittenPlace> places;
  for (const assembly::StoragePlan& storage : plan.storages) {
    places.push_back({.what = "extensions::" + storage.id,
                      .directory = storage.options.log.directory,
                      .is_storage = true,
                      .bytes_max = storage.options.log.bytes_max});
  }
  for (const assembly::ExporterPlan& exporter : plan.exporters) {
    if (const auto& letter = exporter.helper.dead_letter) {
      places.push_back({.what = "exporters::" + exporter.id + "::dead_letter",
                        .directory = fs::path(letter->path).parent_path().string()});
    }
    const config::Component* component =
        document.find(config::ComponentKind::kExporter, exporter.id);
    if (component == nullptr || component->id.type != "file") continue;
    if (const yaml::Node* path = component->node.find("path")) {
      places.push_back({.what = "exporters::" + exporter.id,
                        .directory = fs::path(path->scalar).parent_path().string()});
    }
  }
  for (WrittenPlace& place : places) {
    if (place.directory.empty()) place.directory = ".";
  }
  return places;
}

Result<DiskReadings> read_disk(const WrittenPlace& place) {
  DiskReadings disk;
  disk.directory = nearest_directory(place.directory).string();
  struct statvfs space{};
  if (statvfs(disk.directory.c_str(), &space) != 0) {
    return fail(Code::kUnavailable, disk.directory + ": " + std::strerror(errno));
  }
  disk.free_bytes = static_cast<uint64_t>(space.f_bavail) * space.f_frsize;
  disk.files = space.f_files;
  disk.free_files = space.f_favail;
  struct statfs kind{};
  if (statfs(disk.directory.c_str(), &kind) == 0) {
    disk.is_in_memory = kind.f_type == kTmpfs || kind.f_type == kRamfs;
  }
  std::error_code error;
  if (!place.is_storage || !fs::is_directory(place.directory, error)) return disk;
  auto times = time_syncs(disk.directory);
  if (!times) return fail(times.error());
  std::ranges::sort(*times);
  disk.sync_p50 = (*times)[times->size() / 2];
  disk.sync_max = times->back();
  return disk;
}

Finding judge_disk(const WrittenPlace& place, const Result<DiskReadings>& disk) {
  Finding finding{.area = "disks", .subject = place.what};
  if (!disk) {
    finding.level = Level::kProblem;
    finding.text = disk.error().message;
    finding.change = "let the user of the collector write to " + place.directory;
    return finding;
  }
  finding.text = place.directory + " has ";
  judge_space(place, *disk, finding);
  judge_syncs(place, *disk, finding);
  if (place.is_storage && disk->is_in_memory) {
    finding.level = std::max(finding.level, Level::kWarning);
    finding.text += "; it lies in memory (tmpfs), so nothing in it survives the machine's end";
    finding.change = "put " + place.what + " on a disk";
  }
  return finding;
}

void check_disks(const std::vector<WrittenPlace>& places, Duration timeout, Report& report) {
  struct Running {
    const WrittenPlace& place;
    std::future<Result<DiskReadings>> future;
  };
  std::vector<Running> all;
  for (const WrittenPlace& place : places) {
    std::packaged_task<Result<DiskReadings>()> task([place] { return read_disk(place); });
    all.push_back({place, task.get_future()});
    // A disk that never answers holds its thread for ever; the process ends without it.
    std::thread(std::move(task)).detach();
  }
  const auto until = Clock::now() + timeout;
  for (Running& each : all) {
    const bool has_answered = each.future.wait_until(until) == std::future_status::ready;
    report.add(has_answered
                   ? judge_disk(each.place, each.future.get())
                   : Finding{.level = Level::kProblem,
                             .area = "disks",
                             .subject = each.place.what,
                             .text = each.place.directory + " has not answered in time",
                             .change = "see why the disk of " + each.place.directory + " hangs"});
  }
}

}  // namespace millrace::doctor
