// Checks whether files can be written at a path before anything is created there, for the checks of
// directories in `validate`. The result may change a moment later, and for root it is nearly always
// success. Any thread; calls block; nothing is created or changed.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace millrace::io {

enum class MissingDirectory : uint8_t {
  kIsAnError,
  kIsMade,  // it is created with its parents: the nearest existing one must be writable
};

// Errors name the path and the reason: kNotFound, kPermissionDenied, kUnavailable for a read-only
// file system, and kFailedPrecondition when it is not a directory (or not a file).
Status check_directory(const std::string& directory, MissingDirectory missing);
// Checks a file to be written, whether it exists or not, and its directory.
Status check_file(const std::string& path, MissingDirectory missing);

}  // namespace millrace::io
