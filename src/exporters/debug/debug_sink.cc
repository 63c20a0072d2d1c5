#include "exporters/debug/debug_sink.h"

#include <algorithm>
#include <memory>

#include "exporters/debug/text.h"

namespace millrace::exporters {
namespace {

// Room for one piece, also when half of it is quotes that JSON doubles. It is looked at, not
// reserved: what another worker takes in between is counted as dropped by the output.
constexpr size_t kRoomBytes = 2 * BatchText::kPieceBytes;

class LogSink {
 public:
  LogSink(Logger& logger, io::TextOutput* output, std::string exporter)
      : logger_(logger), output_(output), exporter_(std::move(exporter)) {}

  bool summary(std::string_view message, const DebugSink::Counts& counts) {
    if (!has_room()) return drops(1);
    std::vector<LogField> fields{{"exporter", exporter_}};
    for (const auto& [name, count] : counts) fields.emplace_back(name, count);
    logger_.log(LogLevel::kInfo, message, fields);
    return true;
  }
  bool text(std::string_view lines) {
    if (!has_room()) return drops(static_cast<uint64_t>(std::ranges::count(lines, '\n')));
    const LogField field("exporter", exporter_);
    logger_.log_block(LogLevel::kInfo, lines, std::span(&field, 1));
    return true;
  }

 private:
  bool has_room() const { return output_ == nullptr || output_->has_room(kRoomBytes); }
  bool drops(uint64_t lines) {
    if (output_->stalled_for() < kReaderPatience) return false;
    output_->count_dropped(lines);
    return true;
  }

  Logger& logger_;
  io::TextOutput* const output_;
  const std::string exporter_;
};

class TextSink {
 public:
  explicit TextSink(std::vector<TryWrite> writes) : writes_(std::move(writes)) {}

  bool summary(std::string_view message, const DebugSink::Counts& counts) {
    std::string line(message);
    line += "\t{";
    for (const auto& [name, count] : counts) {
      if (line.back() != '{') line += ", ";
      line += '"' + std::string(name) + "\": " + std::to_string(count);
    }
    return text(line + "}\n");
  }
  bool text(std::string_view lines) {
    while (done_ < writes_.size()) {
      if (!writes_[done_](lines)) return false;
      ++done_;
    }
    done_ = 0;
    return true;
  }

 private:
  const std::vector<TryWrite> writes_;
  size_t done_ = 0;  // outputs that have what is being written
};

template <class Sink>
DebugSink sink_of(std::shared_ptr<Sink> sink) {
  return {
      .summary = [sink](std::string_view message,
                        const DebugSink::Counts& counts) { return sink->summary(message, counts); },
      .text = [sink](std::string_view lines) { return sink->text(lines); }};
}

}  // namespace

DebugSink make_log_sink(Logger& logger, io::TextOutput* output, std::string exporter) {
  return sink_of(std::make_shared<LogSink>(logger, output, std::move(exporter)));
}

DebugSink make_text_sink(std::vector<TryWrite> writes) {
  return sink_of(std::make_shared<TextSink>(std::move(writes)));
}

}  // namespace millrace::exporters
