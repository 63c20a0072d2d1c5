// Files that the load programs write, opened as io/safe_open.h says.
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

// kEmpty: what is there is emptied, if it is this user's.
enum class OutputStart : uint8_t { kAppend, kEmpty };

// "/dev/stdout" is this process's own output. Errors name the path.
Result<FilePtr> open_output(const std::string& path, OutputStart start);

}  // namespace millrace::load
