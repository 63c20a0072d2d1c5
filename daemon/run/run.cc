#include "daemon/run/run.h"

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "assembly/collector.h"
#include "assembly/plan_from_document.h"
#include "base/log.h"
#include "base/printable_text.h"
#include "daemon/cli/listing.h"
#include "daemon/cli/start_error.h"
#include "daemon/run/crash_point.h"
#include "daemon/run/drain_progress.h"
#include "daemon/run/free_heap.h"
#include "daemon/run/process_output.h"
#include "daemon/run/service_manager.h"
#include "daemon/run/signals.h"
#include "daemon/run/start_fields.h"
#include "daemon/run/threads.h"
#include "io/disk.h"
#include "io/executor.h"
#include "io/file.h"
#include "io/system.h"
#include "io/writable_place.h"
#include "kafka/library.h"

namespace millrace::daemon {

const char* const kDefaultConfiguration = R"(extensions:
  console:
receivers:
  otlp:
    protocols:
      grpc:
      http:
exporters:
  debug:
    verbosity: basic
service:
  extensions: [console]
  pipelines:
    traces:
      receivers: [otlp]
      exporters: [debug]
    metrics:
      receivers: [otlp]
      exporters: [debug]
    logs:
      receivers: [otlp]
      exporters: [debug]
)";

namespace {

constexpr Duration kHeapCheckInterval = 5s;
// The time after a second signal in which components that are not stuck count their losses. The
// process then ends in any state.
constexpr Duration kSecondSignalGrace = 500ms;
// The time in which the last lines must be read before the process ends without them.
constexpr Duration kLastLinesTime = 1s;

assembly::MachineFacts machine_facts() {
  return {.memory_bytes = io::memory_limit_bytes(io::read_small_file()),
          .check_directory = io::check_directory,
          .check_file = io::check_file};
}

// glibc gives each thread an arena of its own, and large blocks move into them with time; a
// collector's large blocks are chunks, which are pooled anyway. Two arenas and a fixed threshold
// keep the resident size close to the memory in use.
void limit_allocator_arenas() {
  mallopt(M_ARENA_MAX, 2);
  mallopt(M_MMAP_THRESHOLD, 256 << 10);
  mallopt(M_TRIM_THRESHOLD, 1 << 20);
}

// librdkafka allocates a block of about 1 MiB for each answer with messages and frees it when they
// are processed. Mapped anew each time, it takes a page fault for each 4 KiB (docs/performance.md,
// Kafka). Up to 8 MiB of the heap stay instead, half of what a receiver reserves for reading ahead.
void keep_blocks_of_librdkafka() {
  mallopt(M_MMAP_THRESHOLD, 4 << 20);
  mallopt(M_TRIM_THRESHOLD, 8 << 20);
}

// A warning that shows lines to write keeps its lines, with its fields in front of them.
void log_warning(const config::Diagnostic& warning, LogEncoding encoding, Logger& log) {
  const std::string place = warning.place.to_text();
  const std::string text = warning.full_text();
  const std::array<LogField, 2> fields = {{{"place", place}, {"path", warning.path}}};
  if (encoding == LogEncoding::kJson || !text.contains('\n')) {
    return log.log(LogLevel::kWarn, text, fields);
  }
  std::string block;
  append_printable(block, place + ": " + warning.path + ": ");
  for (std::string_view rest = text; !rest.empty();) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    append_printable(block, rest.substr(0, end));
    rest.remove_prefix(std::min(rest.size(), end + 1));
    if (!rest.empty()) block += '\n';
  }
  log.log_block(LogLevel::kWarn, block);
}

void greet(const assembly::Plan& plan, Logger& log) {
  const auto greet_of = [&log](std::string_view kind, const std::string& id,
                               const std::vector<assembly::ListenerPlan>& listeners) {
    for (const assembly::ListenerPlan& listener : listeners) {
      log.info("listening", {{kind, id},
                             {"protocol", listener.listener.protocol},
                             {"endpoint", listener.listener.options.endpoint},
                             {"tls", listener.tls != nullptr ? "yes" : "no"}});
    }
  };
  for (const assembly::ReceiverPlan& receiver : plan.receivers) {
    greet_of("receiver", receiver.id, receiver.listeners);
  }
  for (const assembly::ExporterPlan& exporter : plan.exporters) {
    greet_of("exporter", exporter.id, exporter.listeners);
  }
  if (plan.console) {
    log.info("the console is served",
             {{"url", "http://" + plan.console->endpoint + "/"},
              {"needs_token", plan.console->token.empty() ? "no" : "yes"}});
  }
}

// The text to print when the program is started without a configuration.
std::string first_steps(const assembly::Plan& plan) {
  std::string text =
      "\nMillrace listens on localhost:4317 and :4318 (either port, OTLP over gRPC or HTTP) and\n"
      "shows here what arrives. Point an OpenTelemetry SDK at it:\n\n"
      "  export OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318\n"
      "  export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf\n\n"
      "or, over gRPC:\n\n"
      "  export OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4317\n"
      "  export OTEL_EXPORTER_OTLP_PROTOCOL=grpc\n\n"
      "Nothing to send? In another terminal:  millrace generate --total 10\n";
  if (plan.metrics_page) {
    text += "Its own metrics: http://localhost:" + std::to_string(plan.metrics_page->port) +
            "/metrics\n";
  }
  if (plan.console) {
    text += "See what passes:  http://localhost:" + std::to_string(plan.console->port) + "/\n";
  }
  return text + "\n";
}

// For the main thread, which has no loop.
MonotonicTime monotonic_now() {
  return MonotonicTime(std::chrono::steady_clock::now().time_since_epoch());
}

enum class End : uint8_t { kDrained, kSecondSignal };

// Runs until the first ending signal, drains, and returns when all is settled or a second one
// comes.
End serve(assembly::Collector& collector, Threads& threads, SignalWait& signals,
          const ServiceManager& manager, Duration drain_timeout, Logger& log) {
  io::Loop& first = *threads.loops().front();
  std::optional<DrainProgress> draining;
  for (;;) {
    const bool shows_progress = draining && draining->is_shown();
    const int signal =
        signals.wait(shows_progress ? terminal_text::ProgressLine::kInterval : kHeapCheckInterval);
    if (signal == SignalWait::kTimeIsUp) {
      if (shows_progress) {
        draining->show(monotonic_now());
      } else {
        trim_free_heap();
      }
      continue;
    }
    if (signal == SignalWait::kWoken) return End::kDrained;
    if (signal == SIGHUP) {
      log.warn(
          "SIGHUP: reloading is not supported in this version; the configuration is unchanged");
      continue;
    }
    if (!is_ending_signal(signal)) {
      log.info("a signal without an effect here was ignored", {{"signal", strsignal(signal)}});
      continue;
    }
    if (draining) return End::kSecondSignal;
    draining.emplace(collector.ledger(), monotonic_now());
    manager.stopping("Delivering what is queued");
    log.info("stopping: intake is closed, queued data is delivered; a second signal ends at once",
             {{"signal", strsignal(signal)}, {"within_s", drain_timeout / 1s}});
    first.post([&collector, &signals] { collector.drain([&signals] { signals.wake(); }); });
  }
}

int failed(ProcessOutput& output, LogEncoding encoding, const Error& error) {
  output.standard_error().write(cli::start_error(encoding, error.message));
  output.flush(kLastLinesTime);
  return cli::kExitError;
}

}  // namespace

void check_components(const config::Document& document, config::Diagnostics& diagnostics) {
  static_cast<void>(assembly::make_plan(document, machine_facts(), diagnostics));
}

int run_collector(const cli::CollectorArguments& arguments, cli::Configuration configuration) {
  limit_allocator_arenas();
  const LogEncoding encoding = configuration.document.telemetry.logs.encoding;
  auto signals = SignalWait::create([] { _exit(cli::kExitEndedEarly); }, kSecondSignalGrace);
  if (!signals) {
    print_error(cli::start_error(encoding, signals.error().message));
    return cli::kExitError;
  }
  std::optional<assembly::Plan> plan =
      assembly::make_plan(configuration.document, machine_facts(), configuration.diagnostics);
  if (!plan) {
    print_error(cli::start_mistakes(encoding, configuration.diagnostics));
    return cli::kExitError;
  }
  if (kafka::is_library_mapped()) keep_blocks_of_librdkafka();
  ProcessOutput output(plan->log, configuration.document.telemetry.logs_to_stdout);
  Logger& log = output.log();
  log.log(LogLevel::kInfo, "starting", start_fields(arguments, configuration));
  for (const config::Diagnostic& warning : configuration.diagnostics.all()) {
    log_warning(warning, encoding, log);
  }
  const unsigned workers =
      io::usable_processor_count(io::read_small_file(), io::affinity_processor_count());
  io::raise_descriptor_limit();
  const auto console =
      plan->console ? Threads::ConsoleLoop::kWithConsole : Threads::ConsoleLoop::kNone;
  auto threads =
      Threads::create(workers, console, [&log](std::string_view what, const Error& error) {
        log.warn(what, {{"error", error.message}});
      });
  if (!threads) {
    return failed(output, encoding, threads.error());
  }
  const std::unique_ptr<io::FileSystem> files = io::make_file_system();
  const std::unique_ptr<io::Disk> disk = io::make_disk();
  const assembly::Plan& running_plan = *plan;
  auto collector = assembly::Collector::create(
      running_plan, {.loops = (*threads)->loops(),
                     .log = &log,
                     .unsampled_log = &output.unsampled_log(),
                     .outputs_of_process = {.log = &output.log_output(),
                                            .standard_output = &output.standard_output(),
                                            .standard_error = &output.standard_error()},
                     .files = files.get(),
                     .wall_clock = [] { return WallTime(std::chrono::system_clock::now()); },
                     .disk = disk.get(),
                     .make_lane = [](const std::string& name) { return io::make_executor(name); },
                     .at_storage_point = crash_point(),
                     .console_loop = (*threads)->console_loop(),
                     .share_ports = workers > 1});
  if (!collector) {
    return failed(output, encoding, collector.error());
  }
  const metrics::Registry::Handle dropped_lines =
      (*collector)
          ->metrics()
          .counter_function(
              "millrace_log_dropped_lines",
              "Log lines that were dropped because their reader was too slow or writing failed.",
              {}, [&output] { return static_cast<double>(output.log_output().dropped_lines()); });
  const metrics::Registry::Handle build_info =
      (*collector)
          ->metrics()
          .gauge("millrace_build_info", "1; the labels say what was built.",
                 {{"version", std::string(cli::version())}, {"commit", std::string(cli::commit())}},
                 [] { return 1.0; });
  if (arguments.sources.configs.empty()) output.standard_error().write(first_steps(running_plan));
  greet(running_plan, log);
  log.info("everything is ready",
           {{"workers", workers}, {"memory_budget_mib", running_plan.budget_bytes >> 20}});
  (*threads)->start();
  const char* notify_socket = std::getenv("NOTIFY_SOCKET");
  const ServiceManager manager(notify_socket == nullptr ? "" : notify_socket);
  manager.ready("Receiving");
  const End ended =
      serve(**collector, **threads, *signals, manager, running_plan.drain_timeout, log);
  (*threads)->stop_and_join();
  if (ended == End::kSecondSignal) {
    log.warn("stopped by a second signal before the queues were empty");
  }
  (*collector)->end();
  for (const ledger::Imbalance& imbalance : (*collector)->imbalances()) {
    log.error("bug: the ledger does not balance", {{"account", imbalance.to_text()}});
  }
  output.write_ledger((*collector)->last_line());
  output.flush(kLastLinesTime);
  return ended == End::kDrained ? cli::kExitOk : cli::kExitEndedEarly;
}

}  // namespace millrace::daemon
