// Files that the load programs write, opened by the rules of io/safe_open.h.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

#include "base/result.h"

namespace millrace::load {

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using FilePtr = std::unique_ptr<std::FILE, CloseFile>;

// kEmpty: an existing file is emptied if it belongs to this user.
enum class OutputStart : uint8_t { kAppend, kEmpty };

// Opens a file; "/dev/stdout" is this process's own output. Errors name the path.
Result<FilePtr> open_output(const std::string& path, OutputStart start);

}  // namespace millrace::load
