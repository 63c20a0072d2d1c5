#include "ottl/time_text.h"

#include <algorithm>
#include <cstdlib>

#include "ottl/civil_time.h"
#include "ottl/time_directives.h"

namespace millrace::ottl {
namespace {

constexpr std::string_view kDirectives = "YymoqbhBdegaAHlIpPMSLfsZzwijkDxFTXrRnt%c";

void append_number(int64_t number, size_t width, char fill, std::string* out) {
  const std::string digits = std::to_string(number);
  if (digits.size() < width) out->append(width - digits.size(), fill);
  *out += digits;
}

// The digits of a fraction with its point, without zeros at its end; nothing when it is zero.
void append_fraction(int nanosecond, size_t digits_max, char point, std::string* out) {
  std::string digits;
  append_number(nanosecond, 9, '0', &digits);
  digits.resize(digits_max);
  while (digits.ends_with('0')) digits.pop_back();
  if (!digits.empty()) *out += point + digits;
}

void append_zone(int zone_minutes, char directive, std::string* out) {
  if (directive == 'Z' && zone_minutes == 0) {
    *out += "UTC";
    return;
  }
  if (directive == 'z' && zone_minutes == 0) {
    *out += 'Z';
    return;
  }
  *out += zone_minutes < 0 ? '-' : '+';
  const int minutes = std::abs(zone_minutes);
  append_number(minutes / 60, 2, '0', out);
  if (directive == 'i') return;
  if (directive == 'j' || directive == 'k') *out += ':';
  append_number(minutes % 60, 2, '0', out);
  if (directive == 'k') *out += ":00";
  if (directive == 'w') *out += "00";
}

void append_directive(char directive, const CivilTime& time, int zone_minutes, std::string* out) {
  const int hour12 = time.hour % 12 == 0 ? 12 : time.hour % 12;
  switch (directive) {
    case 'Y':
      return append_number(time.year, 4, '0', out);
    case 'y':
      return append_number(time.year % 100, 2, '0', out);
    case 'm':
      return append_number(time.month, 2, '0', out);
    case 'o':  // Go's layout has no month filled with blanks
      *out += '_';
      return append_number(time.month, 1, '0', out);
    case 'q':
      return append_number(time.month, 1, '0', out);
    case 'b':
    case 'h':
    case 'B':
      *out +=
          kMonths[static_cast<size_t>(time.month) - 1].substr(0, directive == 'B' ? kWholeName : 3);
      return;
    case 'd':
      return append_number(time.day, 2, '0', out);
    case 'e':
      return append_number(time.day, 2, ' ', out);
    case 'g':
      return append_number(time.day, 1, '0', out);
    case 'a':
    case 'A':
      *out += kDays[static_cast<size_t>(time.weekday)].substr(0, directive == 'A' ? kWholeName : 3);
      return;
    case 'H':
      return append_number(time.hour, 2, '0', out);
    case 'l':
      return append_number(hour12, 1, '0', out);
    case 'I':
      return append_number(hour12, 2, '0', out);
    case 'p':
      *out += time.hour >= 12 ? "PM" : "AM";
      return;
    case 'P':
      *out += time.hour >= 12 ? "pm" : "am";
      return;
    case 'M':
      return append_number(time.minute, 2, '0', out);
    case 'S':
      return append_number(time.second, 2, '0', out);
    case 'n':
      *out += '\n';
      return;
    case 't':
      *out += '\t';
      return;
    case '%':
      *out += '%';
      return;
    default:
      return append_zone(zone_minutes, directive, out);
  }
}

// Recursion: one level, of a directive that stands for others.
void print_format(std::string_view format, const CivilTime& time, int zone_minutes,
                  std::string* out) {
  for (size_t i = 0; i < format.size(); i++) {
    const bool is_directive = format[i] == '%' && i + 1 < format.size();
    if (begins_with_fraction(format.substr(i))) {
      append_fraction(time.nanosecond, fraction_digits(format[i + 2]), format[i], out);
      i += 2;
    } else if (!is_directive) {
      *out += format[i];
    } else if (const std::string_view others = expansion(format[++i]); !others.empty()) {
      print_format(others, time, zone_minutes, out);
    } else if (is_fraction(format[i])) {
      // Without a point, Go takes its own layout for text.
      out->append(fraction_digits(format[i]), '9');
    } else {
      append_directive(format[i], time, zone_minutes, out);
    }
  }
}

}  // namespace

std::optional<std::string> TimeFormat::check(std::string_view format) {
  if (format.empty()) return "the format is empty";
  if (std::ranges::any_of(format, is_digit)) return "the format must not have digits";
  for (size_t i = 0; i + 1 < format.size(); i++) {
    if (format[i] != '%') continue;
    const char directive = format[i + 1];
    if (!kDirectives.contains(directive)) {
      return "unknown directive \"%" + std::string(1, directive) + "\"";
    }
    if (is_fraction(directive) && i > 0 && format[i - 1] != '.' && format[i - 1] != ',') {
      return "a point or a comma must stand before \"%" + std::string(1, directive) + "\"";
    }
    i++;
  }
  return std::nullopt;
}

std::string TimeFormat::print(const ZonedTime& time) const {
  std::string out;
  print_format(format_, to_civil(time.unix_nano, time.zone_minutes), time.zone_minutes, &out);
  return out;
}

}  // namespace millrace::ottl
