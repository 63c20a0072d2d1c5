// What the collector's process writes: its log, and what debug exporters print, to standard output
// and standard error. Nothing here waits for a reader (io/text_output.h).
//
// Threads: made and ended by the main thread; logs and outputs are safe from any thread.
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
  // The same lines without sampling, for what limits itself.
  Logger& unsampled_log() { return *unsampled_log_; }
  io::TextOutput& log_output() { return *log_output_; }
  io::TextOutput& standard_output() { return *standard_output_; }
  io::TextOutput& standard_error() { return *standard_error_; }

  // The ledger's last line: as it is on the console, an object in JSON.
  void write_ledger(std::string_view line);
  // Waits for what is written to go out, for at most `within` altogether.
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

// Before there is a log: one error, directly. Waits for the reader.
void print_error(std::string_view text);

}  // namespace millrace::daemon
