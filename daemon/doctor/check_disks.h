// Whether the disk under each directory that the configuration writes to has room, and how long a
// sync takes in a storage directory: every durable answer waits for one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "assembly/plan.h"
#include "base/result.h"
#include "base/time.h"
#include "config/document.h"
#include "daemon/doctor/report.h"

namespace millrace::doctor {

struct WrittenPlace {
  std::string what;       // "extensions::file_storage/queue"
  std::string directory;  // may be missing where it is made at the start
  bool is_storage = false;
  uint64_t bytes_max = 0;  // what it may grow to; 0: no limit of its own
};

std::vector<WrittenPlace> written_places(const assembly::Plan& plan,
                                         const config::Document& document);

struct DiskReadings {
  std::string directory;  // that was looked at: the nearest one that is there
  uint64_t free_bytes = 0;
  uint64_t free_files = 0;
  uint64_t files = 0;                     // 0: the file system has no limit of them
  bool is_in_memory = false;              // tmpfs or ramfs
  std::optional<Duration> sync_p50 = {};  // of 4 KiB; nothing: not measured
  std::optional<Duration> sync_max = {};
};

// Blocks on the disk, for 2 s of syncs at the most where the disk answers at all.
Result<DiskReadings> read_disk(const WrittenPlace& place);
Finding judge_disk(const WrittenPlace& place, const Result<DiskReadings>& disk);
// A disk that has not answered after `timeout` is a problem.
void check_disks(const std::vector<WrittenPlace>& places, Duration timeout, Report& report);

}  // namespace millrace::doctor
