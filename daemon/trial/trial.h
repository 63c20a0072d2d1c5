// `millrace test`: a sample through the processors of a pipeline.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "daemon/cli/command_line.h"

namespace millrace::trial {

struct Surface {
  std::function<Result<std::string>(const std::string& path)> read_file;
  std::function<void(std::string_view)> write_out;
  std::function<void(std::string_view)> write_error;
  bool in_colour = false;
};

// Prints what each processor changed, or with --json everything as one object. With --expect the
// output is compared with the requests of that file; the order of attributes has no meaning. Exit
// code: 0; 1 when a processor refused a request, or the output is not as expected, or something is
// wrong with the configuration or a file.
int run_test(const cli::TestArguments& arguments, Result<cli::Configuration> configuration,
             const Surface& surface);

}  // namespace millrace::trial
