// The file exporter's options, with otelcol's names and defaults. Plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "compress/compressor.h"
#include "config/exporter_helper.h"
#include "config/section.h"

namespace millrace::exporters {

enum class FileFormat : uint8_t { kJson, kProto };

struct Rotation {
  int64_t max_megabytes = 100;  // MiB; a record that is larger gets a file of its own
  int64_t max_days = 0;         // 0: backups are not removed for their age
  int64_t max_backups = 100;    // 0: all are kept
  bool local_time = false;      // in the names of backups; UTC otherwise
};

struct FileOptions {
  std::string path;
  bool append = false;  // go on in a file that is there, instead of emptying it
  std::optional<Rotation> rotation =
      std::nullopt;  // off unless mentioned; goes on in a file that is there
  FileFormat format = FileFormat::kJson;
  bool zstd = false;
  int compression_level = compress::kDefaultLevel;
  bool create_directory = false;
  uint32_t directory_permissions = 0755;
  config::ExporterHelperConfig helper = {};
};

void read_options(config::Section& section, FileOptions* into);

}  // namespace millrace::exporters
