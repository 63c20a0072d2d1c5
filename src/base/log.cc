#include "base/log.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <map>

#include "base/json_string.h"
#include "base/mutex.h"
#include "base/printable_text.h"

namespace millrace {
namespace {

constexpr std::array<std::string_view, 4> kLevelNames = {"debug", "info", "warn", "error"};

std::string timestamp(int64_t wall_ms) {
  const time_t seconds = wall_ms / 1000;
  tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 40> text{};
  const size_t length = strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::string result(text.data(), length);
  const std::string millis = std::to_string(wall_ms % 1000);
  return result + "." + std::string(3 - millis.size(), '0') + millis + "Z";
}

// Appends a JSON string that is safe to print: append_printable uses a subset of JSON's escapes.
void append_quoted(std::string& line, std::string_view text) {
  append_printable(line, json_string(text));
}

std::string json_line(int64_t wall_ms, LogLevel level, std::string_view message,
                      std::span<const LogField> fields) {
  std::string line = "{\"ts\":\"" + timestamp(wall_ms) + "\",\"level\":\"";
  line += kLevelNames[static_cast<size_t>(level)];
  line += "\",\"msg\":";
  append_quoted(line, message);
  for (const LogField& field : fields) {
    line += ',';
    append_quoted(line, field.key);
    line += ':';
    if (field.is_number) {
      line += field.value;
    } else {
      append_quoted(line, field.value);
    }
  }
  return line + "}\n";
}

// Whether a value can stand unquoted in a console line: it contains nothing that ends the value,
// the line or the text, such as a blank, a line end or a terminal's escape sequence.
bool is_bare(std::string_view value) {
  return !value.empty() && is_printable(value) &&
         value.find_first_of(" \"=") == std::string_view::npos;
}

enum class LineEnds : uint8_t { kEscaped, kKept };

std::string console_line(int64_t wall_ms, LogLevel level, std::string_view message,
                         std::span<const LogField> fields, LineEnds line_ends) {
  std::string line = timestamp(wall_ms) + "\t";
  line += kLevelNames[static_cast<size_t>(level)];
  line += '\t';
  if (line_ends == LineEnds::kKept) {
    line += message;
  } else {
    append_printable(line, message);
  }
  for (const LogField& field : fields) {
    line += line.back() == '\n' ? '\t' : ' ';
    append_printable(line, field.key);
    line += '=';
    if (is_bare(field.value)) {
      line += field.value;
    } else {
      append_quoted(line, field.value);
    }
  }
  if (line.back() != '\n') line += '\n';
  return line;
}

// Field names whose value is the id of a component.
constexpr std::array<std::string_view, 8> kComponentKeys = {"exporter",  "receiver",   "processor",
                                                            "connector", "extension",  "pipeline",
                                                            "storage",   "destination"};

std::string_view component_of(std::span<const LogField> fields) {
  for (const LogField& field : fields) {
    if (std::ranges::find(kComponentKeys, field.key) != kComponentKeys.end()) return field.value;
  }
  return {};
}

std::string_view reason_of(std::span<const LogField> fields) {
  const auto found = std::ranges::find(fields, "reason", &LogField::key);
  return found == fields.end() ? std::string_view() : std::string_view(found->value);
}

// The maximum of sampling counters. Further components and reasons share one counter for each
// message.
constexpr size_t kSampledKeysMax = 4096;

}  // namespace

struct Logger::State {
  Mutex mutex;
  // Set before the logger is used. Called under the lock, one line at a time.
  Sink sink;
  WallMillis now;
  struct Count {
    int64_t tick = -1;
    uint32_t seen = 0;
  };
  // False: the line is suppressed by sampling, and counted.
  bool admits(const LogOptions& options, int64_t now_ms, std::string_view message,
              std::span<const LogField> fields) MILLRACE_REQUIRES(mutex);
  // The key is the message, a zero byte, the component, a zero byte and the reason. Messages are
  // literals of this program.
  std::map<std::string, Count, std::less<>> counts MILLRACE_GUARDED_BY(mutex);
  uint64_t suppressed MILLRACE_GUARDED_BY(mutex) = 0;
};

Logger::Logger(LogOptions options, Sink sink, WallMillis now)
    : options_(options), state_(std::make_unique<State>()) {
  state_->sink = std::move(sink);
  state_->now = std::move(now);
}

Logger::~Logger() = default;

uint64_t Logger::suppressed_count() const {
  const MutexLock lock(state_->mutex);
  return state_->suppressed;
}

bool Logger::State::admits(const LogOptions& options, int64_t now_ms, std::string_view message,
                           std::span<const LogField> fields) {
  if (!options.sampling_enabled || options.sampling_tick_ms <= 0) return true;
  std::string key(message);
  key += '\0';
  const size_t message_end = key.size();
  key += component_of(fields);
  key += '\0';
  key += reason_of(fields);
  auto found = counts.find(key);
  if (found == counts.end()) {
    if (counts.size() >= kSampledKeysMax) key.resize(message_end);
    found = counts.try_emplace(std::move(key)).first;
  }
  Count& count = found->second;
  const int64_t tick = now_ms / options.sampling_tick_ms;
  if (count.tick != tick) count = {.tick = tick, .seen = 0};
  ++count.seen;
  if (count.seen <= options.sampling_initial) return true;
  const uint32_t beyond = count.seen - options.sampling_initial;
  if (options.sampling_thereafter != 0 && beyond % options.sampling_thereafter == 0) return true;
  ++suppressed;
  return false;
}

void Logger::log(LogLevel level, std::string_view message, std::span<const LogField> fields) {
  if (!enabled(level) || !state_->sink) return;
  const MutexLock lock(state_->mutex);
  const int64_t now_ms = state_->now ? state_->now() : 0;
  if (!state_->admits(options_, now_ms, message, fields)) return;
  state_->sink(options_.encoding == LogEncoding::kJson
                   ? json_line(now_ms, level, message, fields)
                   : console_line(now_ms, level, message, fields, LineEnds::kEscaped));
}

void Logger::log_block(LogLevel level, std::string_view lines, std::span<const LogField> fields) {
  if (!enabled(level) || !state_->sink) return;
  const MutexLock lock(state_->mutex);
  const int64_t now_ms = state_->now ? state_->now() : 0;
  state_->sink(options_.encoding == LogEncoding::kJson
                   ? json_line(now_ms, level, lines, fields)
                   : console_line(now_ms, level, lines, fields, LineEnds::kKept));
}

}  // namespace millrace
