// file_storage's options, with otelcol's names, and Millrace's own: max_age, on_full, segment_size.
#pragma once

#include "config/section.h"
#include "segment_log/log.h"

namespace millrace::extensions {

struct FileStorageOptions {
  segment_log::Options log = {.directory = "/var/lib/otelcol/file_storage"};
  // False: the directory must be there already, as in otelcol; a misspelt path is then a mistake
  // that is seen, and no empty queue.
  bool creates_directory = false;
};

void read_file_storage(config::Section& section, FileStorageOptions& into);

}  // namespace millrace::extensions
