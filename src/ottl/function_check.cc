#include "ottl/function_check.h"

#include <re2/re2.h>

#include <algorithm>
#include <cctype>
#include <initializer_list>

#include "ottl/diagnostic.h"

namespace millrace::ottl {
namespace {

// RE2's memory for one program; its default.
constexpr int64_t kPatternBytesMax = 8 << 20;

// The index of the argument that is a pattern; negative: the function has none.
int pattern_argument(Function function) {
  switch (function) {
    case Function::kIsMatch:
    case Function::kExtractPatterns:
    case Function::kDeleteMatchingKeys:
    case Function::kKeepMatchingKeys:
    case Function::kReplacePattern:
      return 1;
    case Function::kReplaceAllPatterns:
      return 2;
    default:
      return -1;
  }
}

std::optional<std::string> check_pattern(Node& call) {
  const int index = pattern_argument(call.function->function);
  if (index < 0 || !call.children[static_cast<size_t>(index)].is_constant()) return {};
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kPatternBytesMax);
  const std::string_view text = call.children[static_cast<size_t>(index)].constant.text;
  auto pattern = std::make_shared<re2::RE2>(re2::StringPiece(text.data(), text.size()), options);
  if (!pattern->ok()) return "the pattern is not valid: " + pattern->error();
  if (call.function->function == Function::kExtractPatterns &&
      pattern->NamedCapturingGroups().empty()) {
    return "the pattern of ExtractPatterns needs a named group, such as (?P<name>…)";
  }
  call.pattern = std::move(pattern);
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

std::optional<std::string> check_case(const Node& argument) {
  if (auto refused = check_word(argument, {"lower", "upper", "snake", "camel"})) return refused;
  const std::string_view word = argument.constant.text;
  if (word == "lower" || word == "upper") return {};
  return "the case \"" + std::string(word) + "\" is not supported";
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

}  // namespace

std::optional<std::string> check_call(Node& call) {
  if (auto refused = check_pattern(call)) return refused;
  switch (call.function->function) {
    case Function::kMergeMaps:
      return check_word(call.children[2], {"insert", "update", "upsert"});
    case Function::kReplaceAllPatterns:
      return check_word(call.children[1], {"key", "value"});
    case Function::kConvertCase:
      return check_case(call.children[1]);
    case Function::kConvertGaugeToSum:
      return check_word(call.children[0], {"delta", "cumulative"});
    case Function::kSort:
      return check_word(call.children[1], {"asc", "desc"});
    case Function::kTruncateAll:
      return check_not_negative(call.children[1], "the limit");
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
