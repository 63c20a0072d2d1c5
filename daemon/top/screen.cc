#include "daemon/top/screen.h"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/terminal_text/units.h"

namespace millrace::top {
namespace {

using terminal_text::bytes_text;
using terminal_text::Cell;
using terminal_text::clock_text;
using terminal_text::Column;
using terminal_text::count_text;
using terminal_text::line_of;
using terminal_text::short_count_text;
using terminal_text::span_text;
using terminal_text::Style;
using terminal_text::Table;
using Align = Column::Align;

constexpr size_t kMemoryColumns = 30;
constexpr size_t kQueueColumns = 10;
constexpr double kFull = 0.8;  // of a queue or the memory: from here on it is marked

std::string unsigned_count(int64_t count) {
  return count_text(static_cast<uint64_t>(std::max<int64_t>(0, count)));
}

std::string bytes_of(int64_t bytes) {
  return bytes_text(static_cast<uint64_t>(std::max<int64_t>(0, bytes)));
}

Cell rate_cell(const std::optional<double>& rate, Style style) {
  if (!rate) return {"-", Style::kDim};
  return {short_count_text(*rate), *rate > 0 ? style : Style::kDim};
}

double part_of(int64_t used, int64_t most) {
  return most > 0 ? static_cast<double>(used) / static_cast<double>(most) : 0;
}

void add(Lines& to, Lines lines) {
  to.emplace_back();
  for (std::string& line : lines) to.push_back(std::move(line));
}

Lines head(const Sample& sample, const std::string& trouble, const Layout& layout) {
  Lines lines = {line_of(fmt::format("millrace {}  up {}, {} workers, {}", sample.version,
                                     span_text(sample.uptime_s), sample.workers,
                                     sample.is_draining    ? "draining"
                                     : sample.is_accepting ? "accepting"
                                                           : "NOT accepting"),
                         Style::kBold, layout)};
  const double part = part_of(sample.memory_used, sample.memory_limit);
  lines.push_back(line_of(fmt::format("memory {} {} of {}, peak {}", bar(part, kMemoryColumns),
                                      bytes_of(sample.memory_used), bytes_of(sample.memory_limit),
                                      bytes_of(sample.memory_peak)),
                          part >= kFull ? Style::kWarning : Style::kPlain, layout));
  if (!trouble.empty()) {
    const std::string first = trouble.substr(0, trouble.find('\n'));
    lines.push_back(line_of("no answer: " + first, Style::kBad, layout));
  }
  for (const std::string& alert : sample.alerts) {
    lines.push_back(line_of("! " + alert, Style::kBad, layout));
  }
  return lines;
}

Lines receivers(const Sample& sample, const Rates& rates, const Layout& layout) {
  Table table({{.title = "RECEIVER", .may_shrink = true},
               {.title = "SIGNAL"},
               {.title = "IN/S", .align = Align::kRight},
               {.title = "REFUSED/S", .align = Align::kRight},
               {.title = "ACCEPTED", .align = Align::kRight},
               {.title = "REFUSED", .align = Align::kRight}});
  for (const Sample::Receiver& each : sample.receivers) {
    table.add({{each.name},
               {each.signal},
               rate_cell(rates.of("accepted", name_of(each)), Style::kGood),
               rate_cell(rates.of("refused", name_of(each)), Style::kBad),
               {unsigned_count(each.accepted)},
               {unsigned_count(each.refused), each.refused > 0 ? Style::kBad : Style::kDim}});
  }
  return table.lines(layout);
}

Lines pipelines(const Sample& sample, const Rates& rates, const Layout& layout) {
  Table table({{.title = "PIPELINE", .may_shrink = true},
               {.title = "IN/S", .align = Align::kRight},
               {.title = "REMOVED/S", .align = Align::kRight},
               {.title = "ADMITTED", .align = Align::kRight},
               {.title = "REMOVED", .align = Align::kRight},
               {.title = "WAY", .may_shrink = true}});
  for (const Sample::Pipeline& each : sample.pipelines) {
    table.add(
        {{each.id},
         rate_cell(rates.of("admitted", each.id), Style::kGood),
         rate_cell(rates.of("removed", each.id), Style::kPlain),
         {unsigned_count(each.admitted)},
         {unsigned_count(terminal_text::sum_of(each.filtered, each.sampled_out)), Style::kDim},
         {each.way, Style::kDim}});
  }
  return table.lines(layout);
}

Cell state_cell(const Sample::Destination& each) {
  if (each.is_breaker_open) return {"breaker open", Style::kBad};
  if (each.consecutive_failures > 0) {
    return {fmt::format("{} failed in a row", each.consecutive_failures), Style::kWarning};
  }
  return {"ok", Style::kGood};
}

Lines destinations(const Sample& sample, const Rates& rates, const Layout& layout) {
  Table table({{.title = "DESTINATION", .may_shrink = true},
               {.title = "SIGNAL"},
               {.title = "OUT/S", .align = Align::kRight},
               {.title = "FAILED/S", .align = Align::kRight},
               {.title = "QUEUE"},
               {.title = "", .align = Align::kRight},
               {.title = "OLDEST", .align = Align::kRight},
               {.title = "IN FLIGHT", .align = Align::kRight},
               {.title = "STATE"},
               {.title = "LAST ANSWER", .may_shrink = true}});
  for (const Sample::Destination& each : sample.destinations) {
    const double part = part_of(each.queue, each.queue_capacity);
    const Style fill = part >= kFull ? Style::kBad : Style::kPlain;
    table.add({{each.name},
               {each.signal},
               rate_cell(rates.of("sent", name_of(each)), Style::kGood),
               rate_cell(rates.of("failed", name_of(each)), Style::kBad),
               {bar(part, kQueueColumns), fill},
               {fmt::format("{:.0f} %", part * 100), fill},
               {each.oldest_age_s ? span_text(*each.oldest_age_s) : ""},
               {unsigned_count(each.in_flight)},
               state_cell(each),
               {each.last_answer, Style::kDim}});
  }
  return table.lines(layout);
}

Lines refusals(const Sample& sample, const Layout& layout) {
  Table table({{.title = "LAST REFUSALS"},
               {.title = "TIMES", .align = Align::kRight},
               {.title = "RECEIVER", .may_shrink = true},
               {.title = "SENDER", .may_shrink = true},
               {.title = "REASON", .may_shrink = true},
               {.title = "DETAIL", .may_shrink = true}});
  for (const Sample::Refusal& each : sample.refusals) {
    const auto at = static_cast<uint64_t>(std::clamp<int64_t>(each.at_ms, 0, 9'000'000'000'000));
    table.add({{clock_text(at * 1'000'000), Style::kDim},
               {unsigned_count(each.count)},
               {each.receiver},
               {each.peer},
               {each.reason, Style::kBad},
               {each.detail}});
  }
  return table.lines(layout);
}

}  // namespace

std::string bar(double part, size_t width) {
  const auto filled =
      static_cast<size_t>(std::clamp(part, 0.0, 1.0) * static_cast<double>(width) + 0.5);
  std::string text;
  for (size_t i = 0; i < width; ++i) text += i < filled ? "█" : "░";
  return text;
}

Lines picture(const Sample& sample, const Rates& rates, const std::string& trouble,
              const Layout& layout) {
  Lines lines = head(sample, trouble, layout);
  if (!sample.receivers.empty()) add(lines, receivers(sample, rates, layout));
  if (!sample.pipelines.empty()) add(lines, pipelines(sample, rates, layout));
  if (!sample.destinations.empty()) add(lines, destinations(sample, rates, layout));
  if (!sample.refusals.empty()) add(lines, refusals(sample, layout));
  return lines;
}

Lines waiting(const std::string& address, const std::string& trouble, const Layout& layout) {
  Lines lines = {line_of("asking " + address + " ...   q end", Style::kPlain, layout)};
  for (std::string_view rest = trouble; !rest.empty();) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    lines.push_back(line_of(rest.substr(0, end), Style::kBad, layout));
    rest.remove_prefix(std::min(rest.size(), end + 1));
  }
  return lines;
}

Lines help(const Layout& layout) {
  Lines lines;
  for (const auto& [text, style] : std::initializer_list<std::pair<const char*, Style>>{
           {"millrace top", Style::kBold},
           {"", Style::kPlain},
           {"  q, Ctrl-C   end", Style::kPlain},
           {"  ?           this help, and back", Style::kPlain},
           {"  space       stop and continue", Style::kPlain},
           {"", Style::kPlain},
           {"  IN/S, OUT/S       items a second since the picture before", Style::kPlain},
           {"  REMOVED           filtered or sampled out by processors", Style::kPlain},
           {"  FAILED            refused for good by the destination, or by its full queue",
            Style::kPlain},
           {"  QUEUE, OLDEST     how full the queue is, and the age of what waits longest",
            Style::kPlain},
           {"  STATE             whether sending is suspended (breaker open) or fails",
            Style::kPlain},
           {"", Style::kPlain},
           {"millrace ledger shows what became of each item.", Style::kDim}}) {
    lines.push_back(line_of(text, style, layout));
  }
  return lines;
}

}  // namespace millrace::top
