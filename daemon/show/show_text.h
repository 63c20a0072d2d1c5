// Answers of the console's API (src/extensions/console/openapi.json) as lines for a terminal. Each
// takes any JSON object: what is missing in it is left empty. Pure functions; linear.
#pragma once

#include <string>
#include <vector>

#include "daemon/terminal_text/table.h"
#include "json_answer/json_answer.h"

namespace millrace::show {

using json_answer::JsonAnswer;
using terminal_text::Layout;
using Lines = std::vector<std::string>;

Lines trace_list_lines(const JsonAnswer& list, const Layout& layout);
Lines trace_lines(const JsonAnswer& trace, const Layout& layout);
// kReversed: for an answer that begins with the newest record.
enum class LogOrder : uint8_t { kAsGiven, kReversed, kByTime };
enum class Titles : uint8_t { kShown, kLeftOut };
Lines log_lines(const JsonAnswer& list, const Layout& layout, LogOrder order, Titles titles);
Lines metric_list_lines(const JsonAnswer& list, const Layout& layout);
Lines metric_lines(const JsonAnswer& metric, const Layout& layout);
Lines ledger_lines(const JsonAnswer& ledger, const Layout& layout);

// "▁▃█" of the numbers, the last `width` of them; empty without numbers.
std::string sparkline(const std::vector<double>& values, size_t width);
// "key=value key=value" of a list of attributes as the API writes it.
std::string attributes_text(const JsonAnswer& item, std::string_view path);

}  // namespace millrace::show
