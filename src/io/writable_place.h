// Whether files can be written at a place, asked before anything is made there: what `validate`
// says about directories. The answer may be another one a moment later, and for root it is nearly
// always yes. Any thread; calls block; nothing is made or changed.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace millrace::io {

enum class MissingDirectory : uint8_t {
  kIsAnError,
  kIsMade,  // with its parents: the nearest one that is there has to be writable
};

// Errors name the path and what is wrong with it: kNotFound, kPermissionDenied, kUnavailable for a
// read-only file system, and kFailedPrecondition for what is no directory (or no file).
Status check_directory(const std::string& directory, MissingDirectory missing);
// A file to be written, there or not, and its directory.
Status check_file(const std::string& path, MissingDirectory missing);

}  // namespace millrace::io
