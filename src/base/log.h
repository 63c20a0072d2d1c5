// Structured logging without globals: each object that logs is given a Logger.
//
// A line has a level, a message that never varies (so that it can be counted and limited) and
// fields. Lines of the same message, component and reason beyond `initial` in a window are counted
// and sampled, as otelcol's service.telemetry.logs.sampling defines it; the component is the value
// of the first field that names one ("exporter", "receiver", …), the reason that of the field
// "reason". So a flood of one kind of line does not hide another kind. No text in a message or a
// field can start a new line or reach a terminal as a control sequence (base/printable_text.h).
// Threads: Logger is safe from any thread; it takes a lock, so it is not called on the per-request
// path except for errors, which are limited.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace millrace {

enum class LogLevel : uint8_t { kDebug, kInfo, kWarn, kError };

struct LogField {
  std::string_view key;
  std::string value;
  LogField(std::string_view k, std::string_view v) : key(k), value(v) {}
  LogField(std::string_view k, const char* v) : key(k), value(v) {}
  LogField(std::string_view k, const std::string& v) : key(k), value(v) {}
  template <class Number>
    requires std::is_arithmetic_v<Number>
  LogField(std::string_view k, Number v) : key(k), value(std::to_string(v)), is_number(true) {}
  bool is_number = false;
};

enum class LogEncoding : uint8_t { kConsole, kJson };

struct LogOptions {
  LogLevel level = LogLevel::kInfo;
  LogEncoding encoding = LogEncoding::kConsole;
  bool sampling_enabled = true;
  int64_t sampling_tick_ms = 10'000;
  uint32_t sampling_initial = 10;      // lines of a key (see above) before sampling
  uint32_t sampling_thereafter = 100;  // then one line in this many; 0 drops the rest
};

class Logger {
 public:
  // Receives whole lines that end in '\n', under the logger's lock. A null sink writes nothing.
  using Sink = std::function<void(std::string_view line)>;
  // Milliseconds since the Unix epoch. A parameter, so that tests and the simulation set the time.
  using WallMillis = std::function<int64_t()>;

  Logger(LogOptions options, Sink sink, WallMillis now);
  ~Logger();
  bool enabled(LogLevel level) const { return level >= options_.level; }
  void log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {}) {
    log(level, message, std::span(fields.begin(), fields.size()));
  }
  void log(LogLevel level, std::string_view message, std::span<const LogField> fields);
  // Logs `lines` as the message without sampling. The console encoding keeps its line ends, so that
  // it is readable; the caller must have made the other characters printable.
  void log_block(LogLevel level, std::string_view lines, std::span<const LogField> fields = {});
  void debug(std::string_view m, std::initializer_list<LogField> f = {}) {
    log(LogLevel::kDebug, m, f);
  }
  void info(std::string_view m, std::initializer_list<LogField> f = {}) {
    log(LogLevel::kInfo, m, f);
  }
  void warn(std::string_view m, std::initializer_list<LogField> f = {}) {
    log(LogLevel::kWarn, m, f);
  }
  void error(std::string_view m, std::initializer_list<LogField> f = {}) {
    log(LogLevel::kError, m, f);
  }
  // The number of lines that sampling has dropped since the start.
  uint64_t suppressed_count() const;

 private:
  struct State;
  LogOptions options_;
  std::unique_ptr<State> state_;
};

}  // namespace millrace
