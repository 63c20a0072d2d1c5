#include "daemon/run/process_output.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "daemon/cli/start_error.h"

namespace millrace::daemon {
namespace {

std::unique_ptr<Logger> make_logger(const LogOptions& options, io::TextOutput& output) {
  return std::make_unique<Logger>(
      options, [&output](std::string_view line) { output.write(line); }, cli::wall_milliseconds);
}

std::string missing_lines(const LogOptions& options, uint64_t lines) {
  std::string text;
  LogOptions unsampled = options;
  unsampled.sampling_enabled = false;
  Logger logger(unsampled, [&text](std::string_view line) { text = line; }, cli::wall_milliseconds);
  logger.error("log lines were dropped because their reader was too slow or writing failed",
               {{"dropped_lines", lines}});
  return text;
}

std::unique_ptr<io::TextOutput> make_output(int descriptor, bool is_log,
                                            const LogOptions& options) {
  io::TextOutput::Options how{.descriptor = descriptor};
  if (is_log) how.notice = [options](uint64_t lines) { return missing_lines(options, lines); };
  return std::make_unique<io::TextOutput>(std::move(how));
}

bool is_number(std::string_view text) {
  return !text.empty() && text.size() < 20 &&
         std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; });
}

}  // namespace

// "ledger: admitted=5 dropped=3 (expired=1 queue_full=2) held=0 balance=ok"
std::vector<std::pair<std::string, std::string>> ledger_fields(std::string_view line) {
  std::vector<std::pair<std::string, std::string>> fields;
  std::string_view rest = line.substr(std::min(line.size(), line.find(' ') + 1));
  bool is_reason = false;
  while (!rest.empty()) {
    if (rest.front() == '(') {
      is_reason = true;
      rest.remove_prefix(1);
    }
    const size_t equals = rest.find('=');
    if (equals == std::string_view::npos) break;
    const std::string_view name = rest.substr(0, equals);
    const size_t end = name == "balance" ? rest.size() : std::min(rest.find(' '), rest.size());
    std::string_view value = rest.substr(equals + 1, end - equals - 1);
    const bool is_last_reason = is_reason && value.ends_with(')');
    if (is_last_reason) value.remove_suffix(1);
    fields.emplace_back((is_reason ? "dropped_" : "") + std::string(name), value);
    if (is_last_reason) is_reason = false;
    rest.remove_prefix(std::min(rest.size(), end + 1));
  }
  return fields;
}

ProcessOutput::ProcessOutput(const LogOptions& options, bool logs_to_stdout)
    : options_(options),
      standard_output_(make_output(STDOUT_FILENO, logs_to_stdout, options)),
      standard_error_(make_output(STDERR_FILENO, !logs_to_stdout, options)),
      log_output_(logs_to_stdout ? standard_output_.get() : standard_error_.get()),
      log_(make_logger(options, *log_output_)) {
  LogOptions unsampled = options;
  unsampled.sampling_enabled = false;
  unsampled_log_ = make_logger(unsampled, *log_output_);
}

void ProcessOutput::write_ledger(std::string_view line) {
  if (options_.encoding == LogEncoding::kConsole) {
    log_output_->write(std::string(line) + "\n");
    return;
  }
  // The ledger's line states how the process ended: it is written at every level of the log.
  LogOptions options = options_;
  options.level = LogLevel::kInfo;
  const auto pairs = ledger_fields(line);
  std::vector<LogField> fields;
  for (const auto& [name, value] : pairs) {
    fields.emplace_back(name, value);
    fields.back().is_number = is_number(value);
  }
  make_logger(options, *log_output_)->log(LogLevel::kInfo, "ledger", fields);
}

void ProcessOutput::flush(Duration within) {
  const auto until = std::chrono::steady_clock::now() + within;
  for (io::TextOutput* output : {standard_error_.get(), standard_output_.get()}) {
    const Duration left = until - std::chrono::steady_clock::now();
    output->flush(std::max(left, Duration(0)));
  }
}

void print_error(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(STDERR_FILENO, text.data(), text.size());
    if (written <= 0) return;
    text.remove_prefix(static_cast<size_t>(written));
  }
}

}  // namespace millrace::daemon
