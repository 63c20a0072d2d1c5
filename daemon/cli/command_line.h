// The command line: parses the arguments and calls the function of the command.
//
//   cli::Program program;
//   program.catalog = assembly's; program.check_components = assembly's;
//   program.run = [](const cli::CollectorArguments& arguments, cli::Configuration configuration) …;
//   program.commands.push_back({"sink", "…", add_sink_options…, run…});
//   return cli::run_command_line(argc, argv, program);
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "config/catalog.h"
#include "daemon/cli/configuration.h"
#include "yaml/expand.h"

namespace CLI {
class App;
}

namespace millrace::cli {

inline constexpr int kExitOk = 0;
inline constexpr int kExitError = 1;
inline constexpr int kExitUsage = 2;
// The exit code of a collector that a second signal ended before its queues were empty.
inline constexpr int kExitEndedEarly = 3;

// What `doctor` is asked.
struct DoctorArguments {
  bool prints_json = false;
  Duration timeout = 5s;  // of each back end, disk and name
};

// What `test` is asked.
struct TestArguments {
  std::string input;          // the file of the sample
  std::string pipeline = {};  // empty: the only one of the sample's signal
  std::string expect = {};    // a file; empty: none
  bool prints_json = false;
  Duration wait = Duration(0);  // before the sample is sent
};

// A sub-command that another component defines (generate, sink).
struct Command {
  std::string name;
  std::string description;
  // Binds options to variables that live until `run` returns.
  std::function<void(CLI::App&)> add_options;
  std::function<int()> run;  // returns the exit code
};

struct Program {
  yaml::World world;
  config::Catalog catalog{{}};
  CheckComponents check_components;  // may be empty
  // The configuration to run without --config, in YAML.
  std::string default_configuration;
  // Runs the collector until it ends. Called with a configuration without errors; its diagnostics
  // may contain warnings to be logged.
  std::function<int(const CollectorArguments&, Configuration)> run;
  // Says whether the configuration, right or wrong, would work here now; the exit code.
  std::function<int(const DoctorArguments&, Result<Configuration>)> doctor;
  // Sends a sample through the processors of a pipeline; the exit code.
  std::function<int(const TestArguments&, Result<Configuration>)> test;
  std::vector<Command> commands;
  std::function<void(std::string_view)> write_out;    // to stdout
  std::function<void(std::string_view)> write_error;  // to stderr
};

// Returns the exit code. Never throws, never exits.
int run_command_line(int argc, const char* const* argv, const Program& program);

}  // namespace millrace::cli
