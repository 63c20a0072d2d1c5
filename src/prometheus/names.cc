#include "prometheus/names.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace millrace::prometheus {
namespace {

using Pair = std::pair<std::string_view, std::string_view>;

constexpr std::array<std::pair<std::string_view, Strategy>, 4> kStrategies = {{
    {"UnderscoreEscapingWithSuffixes", Strategy::kUnderscoreEscapingWithSuffixes},
    {"UnderscoreEscapingWithoutSuffixes", Strategy::kUnderscoreEscapingWithoutSuffixes},
    {"NoUTF8EscapingWithSuffixes", Strategy::kNoUtf8EscapingWithSuffixes},
    {"NoTranslation", Strategy::kNoTranslation},
}};

// "tibibytes" is upstream's spelling, which dashboards use.
constexpr std::array<Pair, 27> kUnits = {{
    {"d", "days"},
    {"h", "hours"},
    {"min", "minutes"},
    {"s", "seconds"},
    {"ms", "milliseconds"},
    {"us", "microseconds"},
    {"ns", "nanoseconds"},
    {"By", "bytes"},
    {"KiBy", "kibibytes"},
    {"MiBy", "mebibytes"},
    {"GiBy", "gibibytes"},
    {"TiBy", "tibibytes"},
    {"KBy", "kilobytes"},
    {"MBy", "megabytes"},
    {"GBy", "gigabytes"},
    {"TBy", "terabytes"},
    {"m", "meters"},
    {"V", "volts"},
    {"A", "amperes"},
    {"J", "joules"},
    {"W", "watts"},
    {"g", "grams"},
    {"Cel", "celsius"},
    {"Hz", "hertz"},
    {"1", ""},
    {"%", "percent"},
    {"", ""},
}};
constexpr std::array<Pair, 7> kPerUnits = {{{"s", "second"},
                                            {"m", "minute"},
                                            {"h", "hour"},
                                            {"d", "day"},
                                            {"w", "week"},
                                            {"mo", "month"},
                                            {"y", "year"}}};

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_character(char c) { return is_alphanumeric(c) || c == ':'; }

bool has_underscores_only(std::string_view text) {
  return text.find_first_not_of('_') == std::string_view::npos;
}

// The maximal stretches of characters that `keeps` accepts, in order.
template <class Keeps>
std::vector<std::string_view> split(std::string_view text, Keeps keeps) {
  std::vector<std::string_view> tokens;
  for (size_t at = 0; at < text.size();) {
    const size_t begin = at;
    while (at < text.size() && keeps(text[at])) ++at;
    if (at > begin) {
      tokens.push_back(text.substr(begin, at - begin));
    } else {
      ++at;
    }
  }
  return tokens;
}

std::string join(std::span<const std::string_view> tokens) {
  std::string text;
  for (const std::string_view token : tokens) {
    if (!text.empty()) text += '_';
    text += token;
  }
  return text;
}

std::string_view without_spaces_around(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\n\v\f\r";
  const size_t begin = text.find_first_not_of(kSpaces);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpaces) + 1 - begin);
}

// A part of a unit as a word; empty for a part in braces.
std::string_view word_of(std::string_view part, std::span<const Pair> words) {
  part = without_spaces_around(part);
  if (part.find_first_of("{}") != std::string_view::npos) return {};
  const auto found = std::ranges::find(words, part, &Pair::first);
  return found == words.end() ? part : found->second;
}

struct Unit {
  std::string main;
  std::string per;  // "per_second"; empty: none
};
Unit unit_of(std::string_view unit) {
  const size_t slash = unit.find('/');
  Unit result{.main = std::string(word_of(unit.substr(0, slash), kUnits)), .per = {}};
  if (slash == std::string_view::npos) return result;
  const std::string_view per = word_of(unit.substr(slash + 1), kPerUnits);
  if (!per.empty()) result.per = "per_" + std::string(per);
  return result;
}

// Other characters become underscores, of which only one in a row stays and none in front.
std::string clean(std::string_view word) {
  std::string text;
  for (const char c : word) {
    if (is_name_character(c)) {
      text += c;
    } else if (!text.empty() && text.back() != '_') {
      text += '_';
    }
  }
  return text;
}

bool is_ratio(std::string_view unit, MetricKind kind) {
  return unit == "1" && kind == MetricKind::kGauge;
}

void move_to_end(std::vector<std::string_view>& tokens, std::string_view token) {
  std::erase(tokens, token);
  tokens.push_back(token);
}

// "a_total" without "total" and the separator before it. A letter before is no separator:
// "subtotal" stays, of which upstream leaves "su".
std::string_view without_suffix(std::string_view name, std::string_view suffix) {
  if (!name.ends_with(suffix) || name.size() <= suffix.size() + 1) return name;
  const std::string_view rest = name.substr(0, name.size() - suffix.size());
  return is_alphanumeric(rest.back()) ? name : rest.substr(0, rest.size() - 1);
}

}  // namespace

std::optional<Strategy> strategy_named(std::string_view name) {
  const auto* const found =
      std::ranges::find(kStrategies, name, &std::pair<std::string_view, Strategy>::first);
  if (found == kStrategies.end()) return std::nullopt;
  return found->second;
}

std::vector<std::string_view> strategy_names() {
  std::vector<std::string_view> names;
  for (const auto& [name, strategy] : kStrategies) names.push_back(name);
  return names;
}

Namer::Namer(Strategy strategy, std::string_view metric_namespace, Underscores underscores)
    : escapes_(strategy == Strategy::kUnderscoreEscapingWithSuffixes ||
               strategy == Strategy::kUnderscoreEscapingWithoutSuffixes),
      adds_suffixes_(strategy == Strategy::kUnderscoreEscapingWithSuffixes ||
                     strategy == Strategy::kNoUtf8EscapingWithSuffixes),
      underscores_(underscores) {
  if (!escapes_) {
    namespace_ = metric_namespace;
  } else {
    namespace_ =
        join(split(metric_namespace, [](char c) { return is_name_character(c) || c == '_'; }));
    if (has_underscores_only(namespace_)) namespace_.clear();
    if (!namespace_.empty() && is_digit(namespace_[0])) namespace_.insert(0, "_");
  }
}

Result<std::string> Namer::metric_name(std::string_view name, std::string_view unit,
                                       MetricKind kind) const {
  std::string result = !escapes_        ? utf8_name(name, unit, kind)
                       : adds_suffixes_ ? escaped_name_with_suffixes(name, unit, kind)
                                        : escaped_name(name);
  if (result.empty() || (escapes_ && result != name && has_underscores_only(result))) {
    return fail(Code::kInvalidArgument,
                "the metric name \"" + std::string(name) +
                    "\" has no letter, digit or colon, so it has no Prometheus name");
  }
  return result;
}

std::string Namer::unit_name(std::string_view unit) const {
  const Unit words = unit_of(unit);
  const std::string main = escapes_ ? clean(words.main) : words.main;
  const std::string per = escapes_ ? clean(words.per) : words.per;
  std::string text = main.empty() || per.empty() ? main + per : main + "_" + per;
  if (text.starts_with('_')) text.erase(0, 1);
  if (text.ends_with('_')) text.pop_back();
  return text;
}

std::string Namer::target_info_name() const {
  return namespace_.empty() ? "target_info" : namespace_ + "_target_info";
}

std::string Namer::escaped_name_with_suffixes(std::string_view name, std::string_view unit,
                                              MetricKind kind) const {
  std::vector<std::string_view> tokens = split(name, is_name_character);
  const Unit words = unit_of(unit);
  std::string main = clean(words.main);
  std::string per = clean(words.per);
  while (per.ends_with('_')) per.pop_back();
  if (per == "per" || std::ranges::find(tokens, per) != tokens.end()) per.clear();
  const bool has_main = std::ranges::find(tokens, main) != tokens.end();
  if (!per.empty() && main.ends_with('_')) main.pop_back();
  if (!main.empty() && !has_main) tokens.push_back(main);
  if (!per.empty()) tokens.push_back(per);
  if (kind == MetricKind::kMonotonicSum) move_to_end(tokens, "total");
  if (is_ratio(unit, kind)) move_to_end(tokens, "ratio");
  if (!namespace_.empty()) tokens.insert(tokens.begin(), namespace_);
  std::string text = join(tokens);
  if (!text.empty() && is_digit(text[0])) text.insert(0, "_");
  return text;
}

std::string Namer::escaped_name(std::string_view name) const {
  std::string text = join(split(name, [](char c) { return is_name_character(c) || c == '_'; }));
  if (!namespace_.empty()) return namespace_ + "_" + text;
  if (!text.empty() && is_digit(text[0])) text.insert(0, "_");
  return text;
}

std::string Namer::utf8_name(std::string_view name, std::string_view unit, MetricKind kind) const {
  std::string text = namespace_.empty() ? std::string(name) : namespace_ + "_" + std::string(name);
  if (!adds_suffixes_) return text;
  const std::string_view kind_suffix = is_ratio(unit, kind)                ? "ratio"
                                       : kind == MetricKind::kMonotonicSum ? "total"
                                                                           : "";
  if (!kind_suffix.empty()) text = without_suffix(text, kind_suffix);
  const Unit words = unit_of(unit);
  if (!words.per.empty()) text = without_suffix(text, words.per);
  if (!words.main.empty() && !text.ends_with(words.main)) text += "_" + words.main;
  if (!words.per.empty()) text += "_" + words.per;
  if (!kind_suffix.empty()) text.append("_").append(kind_suffix);
  return text;
}

bool Namer::append_label_name(std::string& into, std::string_view key) const {
  if (has_underscores_only(key)) return false;
  const bool keeps_underscores = underscores_ == Underscores::kKept;
  if (keeps_underscores && key == "__name__") return false;
  if (!escapes_) {
    if (!keeps_underscores && key.starts_with("__")) return false;
    into += key;
    return true;
  }
  if (!keeps_underscores && key.size() >= 4 && key.starts_with("__") && key.ends_with("__")) {
    return false;
  }
  const size_t begin = into.size();
  if (is_digit(key[0])) into += "key_";
  bool after_underscore = false;
  bool has_more = false;
  for (const char c : key) {
    const bool is_kept = is_alphanumeric(c);
    const bool is_continuation = (static_cast<unsigned char>(c) & 0xC0) == 0x80;  // of UTF-8
    const bool is_shown = is_kept || (keeps_underscores ? !is_continuation : !after_underscore);
    has_more = has_more || is_kept;
    if (is_shown) into += is_kept ? c : '_';
    after_underscore = !is_kept;
  }
  if (!has_more) into.resize(begin);
  return has_more;
}

std::string job_label(std::string_view service_namespace, std::string_view service_name) {
  if (service_namespace.empty() || service_name.empty()) return std::string(service_name);
  return std::string(service_namespace) + "/" + std::string(service_name);
}

}  // namespace millrace::prometheus
