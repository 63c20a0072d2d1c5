// The output of the collector's process: its log, and the lines of debug exporters, to standard
// output and standard error. Nothing here waits for a reader (io/text_output.h).
//
// Threads: created and destroyed by the main thread; logs and outputs are safe from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/time.h"
#include "io/text_output.h"

namespace millrace::daemon {

class ProcessOutput {
 public:
  ProcessOutput(const LogOptions& options, bool logs_to_stdout);

  Logger& log() { return *log_; }
  // Writes the same lines without sampling, for callers that limit their lines themselves.
  Logger& unsampled_log() { return *unsampled_log_; }
  io::TextOutput& log_output() { return *log_output_; }
  io::TextOutput& standard_output() { return *standard_output_; }
  io::TextOutput& standard_error() { return *standard_error_; }

  // Writes the ledger's last line: unchanged to a console, as an object in JSON.
  void write_ledger(std::string_view line);
  // Waits until all lines are written, for at most `within` altogether.
  void flush(Duration within);

 private:
  const LogOptions options_;
  std::unique_ptr<io::TextOutput> standard_output_;
  std::unique_ptr<io::TextOutput> standard_error_;
  io::TextOutput* const log_output_;
  std::unique_ptr<Logger> log_;
  std::unique_ptr<Logger> unsampled_log_;
};

// The numbers of the ledger's last line; those in parentheses become "dropped_<reason>".
std::vector<std::pair<std::string, std::string>> ledger_fields(std::string_view line);

// Prints one error before there is a log. Waits for the reader.
void print_error(std::string_view text);

}  // namespace millrace::daemon
