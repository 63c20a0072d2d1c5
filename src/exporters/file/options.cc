#include "exporters/file/options.h"

#include <charconv>

namespace millrace::exporters {
namespace {

void read_rotation(config::Section& section, FileOptions* into) {
  if (!section.has("rotation")) return;
  into->rotation.emplace();
  section.section("rotation", [&](config::Section& rotation) {
    rotation.integer("max_megabytes", &into->rotation->max_megabytes, {.min = 0, .max = 1 << 20});
    rotation.integer("max_days", &into->rotation->max_days, {.min = 0, .max = 36'500});
    rotation.integer("max_backups", &into->rotation->max_backups, {.min = 0});
    rotation.boolean("localtime", &into->rotation->local_time);
  });
  // As in otelcol, where zero means the default.
  if (into->rotation->max_megabytes == 0) into->rotation->max_megabytes = Rotation{}.max_megabytes;
}

// "0755", octal as for chmod.
void read_permissions(config::Section& section, FileOptions* into) {
  std::string text;
  if (!section.text("directory_permissions", &text)) return;
  uint32_t mode = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, mode, 8);
  if (text.empty() || read.ec != std::errc() || read.ptr != end || mode > 0777) {
    section.error_at("directory_permissions",
                     "expected octal permissions like \"0755\", found \"" + text + "\"");
    return;
  }
  into->directory_permissions = mode;
}

void read_compression(config::Section& section, FileOptions* into) {
  std::string name;
  if (section.text("compression", &name) && !name.empty() && name != "none") {
    into->zstd = name == "zstd";
    if (!into->zstd) {
      section.error_at("compression", "expected zstd or nothing, found \"" + name + "\"");
    }
  }
  section.section("compression_params", [&](config::Section& params) {
    int64_t level = into->compression_level;
    if (params.integer("level", &level, {.min = -1, .max = 22})) {
      into->compression_level = static_cast<int>(level);
    }
  });
}

}  // namespace

void read_options(config::Section& section, FileOptions* into) {
  config::read_exporter_helper(section, into->helper);
  section.text("path", &into->path);
  if (into->path.empty()) section.error("path must be set");
  section.boolean("append", &into->append);
  read_rotation(section, into);
  section.choice("format", &into->format,
                 {{"json", static_cast<int>(FileFormat::kJson)},
                  {"proto", static_cast<int>(FileFormat::kProto)}});
  read_compression(section, into);
  section.ignored("flush_interval", "each batch is handed to the system when it is written");
  section.boolean("create_directory", &into->create_directory);
  read_permissions(section, into);
  section.unsupported("encoding", "encoding extensions are not in this version; use format");
  if (const yaml::Node* group_by = section.find("group_by")) {
    const yaml::Node* enabled = group_by->find("enabled");
    if (enabled != nullptr && enabled->scalar == "true") {
      section.error_at("group_by", "writing to a file for each group is not in this version");
    }
  }
  if (into->append && into->rotation) section.error_at("append", "cannot go with rotation");
  if (into->append && into->zstd) section.error_at("append", "cannot go with compression");
}

}  // namespace millrace::exporters
