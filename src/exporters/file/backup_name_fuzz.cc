// A name that reads as a backup of a path is the name that a backup of that time gets; a backup's
// name reads as its time, to the millisecond.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "exporters/file/backup_name.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  using namespace millrace::exporters;
  testing::FuzzInput input(data, size);
  const auto nanoseconds = static_cast<int64_t>(input.number(8) % 9'000'000'000'000'000'000);
  const WallTime time{Duration(nanoseconds)};
  const std::string path(input.text());
  const PathParts parts = split_path(path);
  const std::string made = backup_name(parts, time, NameZone::kUtc);
  MILLRACE_CHECK(backup_time(parts, made, NameZone::kUtc) ==
                 std::chrono::floor<std::chrono::milliseconds>(time));

  const std::string_view name = input.rest_text();
  for (const NameZone zone : {NameZone::kUtc, NameZone::kLocal}) {
    if (const auto read = backup_time(parts, name, zone)) {
      MILLRACE_CHECK(backup_name(parts, *read, zone) == name);
    }
  }
  return 0;
}
