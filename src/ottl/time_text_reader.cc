#include <algorithm>
#include <cctype>
#include <span>

#include "ottl/civil_time.h"
#include "ottl/time_directives.h"
#include "ottl/time_text.h"

namespace millrace::ottl {
namespace {

class Reading {
 public:
  Reading(std::string_view text, const TimeZone* zone) : text_(text), zone_(zone) {
    time_.year = 0;
  }

  bool read(std::string_view format);
  std::optional<ZonedTime> finish(int64_t now_unix_nano);

 private:
  std::optional<ZonedTime> instant() const;
  bool read_directive(char directive);
  bool read_literal(char c);
  bool read_number(size_t digits_min, size_t digits_max, int* number);
  void read_fraction();
  bool read_year(bool takes_short);
  bool read_name(std::span<const std::string_view> names, size_t size, int* index);
  bool read_half(bool is_upper);
  bool read_zone(char directive);
  bool read_zone_name();
  void skip_blanks() {
    while (!text_.empty() && std::isspace(static_cast<unsigned char>(text_[0])) != 0) {
      text_.remove_prefix(1);
    }
  }
  bool take(char c) {
    if (text_.empty() || text_[0] != c) return false;
    text_.remove_prefix(1);
    return true;
  }

  std::string_view text_;
  CivilTime time_;
  const TimeZone* zone_;
  std::optional<int64_t> zone_seconds_;  // what the text says
  bool is_afternoon_ = false;
  bool is_morning_ = false;
};

// Blanks match any number of blanks.
bool Reading::read_literal(char c) {
  if (c != ' ') return take(c);
  if (!text_.empty() && text_[0] != ' ') return false;
  while (take(' ')) {
  }
  return true;
}

bool Reading::read_number(size_t digits_min, size_t digits_max, int* number) {
  skip_blanks();
  size_t size = 0;
  *number = 0;
  while (size < digits_max && size < text_.size() && is_digit(text_[size])) {
    *number = *number * 10 + (text_[size++] - '0');
  }
  text_.remove_prefix(size);
  return size >= digits_min;
}

// With the point or comma before it, which may both be absent.
void Reading::read_fraction() {
  if (text_.size() < 2 || (text_[0] != '.' && text_[0] != ',') || !is_digit(text_[1])) return;
  text_.remove_prefix(1);
  int scale = 100'000'000;
  time_.nanosecond = 0;
  while (!text_.empty() && is_digit(text_[0])) {
    time_.nanosecond += (text_[0] - '0') * scale;
    scale /= 10;
    text_.remove_prefix(1);
  }
}

bool Reading::read_year(bool takes_short) {
  skip_blanks();
  const auto digit_end = std::ranges::find_if_not(text_.substr(0, 4), is_digit);
  const bool is_long = digit_end - text_.begin() == 4;
  int number = 0;
  if (is_long || !takes_short) {
    if (!read_number(4, 4, &number)) return false;
    time_.year = number;
    return true;
  }
  if (!read_number(2, 2, &number)) return false;
  time_.year = number + (number >= 69 ? 1900 : 2000);
  return true;
}

// Whole names, or their first `size` letters.
bool Reading::read_name(std::span<const std::string_view> names, size_t size, int* index) {
  const auto is_same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) ==
           std::tolower(static_cast<unsigned char>(b));
  };
  for (size_t i = 0; i < names.size(); i++) {
    const std::string_view name = names[i].substr(0, size);
    if (text_.size() < name.size()) continue;
    if (!std::ranges::equal(name, text_.substr(0, name.size()), is_same)) continue;
    text_.remove_prefix(name.size());
    *index = static_cast<int>(i);
    return true;
  }
  return false;
}

bool Reading::read_half(bool is_upper) {
  const std::string_view half = text_.substr(0, 2);
  is_afternoon_ = half == (is_upper ? "PM" : "pm");
  is_morning_ = half == (is_upper ? "AM" : "am");
  if (!is_afternoon_ && !is_morning_) return false;
  text_.remove_prefix(2);
  return true;
}

bool Reading::read_zone_name() {
  if (!text_.starts_with("UTC") && !text_.starts_with("GMT")) return false;
  text_.remove_prefix(3);
  zone_seconds_ = 0;
  return true;
}

// z: Z, +hhmm, +hh:mm or +hh; w: +hhmmss; i: +hh; j: +hh:mm; k: +hh:mm:ss.
bool Reading::read_zone(char directive) {
  if (directive == 'z') {
    skip_blanks();
    if (take('Z')) {
      zone_seconds_ = 0;
      return true;
    }
  }
  const bool is_west = !text_.empty() && text_[0] == '-';
  if (!take('-') && !take('+')) return false;
  const auto read_two = [&](int* number) {
    if (text_.size() < 2 || !is_digit(text_[0]) || !is_digit(text_[1])) return false;
    return read_number(2, 2, number);
  };
  int hours = 0;
  int minutes = 0;
  int seconds = 0;
  if (!read_two(&hours)) return false;
  const bool has_colon = directive == 'j' || directive == 'k' ||
                         (directive == 'z' && !text_.empty() && text_[0] == ':');
  if (has_colon && !take(':')) return false;
  if (directive == 'z' && !has_colon) {
    if (!text_.empty() && is_digit(text_[0]) && !read_two(&minutes)) return false;
  } else if (directive != 'i' && !read_two(&minutes)) {
    return false;
  }
  if (directive == 'k' && !take(':')) return false;
  if ((directive == 'k' || directive == 'w') && !read_two(&seconds)) return false;
  if (hours > 24 || minutes > 60 || seconds > 60) return false;
  zone_seconds_ = (hours * 3600 + minutes * 60 + seconds) * (is_west ? -1 : 1);
  return true;
}

bool Reading::read_directive(char directive) {
  int ignored = 0;
  switch (directive) {
    case 'Y':
      return read_year(false);
    case 'y': {
      int year = 0;
      if (!read_number(2, 2, &year)) return false;
      time_.year = year + (year >= 69 ? 1900 : 2000);
      return true;
    }
    case 'm':
    case 'o':
    case 'q':
      return read_number(1, 2, &time_.month);
    case 'b':
    case 'h':
    case 'B':
      if (!read_name(kMonths, directive == 'B' ? kWholeName : 3, &time_.month)) {
        return false;
      }
      time_.month++;
      return true;
    case 'd':
    case 'e':
    case 'g':
      return read_number(1, 2, &time_.day);
    case 'a':
    case 'A':
      return read_name(kDays, directive == 'A' ? kWholeName : 3, &ignored);
    case 'H':
      return read_number(1, 2, &time_.hour);
    case 'l':
    case 'I':
      return read_number(1, 2, &time_.hour) && time_.hour <= 12;
    case 'p':
    case 'P':
      return read_half(directive == 'p');
    case 'M':
      return read_number(1, 2, &time_.minute);
    case 'S':
      return read_number(1, 2, &time_.second);
    case 'Z':
      return read_zone_name();
    case 'n':
      return take('\n');
    case 't':
      return take('\t');
    case '%':
      return take('%');
    default:
      return read_zone(directive);
  }
}

// Recursion: one level, of a directive that stands for others.
bool Reading::read(std::string_view format) {
  for (size_t i = 0; i < format.size(); i++) {
    const bool is_directive = format[i] == '%' && i + 1 < format.size();
    if (begins_with_fraction(format.substr(i))) {
      read_fraction();
      i += 2;
      continue;
    }
    if (!is_directive) {
      if (!read_literal(format[i])) return false;
      continue;
    }
    const char directive = format[++i];
    if (is_fraction(directive)) return false;  // without a point: no text has it
    const std::string_view others = expansion(directive);
    if (directive == 'D' || directive == 'x') {
      if (!read("%m/%d/") || !read_year(true)) return false;
    } else if (!others.empty()) {
      if (!read(others)) return false;
    } else if (!read_directive(directive)) {
      return false;
    }
    // A fraction is read behind seconds, whether the format has it or not.
    const bool ends_with_seconds = directive == 'S' || directive == 'T' || directive == 'X';
    if (ends_with_seconds && !begins_with_fraction(format.substr(i + 1))) read_fraction();
  }
  return true;
}

std::optional<ZonedTime> Reading::instant() const {
  if (zone_seconds_ || zone_ == nullptr) {
    const auto at = to_unix_nano(time_, zone_seconds_.value_or(0));
    if (!at) return std::nullopt;
    return ZonedTime{*at, static_cast<int>(zone_seconds_.value_or(0) / 60)};
  }
  const auto as_utc = to_unix_nano(time_, 0);
  if (!as_utc) return std::nullopt;
  const int64_t offset = zone_->offset_of_local(*as_utc / 1'000'000'000);
  const auto at = to_unix_nano(time_, offset);
  if (!at) return std::nullopt;
  // A local time that does not exist may get another offset.
  return ZonedTime{*at, static_cast<int>(zone_->offset_at(*at / 1'000'000'000) / 60)};
}

std::optional<ZonedTime> Reading::finish(int64_t now_unix_nano) {
  if (!text_.empty()) return std::nullopt;
  if (is_afternoon_ && time_.hour < 12) time_.hour += 12;
  if (is_morning_ && time_.hour == 12) time_.hour = 0;
  const bool has_year = time_.year > 0;
  if (!has_year) time_.year = to_civil(now_unix_nano, 0).year;
  const auto found = instant();
  // A day that lies more than a week ahead was last year's.
  constexpr int64_t kWeek = 7 * 86'400 * int64_t{1'000'000'000};
  if (!found || has_year || found->unix_nano - kWeek <= now_unix_nano) return found;
  time_.year--;
  return instant();
}

}  // namespace

std::optional<ZonedTime> TimeFormat::parse(std::string_view text, int64_t now_unix_nano,
                                           const TimeZone* zone) const {
  Reading reading(text, zone);
  if (!reading.read(format_)) return std::nullopt;
  return reading.finish(now_unix_nano);
}

}  // namespace millrace::ottl
