// Checks of the files and directories that a plan names: what the start would find is said with its
// place in the configuration, beside all other mistakes.
#pragma once

#include <optional>
#include <string_view>

#include "assembly/catalogue.h"
#include "assembly/plan.h"
#include "assembly/plan_from_document.h"
#include "config/section.h"

namespace millrace::assembly {

// Exporters may share a file of dead letters, but it turns over by one rule. `plan` has the
// exporters that were read before `exporter`.
void check_dead_letter(const Plan& plan, std::string_view exporter,
                       const config::ExporterHelperConfig& helper, config::Section& section);
// Whether the files that the exporter writes can be written, where the machine is known.
void check_files(const MachineFacts& machine, const ExporterReading& reading,
                 config::Section& section);
// The same for a file of dead letters.
void check_dead_letter_file(const MachineFacts& machine,
                            const std::optional<config::DeadLetterConfig>& letter,
                            config::Section& section);
void check_console(const MachineFacts& machine, const extensions::console::Options& console,
                   config::Section& section);
void check_storage(const MachineFacts& machine, const StoragePlan& storage,
                   config::Section& section);

}  // namespace millrace::assembly
