// Directory calls that FileSystem and Disk share. They return an errno, 0 on success, because the
// two classes word their errors differently. Any thread; calls block.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace millrace::io {

// Stores the names in `directory`, without the directory itself, in no particular order.
int list_directory(const std::string& directory, std::vector<std::string>* names);
// Creates the directory and its parents; returns 0 also when it exists. After a failure
// `*failed_part` is the path that could not be created.
int make_directories(const std::string& directory, uint32_t mode, std::string* failed_part);

}  // namespace millrace::io
