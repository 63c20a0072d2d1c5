#include "ottl/required_texts.h"

#include <algorithm>

#include "ottl/compare.h"
#include "ottl/pattern.h"
#include "ottl/record.h"

namespace millrace::ottl {
namespace {

using Op = Node::Op;
using Texts = std::vector<std::string>;
using V = Value::Type;

// Shorter ones stand in most items.
constexpr size_t kUsefulBytes = 3;

bool is_path_of(const Node& node, Context item) {
  return node.op == Op::kPath && node.path_context == item && node.path->field != Field::kCache;
}

// `attributes["a"]`, also with more keys: without an entry "a" it is nil, and no other key is read.
bool is_entry(const Node& path) {
  return path.path->type == PathType::kMap && !path.keys.empty() && path.keys[0].is_constant() &&
         path.keys[0].constant.is(V::kString);
}

// A path without keys whose text, if it is one, stands in the bytes as it is.
bool is_received_text(const Node& path, Encoding encoding) {
  if (!path.keys.empty()) return false;
  const WireField* const known =
      kContextTables[static_cast<size_t>(path.path_context)].find(path.path->field);
  return known != nullptr && known->encoding == encoding;
}

Texts texts_of_one(std::string_view text) {
  if (text.empty()) return {};
  return {std::string(text)};
}

Texts texts_of_comparison(const Node& comparison, Context item) {
  const Node& left = comparison.children[0];
  const Node& right = comparison.children[1];
  const bool is_path_left = is_path_of(left, item);
  const Node& path = is_path_left ? left : right;
  const Node& other = is_path_left ? right : left;
  if (!is_path_of(path, item) || !other.is_constant()) return {};
  const bool may_be_entry_alone = is_entry(path) && path.keys.size() == 1;
  const bool is_text = may_be_entry_alone || is_received_text(path, Encoding::kString) ||
                       is_received_text(path, Encoding::kAny);
  const bool is_useful =
      other.constant.is(V::kString) && other.constant.text.size() >= kUsefulBytes;
  if (comparison.comparison == Comparison::kEqual && is_text && is_useful) {
    return texts_of_one(other.constant.text);
  }
  if (!is_entry(path)) return {};
  const Value nil;
  const bool holds_without = is_path_left ? compare(nil, other.constant, comparison.comparison)
                                          : compare(other.constant, nil, comparison.comparison);
  return holds_without ? Texts() : texts_of_one(path.keys[0].constant.text);
}

Texts texts_of_call(const Node& call, Context item) {
  const bool is_match = call.function->function == Function::kIsMatch && call.keys.empty();
  if (!is_match || call.pattern == nullptr) return {};
  const Node& target = call.children[0];
  if (!is_path_of(target, item)) return {};
  if (is_entry(target)) return texts_of_one(target.keys[0].constant.text);
  if (!is_received_text(target, Encoding::kString)) return {};
  return call.pattern->prefixes();
}

// Whether its evaluation has no error, whatever the item is.
bool is_safe(const Node& condition) {
  const auto is_safe_operand = [](const Node& node) {
    return node.is_constant() || (node.op == Op::kPath &&
                                  (node.keys.empty() || (is_entry(node) && node.keys.size() == 1)));
  };
  return condition.op == Op::kComparison &&
         std::ranges::all_of(condition.children, is_safe_operand);
}

}  // namespace

std::vector<std::string> required_texts(const Node& condition, Context item) {
  switch (condition.op) {
    case Op::kComparison:
      return texts_of_comparison(condition, item);
    case Op::kTruth:
      return texts_of_call(condition.children[0], item);
    case Op::kAnd:
      for (const Node& child : condition.children) {
        Texts texts = required_texts(child, item);
        // The children behind this one are not evaluated, those in front of it do not fail.
        if (!texts.empty()) return texts;
        if (!is_safe(child)) return {};
      }
      return {};
    case Op::kOr: {
      Texts all;
      for (const Node& child : condition.children) {
        const Texts texts = required_texts(child, item);
        if (texts.empty()) return {};
        all.insert(all.end(), texts.begin(), texts.end());
      }
      return all;
    }
    default:
      return {};
  }
}

void RequiredTexts::add(const Node& condition, Context context) {
  // An event may be visited whatever its span holds.
  if (context == Context::kSpanEvent) has_unknown_ = true;
  if (context != Context::kSpan && context != Context::kLog) return;
  const Texts texts = required_texts(condition, context);
  has_unknown_ |= texts.empty();
  for (const std::string& text : texts) {
    if (std::ranges::find(texts_, text) == texts_.end()) texts_.push_back(text);
  }
}

std::vector<wire::TextSearch> RequiredTexts::searches() const {
  if (has_unknown_ || texts_.size() > kRequiredTextsMax) return {};
  std::vector<wire::TextSearch> searches;
  for (const std::string& text : texts_) searches.emplace_back(text);
  return searches;
}

}  // namespace millrace::ottl
