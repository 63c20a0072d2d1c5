// Times and durations.
#include "ottl/arguments.h"
#include "ottl/civil_time.h"
#include "ottl/conversion.h"
#include "ottl/converters.h"
#include "ottl/time_text.h"

namespace millrace::ottl {
namespace {

using F = Function;
using V = Value::Type;
using Result = Evaluated<Value>;

Result make_duration(Arguments& arguments) {
  const auto text = arguments.text(0);
  if (!text) return error(text.error());
  const auto nanoseconds = parse_duration(*text);
  if (!nanoseconds) return error("the text is no duration");
  return Value::of_duration(*nanoseconds);
}

Result duration_in(Arguments& arguments, double unit_nanoseconds, bool is_whole) {
  const auto duration = arguments.value(0, V::kDuration);
  if (!duration) return duration;
  if (!is_whole) return Value::of_double(static_cast<double>(duration->number) / unit_nanoseconds);
  return Value::of_int(duration->number / static_cast<int64_t>(unit_nanoseconds));
}

Result unix_in(Arguments& arguments, int64_t unit_nanoseconds) {
  const auto time = arguments.value(0, V::kTime);
  if (!time) return time;
  const int64_t quotient = time->number / unit_nanoseconds;
  return Value::of_int(quotient - (time->number % unit_nanoseconds < 0 ? 1 : 0));
}

Result make_unix(Arguments& arguments) {
  const auto seconds = arguments.value(0, V::kInt);
  if (!seconds) return seconds;
  Value nanoseconds = Value::of_int(0);
  if (arguments.has(1)) {
    const auto given = arguments.value(1, V::kInt);
    if (!given) return given;
    nanoseconds = *given;
  }
  if (std::abs(seconds->number) > INT64_MAX / 1'000'000'000 - 1)
    return error("the time is too far");
  return Value::of_time(seconds->number * 1'000'000'000 + nanoseconds.number);
}

Result now(Arguments& arguments) {
  return Value::of_time(arguments.evaluation().item().now_unix_nano);
}

Result read_time(Arguments& arguments) {
  const auto text = arguments.text(0);
  if (!text) return error(text.error());
  const TimeFormat format(arguments.literal(1, ""));
  const auto time = format.parse(*text, arguments.evaluation().item().now_unix_nano,
                                 arguments.call().time_zone.get());
  if (!time) return error("the text is no time of this format");
  Value value = Value::of_time(time->unix_nano);
  value.zone_minutes = static_cast<int16_t>(time->zone_minutes);
  return value;
}

Result format_time(Arguments& arguments) {
  const auto time = arguments.value(0, V::kTime);
  if (!time) return time;
  const TimeFormat format(arguments.literal(1, ""));
  return arguments.keep(format.print({time->number, time->zone_minutes}));
}

Result truncate(Arguments& arguments) {
  const auto time = arguments.value(0, V::kTime);
  if (!time) return time;
  const auto duration = arguments.value(1, V::kDuration);
  if (!duration) return duration;
  Value truncated = *time;
  truncated.number = truncate_time(time->number, duration->number);
  return truncated;
}

// A field of a time in its own zone.
template <auto kField>
Result field_of(Arguments& arguments) {
  const auto time = arguments.value(0, V::kTime);
  if (!time) return time;
  return Value::of_int(to_civil(time->number, time->zone_minutes).*kField);
}

constexpr ConverterRow kConverters[] = {
    {F::kNow, now},
    {F::kTime, read_time},
    {F::kFormatTime, format_time},
    {F::kTruncateTime, truncate},
    {F::kYear, field_of<&CivilTime::year>},
    {F::kMonth, field_of<&CivilTime::month>},
    {F::kDay, field_of<&CivilTime::day>},
    {F::kHour, field_of<&CivilTime::hour>},
    {F::kMinute, field_of<&CivilTime::minute>},
    {F::kSecond, field_of<&CivilTime::second>},
    {F::kNanosecond, field_of<&CivilTime::nanosecond>},
    {F::kWeekday, field_of<&CivilTime::weekday>},
    {F::kDuration, make_duration},
    {F::kHours, [](Arguments& a) { return duration_in(a, 3.6e12, false); }},
    {F::kMinutes, [](Arguments& a) { return duration_in(a, 6e10, false); }},
    {F::kSeconds, [](Arguments& a) { return duration_in(a, 1e9, false); }},
    {F::kMilliseconds, [](Arguments& a) { return duration_in(a, 1e6, true); }},
    {F::kMicroseconds, [](Arguments& a) { return duration_in(a, 1e3, true); }},
    {F::kNanoseconds, [](Arguments& a) { return duration_in(a, 1, true); }},
    {F::kUnix, make_unix},
    {F::kUnixNano, [](Arguments& a) { return unix_in(a, 1); }},
    {F::kUnixMicro, [](Arguments& a) { return unix_in(a, 1'000); }},
    {F::kUnixMilli, [](Arguments& a) { return unix_in(a, 1'000'000); }},
    {F::kUnixSeconds, [](Arguments& a) { return unix_in(a, 1'000'000'000); }},
};

}  // namespace

std::span<const ConverterRow> time_converters() { return kConverters; }

}  // namespace millrace::ottl
