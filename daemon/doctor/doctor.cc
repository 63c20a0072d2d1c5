#include "daemon/doctor/doctor.h"

#include <optional>
#include <utility>

#include "assembly/plan_from_document.h"
#include "daemon/cli/start_error.h"
#include "daemon/doctor/check_destinations.h"
#include "daemon/doctor/check_disks.h"
#include "daemon/doctor/check_machine.h"
#include "daemon/doctor/check_ports.h"
#include "io/system.h"
#include "io/writable_place.h"

namespace millrace::doctor {
namespace {

constexpr std::string_view kArea = "configuration";

void add_diagnostics(const config::Diagnostics& diagnostics, Report& report) {
  for (const config::Diagnostic* each : cli::in_order_of_places(diagnostics)) {
    const config::Diagnostic& diagnostic = *each;
    const bool is_error = diagnostic.severity == config::Diagnostic::Severity::kError;
    Finding finding{.level = is_error ? Level::kProblem : Level::kWarning,
                    .area = std::string(kArea),
                    .subject = diagnostic.place.to_text()};
    finding.text = (diagnostic.path.empty() ? "" : diagnostic.path + ": ") + diagnostic.message;
    // Lines to write in the configuration are left to the commands that show them as lines.
    if (!diagnostic.lines.empty()) {
      finding.change = "at " + finding.subject +
                       " write the lines that millrace validate shows, or use what millrace "
                       "migrate prints";
    }
    if (is_error) finding.change = "correct " + finding.subject + ": " + diagnostic.path;
    report.add(std::move(finding));
  }
  if (!diagnostics.has_errors()) {
    report.add({.area = std::string(kArea), .text = "no mistakes"});
    return;
  }
  report.add(
      {.level = Level::kWarning,
       .area = std::string(kArea),
       .text = "destinations, disks and ports are looked at once the mistakes are corrected"});
}

}  // namespace

void examine(const cli::DoctorArguments& arguments, Result<cli::Configuration> configuration,
             Report& report) {
  const MachineReadings machine = read_machine();
  std::optional<assembly::Plan> plan;
  if (!configuration) {
    report.add({.level = Level::kProblem,
                .area = std::string(kArea),
                .text = configuration.error().message,
                .change = "correct what --config names"});
  } else {
    config::Diagnostics& diagnostics = configuration->diagnostics;
    if (!diagnostics.has_errors()) {
      plan = assembly::make_plan(configuration->document,
                                 {.memory_bytes = machine.memory_limit_bytes,
                                  .check_directory = io::check_directory,
                                  .check_file = io::check_file},
                                 diagnostics);
    }
    add_diagnostics(diagnostics, report);
  }
  if (plan) {
    check_destinations(*plan, arguments.timeout, report);
    check_disks(written_places(*plan, configuration->document), arguments.timeout, report);
    check_ports(listening_places(*plan), arguments.timeout, report);
    check_machine(machine, plan->budget_bytes, report);
  } else {
    check_machine(machine, report);
  }
  add_versions(machine, MILLRACE_VERSION, report);
}

int run_doctor(const cli::DoctorArguments& arguments, Result<cli::Configuration> configuration,
               const std::function<void(std::string_view)>& write_out) {
  Report report;
  examine(arguments, std::move(configuration), report);
  write_out(arguments.prints_json ? report.to_json() : report.to_text());
  return report.count(Level::kProblem) == 0 ? cli::kExitOk : cli::kExitError;
}

}  // namespace millrace::doctor
