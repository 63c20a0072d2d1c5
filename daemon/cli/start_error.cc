#include "daemon/cli/start_error.h"

#include <algorithm>
#include <chrono>
#include <tuple>

namespace millrace::cli {
namespace {

constexpr std::string_view kMistakes = "the configuration has mistakes";

LogOptions every_line(LogEncoding encoding) {
  return {.level = LogLevel::kWarn, .encoding = encoding, .sampling_enabled = false};
}

}  // namespace

int64_t wall_milliseconds() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

std::vector<const config::Diagnostic*> in_order_of_places(const config::Diagnostics& diagnostics) {
  std::vector<const config::Diagnostic*> ordered;
  for (const config::Diagnostic& diagnostic : diagnostics.all()) ordered.push_back(&diagnostic);
  // The addresses keep the order of those with the same place.
  std::ranges::sort(ordered, {}, [](const config::Diagnostic* each) {
    return std::tuple(std::string_view(each->place.file), each->place.line, each->place.column,
                      each);
  });
  return ordered;
}

std::string start_error(LogEncoding encoding, std::string_view message, const WallMillis& now) {
  if (encoding == LogEncoding::kConsole) {
    std::string text = "Error: " + std::string(message);
    if (!text.ends_with('\n')) text += '\n';
    return text;
  }
  std::string lines;
  Logger log(every_line(encoding), [&lines](std::string_view line) { lines += line; }, now);
  log.error("the start failed", {{"error", message}});
  return lines;
}

std::string start_mistakes(LogEncoding encoding, const config::Diagnostics& diagnostics,
                           const WallMillis& now) {
  if (encoding == LogEncoding::kConsole) {
    return start_error(encoding, std::string(kMistakes) + ":\n" + diagnostics.to_text(), now);
  }
  std::string lines;
  Logger log(every_line(encoding), [&lines](std::string_view line) { lines += line; }, now);
  for (const config::Diagnostic* diagnostic : in_order_of_places(diagnostics)) {
    const bool is_error = diagnostic->severity == config::Diagnostic::Severity::kError;
    log.log(is_error ? LogLevel::kError : LogLevel::kWarn, diagnostic->full_text(),
            {{"place", diagnostic->place.to_text()}, {"path", diagnostic->path}});
  }
  return lines + start_error(encoding, kMistakes, now);
}

}  // namespace millrace::cli
