#include "receivers/prometheus/metric_names.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace millrace::receivers::prometheus {
namespace {

constexpr std::pair<std::string_view, std::string_view> kUnits[] = {
    {"days", "d"},          {"hours", "h"},         {"minutes", "min"},    {"seconds", "s"},
    {"milliseconds", "ms"}, {"microseconds", "us"}, {"nanoseconds", "ns"}, {"bytes", "By"},
    {"kibibytes", "KiBy"},  {"mebibytes", "MiBy"},  {"gibibytes", "GiBy"}, {"tibibytes", "TiBy"},
    {"kilobytes", "KBy"},   {"megabytes", "MBy"},   {"gigabytes", "GBy"},  {"terabytes", "TBy"},
    {"meters", "m"},        {"volts", "V"},         {"amperes", "A"},      {"joules", "J"},
    {"watts", "W"},         {"grams", "g"},         {"celsius", "Cel"},    {"hertz", "Hz"},
    {"ratio", "1"},         {"percent", "%"}};
constexpr std::string_view kFamilySuffixes[] = {"_bucket", "_count", "_sum", "_total", "_info"};

bool remove_end(std::string_view* name, std::string_view end) {
  if (end.empty() || name->size() <= end.size() + 1 || !name->ends_with(end)) return false;
  const size_t left = name->size() - end.size() - 1;
  if ((*name)[left] != '_') return false;
  *name = name->substr(0, left);
  return true;
}

}  // namespace

std::string_view ucum_of(std::string_view unit) {
  const auto* const found =
      std::ranges::find(kUnits, unit, &std::pair<std::string_view, std::string_view>::first);
  return found == std::end(kUnits) ? unit : found->second;
}

std::string trim_suffixes(std::string_view name, bool is_sum, std::string_view unit) {
  if (is_sum) remove_end(&name, "total");
  remove_end(&name, unit);
  return std::string(name);
}

std::string_view trim_family_suffix(std::string_view name) {
  for (const std::string_view suffix : kFamilySuffixes) {
    if (name.size() > suffix.size() && name.ends_with(suffix)) {
      return name.substr(0, name.size() - suffix.size());
    }
  }
  return name;
}

}  // namespace millrace::receivers::prometheus
