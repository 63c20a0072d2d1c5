#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace millrace::extensions::console {

// A file of the console's page as it is embedded in the program.
struct PageFile {
  std::string_view path;  // as a browser requests it: "/index.html", "/app.js"
  std::string_view content_type;
  std::span<const uint8_t> gzip;  // the content, always compressed
};

// All files of the page, in static storage; the first one is "/index.html". Where the page could
// not be built, there is only that one, and it says so. Any thread.
std::span<const PageFile> page_files();

}  // namespace millrace::extensions::console
