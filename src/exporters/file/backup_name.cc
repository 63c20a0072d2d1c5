#include "exporters/file/backup_name.h"

#include <array>
#include <cstdio>
#include <ctime>

namespace millrace::exporters {
namespace {

constexpr std::string_view kShape = "0000-00-00T00-00-00.000";

bool has_shape(std::string_view text) {
  if (text.size() != kShape.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kShape[i] == '0' ? !digit : text[i] != kShape[i]) return false;
  }
  return true;
}

}  // namespace

PathParts split_path(const std::string& path) {
  const size_t slash = path.rfind('/');
  PathParts parts;
  parts.directory = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  const size_t dot = name.rfind('.');
  parts.stem = name.substr(0, dot);
  if (dot != std::string::npos) parts.extension = name.substr(dot);
  return parts;
}

std::string backup_name(const PathParts& path, WallTime when, NameZone zone) {
  const auto millis =
      std::chrono::floor<std::chrono::milliseconds>(when.time_since_epoch()).count();
  const auto seconds = static_cast<std::time_t>(millis / 1000);
  std::tm parts = {};
  zone == NameZone::kUtc ? gmtime_r(&seconds, &parts) : localtime_r(&seconds, &parts);
  std::array<char, 64> text;
  const size_t size = std::strftime(text.data(), text.size(), "-%Y-%m-%dT%H-%M-%S", &parts);
  std::array<char, 8> fraction;
  std::snprintf(fraction.data(), fraction.size(), ".%03d", static_cast<int>(millis % 1000));
  return path.stem + std::string(text.data(), size) + fraction.data() + path.extension;
}

std::optional<WallTime> backup_time(const PathParts& path, std::string_view name, NameZone zone) {
  const std::string prefix = path.stem + "-";
  if (!name.starts_with(prefix) || !name.ends_with(path.extension)) return std::nullopt;
  if (name.size() != prefix.size() + kShape.size() + path.extension.size()) return std::nullopt;
  const std::string_view text = name.substr(prefix.size(), kShape.size());
  if (!has_shape(text)) return std::nullopt;
  const auto number = [text](size_t at, size_t size) {
    int value = 0;
    for (const char c : text.substr(at, size)) value = value * 10 + (c - '0');
    return value;
  };
  const int year = number(0, 4);
  // What nanoseconds in 64 bits can say.
  if (year < 1970 || year > 2261) return std::nullopt;
  std::tm parts = {};
  parts.tm_year = year - 1900;
  parts.tm_mon = number(5, 2) - 1;
  parts.tm_mday = number(8, 2);
  parts.tm_hour = number(11, 2);
  parts.tm_min = number(14, 2);
  parts.tm_sec = number(17, 2);
  parts.tm_isdst = -1;
  const std::time_t seconds = zone == NameZone::kUtc ? timegm(&parts) : mktime(&parts);
  const WallTime when(std::chrono::seconds(seconds) + std::chrono::milliseconds(number(20, 3)));
  // The 32nd of a month and 25 o'clock are days and hours of something else: not written here.
  if (backup_name(path, when, zone) != name) return std::nullopt;
  return when;
}

}  // namespace millrace::exporters
