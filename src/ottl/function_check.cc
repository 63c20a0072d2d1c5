#include "ottl/function_check.h"

#include <algorithm>
#include <cctype>
#include <initializer_list>

#include "ottl/characters.h"
#include "ottl/diagnostic.h"
#include "ottl/network.h"
#include "ottl/pattern.h"
#include "ottl/text_encoding.h"
#include "ottl/text_reader.h"
#include "ottl/time_text.h"

namespace millrace::ottl {
namespace {

std::optional<std::string> check_pattern(Node& call) {
  const int index = pattern_argument(call.function->function);
  if (index < 0 || !call.children[static_cast<size_t>(index)].is_constant()) return {};
  auto pattern = prepare_pattern(call.function->function,
                                 call.children[static_cast<size_t>(index)].constant.text);
  if (!pattern) return std::move(pattern.error());
  if (call.function->function == Function::kExtractPatterns &&
      (*pattern)->regex().NamedCapturingGroups().empty()) {
    return "the pattern of ExtractPatterns needs a named group, such as (?P<name>…)";
  }
  call.pattern = std::move(*pattern);
  return {};
}

std::optional<std::string> check_word(const Node& argument,
                                      std::initializer_list<std::string_view> words) {
  if (!argument.is_constant() || std::ranges::find(words, argument.constant.text) != words.end()) {
    return {};
  }
  std::string text = "\"" + std::string(argument.constant.text) + "\" is not one of ";
  for (const std::string_view word : words)
    text += (word == *words.begin() ? "" : ", ") + std::string(word);
  return text + suggest(argument.constant.text, {words.begin(), words.size()});
}

std::optional<std::string> check_not_negative(const Node& argument, std::string_view what) {
  if (!argument.is_constant() || argument.constant.number >= 0) return {};
  return std::string(what) + " must not be negative";
}

std::optional<std::string> check_limit(const Node& call) {
  if (auto refused = check_not_negative(call.children[1], "the limit")) return refused;
  const size_t kept = call.children[2].children.size();
  if (static_cast<int64_t>(kept) <= call.children[1].constant.number) return {};
  return "the limit is " + std::to_string(call.children[1].constant.number) + ", but " +
         std::to_string(kept) + " keys must be kept";
}

// An id as bytes or as hexadecimal digits.
std::optional<std::string> check_id(const Node& argument, size_t size) {
  if (!argument.is_constant() || argument.constant.is_nil()) return {};
  const std::string_view id = argument.constant.text;
  const bool is_hex = id.size() == 2 * size && std::ranges::all_of(id, [](unsigned char c) {
                        return std::isxdigit(c) != 0;
                      });
  if (id.size() == size || is_hex) return {};
  return "the id must have " + std::to_string(size) + " bytes or " + std::to_string(2 * size) +
         " hexadecimal digits";
}

std::optional<std::string> check_depth(const Node& argument) {
  if (!argument.is_constant() || argument.constant.number > 0) return {};
  return "the depth must be greater than 0";
}

bool is_one_character(std::string_view text) {
  return !text.empty() && first_character(text).size() == text.size();
}

std::optional<std::string> check_csv(const Node& call) {
  for (const size_t i : {2, 3}) {
    const Node& delimiter = call.children[i];
    if (delimiter.is_constant() && !is_one_character(delimiter.constant.text)) {
      return "a delimiter must be one character";
    }
  }
  return check_word(call.children[4], {"strict", "lazyQuotes", "ignoreQuotes"});
}

std::optional<std::string> check_pairs(const Node& call) {
  std::string_view delimiters[] = {"=", " "};
  for (const size_t i : {1, 2}) {
    if (!call.children[i].is_constant()) continue;
    delimiters[i - 1] = call.children[i].constant.text;
    if (delimiters[i - 1].empty()) return "a delimiter must not be empty";
  }
  if (delimiters[0] != delimiters[1]) return {};
  return "the two delimiters must be different";
}

std::optional<std::string> check_networks(const Node& list) {
  for (const Node& network : list.children) {
    if (!network.is_constant() || parse_network(network.constant.text)) continue;
    return "\"" + std::string(network.constant.text) + "\" is no network, such as 10.0.0.0/8";
  }
  return {};
}

std::optional<std::string> check_encoding(const Node& argument) {
  if (!argument.is_constant() || is_known_encoding(argument.constant.text)) return {};
  return "the encoding \"" + std::string(argument.constant.text) + "\" is not supported";
}

std::optional<std::string> check_time(Node& call) {
  if (auto refused = TimeFormat::check(call.children[1].constant.text)) return refused;
  if (call.function->function != Function::kTime) return {};
  const Node& locale = call.children[3];
  if (locale.is_constant() && !locale.constant.text.starts_with("en")) {
    return "the locale \"" + std::string(locale.constant.text) + "\" is not supported";
  }
  const Node& location = call.children[2];
  if (!location.is_constant() || location.constant.text.empty()) return {};
  call.time_zone = load_time_zone(location.constant.text);
  if (call.time_zone != nullptr) return {};
  return "unknown location \"" + std::string(location.constant.text) +
         "\": it must be a name of the time zone database, such as Europe/Berlin";
}

// Between 1.37.0 and 1.43.0.
std::optional<std::string> check_span_name(const Node& call) {
  std::string_view version = call.children[0].constant.text;
  if (version.starts_with('v')) version.remove_prefix(1);
  int64_t numbers[3] = {0, 0, 0};
  bool is_version = true;
  for (int64_t& number : numbers) {
    if (version.empty()) break;
    const std::string_view digits = version.substr(0, version.find('.'));
    const auto parsed = parse_int(digits, 10);
    is_version &= parsed.has_value();
    number = parsed.value_or(0);
    version.remove_prefix(std::min(digits.size() + 1, version.size()));
  }
  const int64_t total = numbers[1] * 1000 + numbers[2];
  if (!is_version || !version.empty() || numbers[0] != 1 || total < 37'000 || total > 43'000) {
    return "the version must be between 1.37.0 and 1.43.0";
  }
  const Node& attribute = call.children[1];
  if (!attribute.is_constant() || !attribute.constant.text.empty()) return {};
  return "the name of the attribute must not be empty";
}

std::optional<std::string> check_truncation(const Node& call) {
  if (auto refused = check_not_negative(call.children[1], "the limit")) return refused;
  const Node& marker = call.children[3];
  const auto limit_bytes = static_cast<size_t>(call.children[1].constant.number);
  if (!marker.is_constant() || marker.constant.text.size() <= limit_bytes) return {};
  return "the marker is longer than the limit";
}

std::optional<std::string> check_append(const Node& call) {
  const bool has_value =
      call.children[1].op != Node::Op::kAbsent || call.children[2].op != Node::Op::kAbsent;
  if (has_value) return {};
  return "one of the arguments value and values is needed";
}

std::optional<std::string> check_percentile(const Node& call) {
  const double percentile = call.children[0].constant.real;
  if (percentile > 0 && percentile < 100) return {};
  return "the percentile must be greater than 0 and less than 100";
}

std::optional<std::string> check_distribution(const Node& call) {
  if (call.children[1].children.empty()) return "at least one bound is needed";
  return check_word(call.children[0], {"", "upper", "midpoint", "random", "uniform"});
}

}  // namespace

std::optional<std::string> check_call(Node& call) {
  if (auto refused = check_pattern(call)) return refused;
  switch (call.function->function) {
    case Function::kMergeMaps:
      return check_word(call.children[2], {"insert", "update", "upsert"});
    case Function::kReplaceAllPatterns:
      return check_word(call.children[1], {"key", "value"});
    case Function::kConvertCase:
      return check_word(call.children[1], {"lower", "upper", "snake", "camel"});
    case Function::kAggregateOnAttributes:
    case Function::kAggregateOnAttributeValue:
      return check_word(call.children[0], {"sum", "max", "min", "mean", "median", "count"});
    case Function::kAppend:
      return check_append(call);
    case Function::kConvertExponentialHistogramToHistogram:
      return check_distribution(call);
    case Function::kExtractPercentileMetric:
      return check_percentile(call);
    case Function::kMergeHistogramBuckets:
      return check_word(call.children[1], {"remove_explicit_bound", "limit_buckets"});
    case Function::kDecode:
      return check_encoding(call.children[1]);
    case Function::kIsInCIDR:
      return check_networks(call.children[1]);
    case Function::kParseCLF:
      return check_word(call.children[1], {"clf", "combined"});
    case Function::kParseCSV:
      return check_csv(call);
    case Function::kParseKeyValue:
    case Function::kToKeyValueString:
      return check_pairs(call);
    case Function::kTime:
    case Function::kFormatTime:
      return check_time(call);
    case Function::kSetSemconvSpanName:
      return check_span_name(call);
    case Function::kConvertSummaryCountValToSum:
    case Function::kConvertSummarySumValToSum:
    case Function::kConvertGaugeToSum:
      return check_word(call.children[0], {"delta", "cumulative"});
    case Function::kSort:
      return check_word(call.children[1], {"asc", "desc"});
    case Function::kTruncateAll:
      return check_truncation(call);
    case Function::kTraceID:
      return check_id(call.children[0], 16);
    case Function::kSpanID:
      return check_id(call.children[0], 8);
    case Function::kFlatten:
      return check_depth(call.children[2]);
    case Function::kLimit:
      return check_limit(call);
    default:
      return {};
  }
}

}  // namespace millrace::ottl
