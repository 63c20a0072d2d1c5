// The options of file_storage: otelcol's, and Millrace's own max_age, on_full and segment_size.
#pragma once

#include "config/section.h"
#include "segment_log/log.h"

namespace millrace::extensions {

struct FileStorageOptions {
  segment_log::Options log = {.directory = "/var/lib/otelcol/file_storage"};
  // False: the directory must exist, as in otelcol; a misspelt path is then an error instead of an
  // empty queue.
  bool creates_directory = false;
};

void read_file_storage(config::Section& section, FileStorageOptions& into);

}  // namespace millrace::extensions
