#include "assembly/plan_files.h"

#include <string>
#include <tuple>

namespace millrace::assembly {
namespace {

io::MissingDirectory when_missing(bool is_made) {
  return is_made ? io::MissingDirectory::kIsMade : io::MissingDirectory::kIsAnError;
}

}  // namespace

void check_dead_letter(const Plan& plan, std::string_view exporter,
                       const config::ExporterHelperConfig& helper, config::Section& section) {
  if (!helper.dead_letter) return;
  const auto rule = [](const config::DeadLetterConfig& letter) {
    return std::tuple(letter.max_megabytes, letter.max_days, letter.max_backups, letter.local_time);
  };
  for (const ExporterPlan& other : plan.exporters) {
    if (!other.helper.dead_letter || other.id == exporter) continue;
    if (other.helper.dead_letter->path != helper.dead_letter->path) continue;
    if (rule(*other.helper.dead_letter) == rule(*helper.dead_letter)) continue;
    section.error_at("dead_letter",
                     "shares its path with " + other.id + ", so their rotation must be the same");
  }
}

void check_files(const MachineFacts& machine, const ExporterReading& reading,
                 config::Section& section) {
  if (!machine.check_file) return;
  if (reading.writes && !reading.writes->path.empty()) {
    const Status writable =
        machine.check_file(reading.writes->path, when_missing(reading.writes->makes_directory));
    if (!writable) section.error_at("path", writable.error().message);
  }
  check_dead_letter_file(machine, reading.helper.dead_letter, section);
}

void check_dead_letter_file(const MachineFacts& machine,
                            const std::optional<config::DeadLetterConfig>& letter,
                            config::Section& section) {
  if (!machine.check_file || !letter || letter->path.empty()) return;
  const Status writable = machine.check_file(letter->path, when_missing(letter->create_directory));
  if (!writable) section.error_at("dead_letter", "path: " + writable.error().message);
}

void check_console(const MachineFacts& machine, const extensions::console::Options& console,
                   config::Section& section) {
  if (!machine.check_directory || console.file_directory.empty()) return;
  const Status writable =
      machine.check_directory(console.file_directory, io::MissingDirectory::kIsMade);
  if (!writable) section.error_at("file", "directory: " + writable.error().message);
}

void check_storage(const MachineFacts& machine, const StoragePlan& storage,
                   config::Section& section) {
  if (!machine.check_directory || section.has_errors()) return;
  const bool is_made = storage.options.creates_directory;
  const Status writable =
      machine.check_directory(storage.options.log.directory, when_missing(is_made));
  if (writable) return;
  if (writable.error().code == Code::kUnavailable) {
    // Its requests are delivered all the same; appends are refused until it can be written.
    return section.warning_at("directory", writable.error().message);
  }
  const bool is_missing = writable.error().code == Code::kNotFound && !is_made;
  section.error_at(
      "directory",
      writable.error().message + (is_missing ? " (make it, or set create_directory: true)" : ""));
}

}  // namespace millrace::assembly
