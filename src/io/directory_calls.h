// What FileSystem and Disk do alike with directories. Both return an errno, 0 when all is well,
// since the two name their errors differently. Any thread; calls block.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace millrace::io {

// Names of what is in `directory`, without it, in no order.
int list_directory(const std::string& directory, std::vector<std::string>* names);
// Makes it and its parents; 0 when it is there already. `*failed_part`: which of them could not be
// made.
int make_directories(const std::string& directory, uint32_t mode, std::string* failed_part);

}  // namespace millrace::io
