#include "ottl/zone_rule.h"

#include <chrono>

namespace millrace::ottl {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

class RuleReader {
 public:
  explicit RuleReader(std::string_view text) : text_(text) {}

  std::optional<ZoneRule> run() {
    ZoneRule rule;
    int64_t west = 0;
    if (!skip_name() || !read_time(&west)) return std::nullopt;
    rule.standard_offset = -west;
    rule.summer_offset = rule.standard_offset + 3'600;
    if (!skip_name()) return std::nullopt;
    if (!text_.starts_with(',')) {
      if (!read_time(&west)) return std::nullopt;
      rule.summer_offset = -west;
    }
    if (!read_change(&rule.to_summer) || !read_change(&rule.to_standard)) return std::nullopt;
    if (!text_.empty()) return std::nullopt;
    return rule;
  }

 private:
  bool take(char c) {
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool skip_name() {
    const bool is_quoted = take('<');
    size_t size = 0;
    while (size < text_.size() &&
           (is_quoted ? text_[size] != '>'
                      : (text_[size] | 0x20) >= 'a' && (text_[size] | 0x20) <= 'z')) {
      size++;
    }
    text_.remove_prefix(size);
    return size > 0 && (!is_quoted || take('>'));
  }
  bool read_number(int64_t limit, int64_t* number) {
    if (text_.empty() || !is_digit(text_[0])) return false;
    *number = 0;
    while (!text_.empty() && is_digit(text_[0])) {
      *number = *number * 10 + (text_[0] - '0');
      if (*number > limit) return false;
      text_.remove_prefix(1);
    }
    return true;
  }
  // [+-]hh[:mm[:ss]]
  bool read_time(int64_t* seconds) {
    const bool is_negative = take('-');
    if (!is_negative) take('+');
    int64_t hours = 0;
    int64_t minutes = 0;
    int64_t rest = 0;
    if (!read_number(167, &hours)) return false;
    if (take(':') && !read_number(59, &minutes)) return false;
    if (take(':') && !read_number(59, &rest)) return false;
    *seconds = (hours * 3'600 + minutes * 60 + rest) * (is_negative ? -1 : 1);
    return true;
  }
  bool read_change(ZoneChange* change) {
    int64_t month = 0;
    int64_t week = 0;
    int64_t weekday = 0;
    const bool is_read = take(',') && take('M') && read_number(12, &month) && take('.') &&
                         read_number(5, &week) && take('.') && read_number(6, &weekday);
    if (!is_read || month == 0 || week == 0) return false;
    change->month = static_cast<int>(month);
    change->week = static_cast<int>(week);
    change->weekday = static_cast<int>(weekday);
    return !take('/') || read_time(&change->second_of_day);
  }

  std::string_view text_;
};

}  // namespace

int64_t ZoneChange::unix_seconds(int year, int64_t offset) const {
  using namespace std::chrono;
  const year_month in_month{std::chrono::year(year),
                            std::chrono::month(static_cast<unsigned>(month))};
  const std::chrono::weekday on(static_cast<unsigned>(weekday));
  const sys_days day = week == 5 ? sys_days(in_month / on[last])
                                 : sys_days(in_month / on[static_cast<unsigned>(week)]);
  return day.time_since_epoch().count() * int64_t{86'400} + second_of_day - offset;
}

std::optional<ZoneRule> parse_zone_rule(std::string_view text) { return RuleReader(text).run(); }

}  // namespace millrace::ottl
