// Sets damaged bytes aside, so that a person can look at them and the log goes on without them.
#pragma once

#include <string>

#include "base/log.h"
#include "segment_log/segment_reader.h"
#include "segment_log/segment_writer.h"

namespace millrace::segment_log {

// Copies the stretch into `quarantine-<number>-<offset>` of the directory, once: a file that is
// there already is left as it is. Logs what it did, and why when it could not. The copies together
// stay below 64 MiB; what is beyond is only logged.
void quarantine_stretch(const SegmentPlace& place, Logger* log, io::DiskFile& file,
                        const SegmentName& segment, const Damage& damage);

// Renames a segment in which nothing is readable, or that can't be one of this directory.
void quarantine_segment(const SegmentPlace& place, Logger* log, const SegmentName& segment,
                        std::string_view why);

}  // namespace millrace::segment_log
