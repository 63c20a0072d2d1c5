// The program: joins the command line, the collector and the commands beside it.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <string_view>
#include <utility>
#include <vector>

#include "assembly/catalogue.h"
#include "daemon/cli/command_line.h"
#include "daemon/cli/process_world.h"
#include "daemon/doctor/doctor.h"
#include "daemon/generate/generate.h"
#include "daemon/replay/replay.h"
#include "daemon/run/run.h"
#include "daemon/show/show.h"
#include "daemon/sink/sink.h"
#include "daemon/tap/tap.h"
#include "daemon/top/top.h"
#include "daemon/trial/trial.h"

namespace {

// Opens /dev/null for closed standard descriptors. Otherwise a socket or a file would get the
// number, and the log would be written to it.
void open_standard_descriptors() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(descriptor, F_GETFD) >= 0) continue;
    // open() returns the lowest free number, which is this one. A failure can't be handled here.
    [[maybe_unused]] const int opened = open("/dev/null", O_RDWR);
  }
}

// The commands that show what a running collector's console has, bound to options that outlive
// them.
struct ShowCommands {
  millrace::show::TracesOptions traces;
  millrace::show::LogsOptions logs;
  millrace::show::MetricsOptions metrics;
  millrace::show::ShowOptions ledger;
  millrace::top::TopOptions top;
  millrace::tap::TapOptions tap;

  void add_to(std::vector<millrace::cli::Command>& commands) {
    using namespace millrace::show;
    commands.push_back({.name = "traces",
                        .description = "Recent traces of a running collector, or one of them",
                        .add_options = [this](CLI::App& app) { add_traces_options(app, traces); },
                        .run = [this] { return run_traces(traces); }});
    commands.push_back({.name = "logs",
                        .description = "Recent log records of a running collector",
                        .add_options = [this](CLI::App& app) { add_logs_options(app, logs); },
                        .run = [this] { return run_logs(logs); }});
    commands.push_back({.name = "metrics",
                        .description = "Recent metrics of a running collector, or one of them",
                        .add_options = [this](CLI::App& app) { add_metrics_options(app, metrics); },
                        .run = [this] { return run_metrics(metrics); }});
    commands.push_back({.name = "ledger",
                        .description = "What became of each item in a running collector",
                        .add_options = [this](CLI::App& app) { add_ledger_options(app, ledger); },
                        .run = [this] { return run_ledger(ledger); }});
    commands.push_back({.name = "top",
                        .description = "A live view of a running collector",
                        .add_options = [this](CLI::App& app) { add_top_options(app, top); },
                        .run = [this] { return millrace::top::run_top(top); }});
    commands.push_back({.name = "tap",
                        .description = "The items that pass a point of a pipeline, and its changes",
                        .add_options = [this](CLI::App& app) { add_tap_options(app, tap); },
                        .run = [this] { return millrace::tap::run_tap(tap); }});
  }
};

}  // namespace

int main(int argc, char** argv) {
  open_standard_descriptors();
  millrace::load::GenerateOptions generate_options;
  millrace::load::SinkOptions sink_options;
  millrace::replay::ReplayOptions replay_options;
  millrace::cli::Program program;
  program.world = millrace::cli::make_process_world();
  program.catalog = millrace::assembly::catalog();
  program.check_components = millrace::daemon::check_components;
  program.default_configuration = millrace::daemon::kDefaultConfiguration;
  program.run = millrace::daemon::run_collector;
  program.write_out = [](std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
  };
  program.write_error = [](std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stderr);
  };
  program.doctor = [&program](const millrace::cli::DoctorArguments& arguments,
                              millrace::Result<millrace::cli::Configuration> configuration) {
    return millrace::doctor::run_doctor(arguments, std::move(configuration), program.write_out);
  };
  program.test = [&program](const millrace::cli::TestArguments& arguments,
                            millrace::Result<millrace::cli::Configuration> configuration) {
    return millrace::trial::run_test(arguments, std::move(configuration),
                                     {.read_file = program.world.read_file,
                                      .write_out = program.write_out,
                                      .write_error = program.write_error,
                                      .in_colour = isatty(STDOUT_FILENO) == 1});
  };
  program.commands.push_back(
      {.name = "generate",
       .description = "Send numbered spans, metrics or logs to an OTLP endpoint",
       .add_options =
           [&](CLI::App& app) { millrace::load::add_generate_options(app, generate_options); },
       .run = [&] { return millrace::load::run_generate(generate_options); }});
  program.commands.push_back(
      {.name = "sink",
       .description = "Receive OTLP, count, check for loss and duplicates, misbehave on demand",
       .add_options = [&](CLI::App& app) { millrace::load::add_sink_options(app, sink_options); },
       .run = [&] { return millrace::load::run_sink(sink_options); }});
  program.commands.push_back(
      {.name = "replay",
       .description = "Send the requests in dead-letter files and files of the file exporter again",
       .add_options =
           [&](CLI::App& app) { millrace::replay::add_replay_options(app, replay_options); },
       .run = [&] { return millrace::replay::run_replay(replay_options); }});
  ShowCommands show_commands;
  show_commands.add_to(program.commands);
  return millrace::cli::run_command_line(argc, argv, program);
}
