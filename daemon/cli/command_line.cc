#include "daemon/cli/command_line.h"

#include <CLI/CLI.hpp>
#include <exception>
#include <utility>

#include "config/duration.h"
#include "config/explain.h"
#include "config/nearest.h"
#include "config/print.h"
#include "daemon/cli/completion.h"
#include "daemon/cli/feature_gates.h"
#include "daemon/cli/listing.h"
#include "daemon/cli/start_error.h"
#include "migration/migrate.h"

namespace millrace::cli {
namespace {

constexpr std::string_view kHelp =
    R"(Millrace: an OpenTelemetry collector. Telemetry in over OTLP, and out to several back ends.

Usage:
  millrace [--config FILE]... [--set KEY=VALUE]...      run the collector
  millrace COMMAND [options]

Without --config it listens on localhost:4317 (gRPC) and localhost:4318 (HTTP) and shows what
arrives on the terminal.

Options:
  --config SOURCE         a file, or file:, env:NAME or yaml:TEXT; repeat it to merge several,
                          the later over the earlier
  --set KEY=VALUE         one value over all of them, like service.telemetry.logs.level=debug
  --feature-gates LIST    otelcol's feature gates, separated by commas
  -v, --version           the version
  -h, --help              this text; also after a command

Commands:
  validate                check the configuration and say all that is wrong with it; --explain:
                          what each key means here
  migrate                 print an old configuration with what otelcol removed replaced
  doctor                  check also back ends, disks, limits and ports, and say what to change
  test                    send a sample through a pipeline's processors and show what they change
  print-config            the configuration after merging and ${...}, secrets hidden
  components              the receivers, processors, exporters and extensions of this build
  featuregate [ID]        the feature gates
  completion SHELL        a script that completes commands and flags, for bash, zsh or fish
  version                 the version and the commit that it was built from
)";

constexpr std::string_view kExamples = R"(
Examples:
  millrace --config otel.yaml
  millrace validate --config base.yaml --config site.yaml
  millrace migrate --config old.yaml > otel.yaml
  millrace doctor --config otel.yaml
  millrace test --config otel.yaml --input sample.json --expect out.json
  millrace print-config --config otel.yaml --format json
)";

struct PrintArguments {
  std::string mode = "redacted";
  std::string format = "yaml";
  bool validates = false;
};

class CommandLine {
 public:
  explicit CommandLine(const Program& program) : program_(program) { declare(); }

  int parse_and_run(int argc, const char* const* argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
      return show_help();
    } catch (const CLI::CallForVersion&) {
      return show_version();
    } catch (const CLI::ParseError& error) {
      return usage(error.what());
    }
    for (const CLI::App* app : parsed_apps()) {
      // Words that CLI11 did not assign; "--" ends the options and is not an argument.
      for (const std::string& word : app->remaining()) {
        if (word != "--") return usage(unexpected(*app, word));
      }
    }
    return run_chosen();
  }

 private:
  void declare() {
    app_.set_help_flag("-h,--help", "show this help");
    app_.set_version_flag("-v,--version", std::string(version()));
    app_.allow_extras();
    app_.require_subcommand(0, 1);
    add_sources(app_);
    CLI::App* validate = add("validate", "check the configuration and report all mistakes");
    add_sources(*validate);
    validate->add_flag("--explain", explains_, "say of every key what it means here");
    add("migrate", "print a configuration without what otelcol has removed")
        ->add_option("--config", old_file_, "the file to read")
        ->required()
        ->allow_extra_args(false);
    CLI::App* doctor =
        add("doctor", "check also back ends, disks, limits and ports, and say what to change");
    add_sources(*doctor);
    doctor->add_flag("--json", doctor_.prints_json, "the findings as one JSON object");
    add_duration(*doctor, "--timeout", doctor_.timeout,
                 "how long to wait for a back end, a disk or a name (default 5s)");
    declare_test();
    add("components", "list the components of this build, as YAML");
    CLI::App* print = add("print-config", "print the configuration after merging and ${...}");
    print->alias("print-initial-config");
    add_sources(*print);
    print->add_option("--mode", print_.mode, "redacted hides secrets; unredacted shows them")
        ->check(CLI::IsMember({"redacted", "unredacted"}));
    print->add_option("--format", print_.format, "yaml or json")
        ->check(CLI::IsMember({"yaml", "json"}));
    print->add_flag("--validate", print_.validates, "fail when the configuration has mistakes");
    add("featuregate", "list the feature gates")->add_option("id", gate_id_, "only this gate");
    add("completion", "print a script that completes commands and flags")
        ->add_option("shell", shell_, "bash, zsh or fish")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
    add("version", "print the version");
    for (const Command& command : program_.commands) {
      CLI::App* app = add(command.name, command.description);
      if (command.add_options) command.add_options(*app);
    }
  }

  void declare_test() {
    CLI::App* test =
        add("test", "send a sample through a pipeline's processors and show what they change");
    add_sources(*test);
    test->add_option("--input", test_.input, "the sample: OTLP/JSON, or any file that replay reads")
        ->required()
        ->allow_extra_args(false);
    test->add_option("--pipeline", test_.pipeline,
                     "its name, like traces/2; needed where several have the sample's signal")
        ->allow_extra_args(false);
    test->add_option("--expect", test_.expect, "fail unless the output is what this file has")
        ->allow_extra_args(false);
    test->add_flag("--json", test_.prints_json, "the output of each processor as one JSON object");
    add_duration(*test, "--wait", test_.wait,
                 "time for processors that detect something first (default 0s)");
  }

  CLI::App* add(const std::string& name, const std::string& description) {
    CLI::App* command = app_.add_subcommand(name, description);
    command->allow_extras();
    return command;
  }

  static void add_duration(CLI::App& app, const std::string& name, Duration& into,
                           const std::string& description) {
    app.add_option_function<std::string>(
           name,
           [name, &into](const std::string& text) {
             const auto duration = config::parse_duration(text);
             if (!duration || *duration <= Duration(0)) {
               throw CLI::ValidationError(name, "\"" + text + "\" is not a duration like 5s");
             }
             into = *duration;
           },
           description)
        ->type_name("DURATION")
        ->allow_extra_args(false);
  }

  // Each --config takes one word. Values keep their commas and brackets.
  void add_sources(CLI::App& app) {
    app.add_option("--config", arguments_.sources.configs,
                   "a file, or file:, env:NAME or yaml:TEXT; repeat it to merge several")
        ->allow_extra_args(false);
    app.add_option("--set", arguments_.sources.sets,
                   "one value, like a.b.c=v, that overrides all files")
        ->allow_extra_args(false);
    app.add_option("--feature-gates", arguments_.feature_gates, "otelcol's feature gates")
        ->allow_extra_args(false)
        ->delimiter(',');
  }

  std::vector<const CLI::App*> parsed_apps() const {
    std::vector<const CLI::App*> apps = {&app_};
    for (const CLI::App* command : app_.get_subcommands()) apps.push_back(command);
    return apps;
  }

  int show_help() {
    for (const std::string& word : app_.remaining()) {
      if (!word.starts_with('-')) return usage(unexpected(app_, word));
    }
    const auto chosen = app_.get_subcommands();
    if (!chosen.empty()) {
      program_.write_out(app_.help());  // of the chosen sub-command
      return kExitOk;
    }
    std::string text(kHelp);
    for (const Command& command : program_.commands) {
      constexpr size_t kColumn = 24;
      const size_t width = command.name.size();
      text += "  " + command.name + std::string(width < kColumn ? kColumn - width : 1, ' ') +
              command.description + "\n";
    }
    program_.write_out(text + std::string(kExamples));
    return kExitOk;
  }

  int show_version() {
    program_.write_out("millrace version " + std::string(version()) + " (commit " +
                       std::string(commit()) + ")\n");
    return kExitOk;
  }

  int show_completion() {
    const Shell shell = shell_ == "bash"  ? Shell::kBash
                        : shell_ == "zsh" ? Shell::kZsh
                                          : Shell::kFish;
    program_.write_out(completion_script(shell, app_));
    return kExitOk;
  }

  int failed(std::string message) {
    if (!message.ends_with('\n')) message += '\n';
    program_.write_error("Error: " + message);
    return kExitError;
  }

  int usage(const std::string& message) {
    program_.write_error("Error: " + message + "\nmillrace --help lists commands and options.\n");
    return kExitUsage;
  }

  // "unknown flag --confg; did you mean --config?"
  static std::string unexpected(const CLI::App& app, const std::string& word) {
    std::vector<std::string> names;
    const bool is_flag = word.starts_with('-');
    if (is_flag) {
      for (const CLI::Option* option : app.get_options()) {
        for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
      }
    } else {
      for (const CLI::App* command : app.get_subcommands(nullptr)) {
        names.push_back(command->get_name());
      }
    }
    const std::string wanted = word.substr(0, word.find('='));
    const std::vector<std::string_view> candidates(names.begin(), names.end());
    const std::string nearest(config::nearest_name(wanted, candidates));
    const std::string head = is_flag         ? "unknown flag " + wanted
                             : names.empty() ? "unexpected argument \"" + wanted + "\""
                                             : "unknown command \"" + wanted + "\"";
    return nearest.empty() ? head : head + "; did you mean " + nearest + "?";
  }

  int run_chosen() {
    const auto chosen = app_.get_subcommands();
    if (chosen.empty()) return run_collector();
    const std::string name = chosen.front()->get_name();
    if (name == "validate") return validate();
    if (name == "migrate") return migrate();
    if (name == "doctor") return program_.doctor(doctor_, load());
    if (name == "test") return program_.test(test_, load());
    if (name == "print-config") return print_config();
    if (name == "version") return show_version();
    if (name == "components") {
      program_.write_out(list_components(program_.catalog));
      return kExitOk;
    }
    if (name == "featuregate") {
      const auto table = list_feature_gates(gate_id_);
      if (!table) return failed(table.error().message);
      program_.write_out(*table);
      return kExitOk;
    }
    if (name == "completion") return show_completion();
    for (const Command& command : program_.commands) {
      if (command.name == name) return command.run();
    }
    return usage("unknown command " + name);
  }

  Result<Configuration> load() {
    if (auto status = check_feature_gates(arguments_.feature_gates); !status) {
      return fail(status.error());
    }
    arguments_.sources.built_in = program_.default_configuration;
    return load_configuration(arguments_.sources, program_.world, program_.catalog,
                              program_.check_components);
  }

  int invalid(const config::Diagnostics& diagnostics) {
    return failed("the configuration has mistakes:\n" + diagnostics.to_text());
  }

  int run_collector() {
    auto configuration = load();
    if (!configuration) return failed(configuration.error().message);
    if (configuration->diagnostics.has_errors()) {
      program_.write_error(start_mistakes(configuration->document.telemetry.logs.encoding,
                                          configuration->diagnostics));
      return kExitError;
    }
    return program_.run(arguments_, std::move(*configuration));
  }

  int validate() {
    const auto configuration = load();
    if (!configuration) return failed(configuration.error().message);
    if (explains_) {
      program_.write_out(config::explain(configuration->root, configuration->diagnostics));
    }
    if (configuration->diagnostics.has_errors()) return invalid(configuration->diagnostics);
    if (!explains_) program_.write_error(configuration->diagnostics.to_text());  // warnings
    return kExitOk;
  }

  int migrate() {
    const Result<std::string> text = program_.world.read_file(old_file_);
    if (!text) return failed("--config " + old_file_ + ": " + text.error().message);
    const Result<migration::Migrated> migrated = migration::migrate(*text, old_file_);
    if (!migrated) return failed(migrated.error().message);
    program_.write_out(migrated->text);
    for (const migration::Change& change : migrated->changes) {
      program_.write_error(change.place.to_text() + ": " + change.path + ": " + change.reason +
                           "\n");
    }
    return kExitOk;
  }

  int print_config() {
    const auto configuration = load();
    if (!configuration) return failed(configuration.error().message);
    if (print_.validates && configuration->diagnostics.has_errors()) {
      return invalid(configuration->diagnostics);
    }
    program_.write_out(config::print(
        configuration->root, configuration->diagnostics,
        print_.format == "json" ? config::PrintFormat::kJson : config::PrintFormat::kYaml,
        print_.mode == "unredacted" ? config::SecretMode::kUnredacted
                                    : config::SecretMode::kRedacted));
    return kExitOk;
  }

  const Program& program_;
  CLI::App app_{"Millrace: an OpenTelemetry collector", "millrace"};
  CollectorArguments arguments_;
  DoctorArguments doctor_;
  TestArguments test_;
  PrintArguments print_;
  bool explains_ = false;  // validate
  std::string old_file_;   // migrate
  std::string gate_id_;
  std::string shell_;
};

}  // namespace

int run_command_line(int argc, const char* const* argv, const Program& program) {
  try {
    return CommandLine(program).parse_and_run(argc, argv);
  } catch (const std::exception& error) {
    program.write_error(std::string("Error: ") + error.what() + "\n");
    return kExitError;
  }
}

}  // namespace millrace::cli
