// Zones of the time zone database (RFC 8536): how far local clocks are from UTC, and when that
// changes. Immutable; may be used from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::ottl {

class TimeZone {
 public:
  // From the content of a file of the database; null when it is not valid.
  static std::shared_ptr<const TimeZone> parse(std::string_view file);

  // The seconds east of UTC at an instant, up to the year 2100.
  int64_t offset_at(int64_t unix_seconds) const;
  // The same for a local time, which is given as if it were UTC. A local time that a change skips
  // or repeats gets one of the two offsets, as Go's time.Date does it.
  int64_t offset_of_local(int64_t local_seconds) const;

 private:
  struct Change {
    int64_t unix_seconds;
    int64_t offset;  // from then on
  };
  void follow_rule(std::string_view rule);

  int64_t first_offset_ = 0;
  std::vector<Change> changes_;
};

// Reads the zone from the system's database ("Europe/Berlin"); "UTC" needs none. Null: there is no
// such zone. For start-up.
std::shared_ptr<const TimeZone> load_time_zone(std::string_view name);

}  // namespace millrace::ottl
