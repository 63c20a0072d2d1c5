// Names of rotated files, as otelcol's rotation writes them: "dir/traces.json" is moved to
// "dir/traces-2026-11-22T20-15-30.123.json". No state; local_time reads the process's time zone.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace millrace::exporters {

struct PathParts {
  std::string directory;  // "." where the path names none
  std::string stem;       // "traces"
  std::string extension;  // ".json", or empty
};
PathParts split_path(const std::string& path);

enum class NameZone : uint8_t { kUtc, kLocal };
// Without the directory.
std::string backup_name(const PathParts& path, WallTime when, NameZone zone);
// When that file of the directory was moved away; nothing when it is not a backup of the path.
std::optional<WallTime> backup_time(const PathParts& path, std::string_view name, NameZone zone);

}  // namespace millrace::exporters
