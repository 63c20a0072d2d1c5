#include "base/log.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <map>
#include <mutex>

#include "base/json_string.h"

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

std::string json_line(int64_t wall_ms, LogLevel level, std::string_view message,
                      std::initializer_list<LogField> fields) {
  std::string line = "{\"ts\":\"" + timestamp(wall_ms) + "\",\"level\":\"";
  line += kLevelNames[static_cast<size_t>(level)];
  line += "\",\"msg\":";
  append_json_string(line, message);
  for (const LogField& field : fields) {
    line += ',';
    append_json_string(line, field.key);
    line += ':';
    if (field.is_number) {
      line += field.value;
    } else {
      append_json_string(line, field.value);
    }
  }
  return line + "}\n";
}

// Whether a value can stand in a console line as it is: nothing in it that ends the value, the line
// or the text, as the escape sequences of terminals do.
bool is_bare(std::string_view value) {
  return !value.empty() && std::ranges::none_of(value, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte == 0x7f || c == '"' || c == '=';
  });
}

std::string console_line(int64_t wall_ms, LogLevel level, std::string_view message,
                         std::initializer_list<LogField> fields) {
  std::string line = timestamp(wall_ms) + "\t";
  line += kLevelNames[static_cast<size_t>(level)];
  line += '\t';
  line += message;
  for (const LogField& field : fields) {
    line += ' ';
    line += field.key;
    line += '=';
    if (is_bare(field.value)) {
      line += field.value;
    } else {
      append_json_string(line, field.value);
    }
  }
  return line + "\n";
}

}  // namespace

struct Logger::State {
  std::mutex mutex;
  Sink sink;
  WallMillis now;
  struct Count {
    int64_t tick = -1;
    uint32_t seen = 0;
  };
  // Messages are literals of this program, so the table is bounded by the program's text.
  std::map<std::string, Count, std::less<>> counts;
  uint64_t suppressed = 0;
};

Logger::Logger(LogOptions options, Sink sink, WallMillis now)
    : options_(options), state_(std::make_unique<State>()) {
  state_->sink = std::move(sink);
  state_->now = std::move(now);
}

Logger::~Logger() = default;

uint64_t Logger::suppressed_count() const {
  const std::lock_guard lock(state_->mutex);
  return state_->suppressed;
}

void Logger::log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  if (!enabled(level) || !state_->sink) return;
  const std::lock_guard lock(state_->mutex);
  const int64_t now_ms = state_->now ? state_->now() : 0;
  if (options_.sampling_enabled && options_.sampling_tick_ms > 0) {
    auto found = state_->counts.find(message);
    if (found == state_->counts.end()) {
      found = state_->counts.emplace(std::string(message), State::Count{}).first;
    }
    State::Count& count = found->second;
    const int64_t tick = now_ms / options_.sampling_tick_ms;
    if (count.tick != tick) count = {.tick = tick, .seen = 0};
    ++count.seen;
    if (count.seen > options_.sampling_initial) {
      const uint32_t beyond = count.seen - options_.sampling_initial;
      const bool kept =
          options_.sampling_thereafter != 0 && beyond % options_.sampling_thereafter == 0;
      if (!kept) {
        ++state_->suppressed;
        return;
      }
    }
  }
  state_->sink(options_.encoding == LogEncoding::kJson
                   ? json_line(now_ms, level, message, fields)
                   : console_line(now_ms, level, message, fields));
}

}  // namespace millrace
