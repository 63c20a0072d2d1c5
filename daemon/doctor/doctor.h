// `millrace doctor`: whether this configuration would work on this machine now.
#pragma once

#include "daemon/cli/command_line.h"
#include "daemon/doctor/report.h"

namespace millrace::doctor {

// Adds everything that was found. The configuration may have mistakes or be absent: then what can
// be looked at without it is.
void examine(const cli::DoctorArguments& arguments, Result<cli::Configuration> configuration,
             Report& report);

// Prints the report by `write_out`. Exit code: 0 without problems (there may be warnings), 1 with.
int run_doctor(const cli::DoctorArguments& arguments, Result<cli::Configuration> configuration,
               const std::function<void(std::string_view)>& write_out);

}  // namespace millrace::doctor
