#include <algorithm>
#include <array>

#include "ottl/compiler.h"
#include "ottl/syntax_text.h"

namespace millrace::ottl {
namespace {

std::string list_names(const std::vector<std::string_view>& names) {
  std::string text;
  for (const std::string_view name : names) {
    if (!text.empty()) text += ", ";
    text += name;
  }
  return text;
}

std::vector<std::string_view> path_names(Context context, bool with_cache) {
  std::vector<std::string_view> names;
  for (const PathRule& rule : paths_of(context)) {
    if (rule.field != Field::kCache || with_cache) names.push_back(rule.name);
  }
  return names;
}

std::vector<std::string_view> visible_contexts(Context from) {
  std::vector<std::string_view> names;
  for (size_t i = kContextCount; i-- > 0;) {
    const auto context = static_cast<Context>(i);
    if (sees(from, context)) names.push_back(context_name(context));
  }
  return names;
}

}  // namespace

bool Compiler::compile_path(const Expression& path, Node* node) {
  size_t first = 0;
  Context context = in_.context;
  if (!find_path_context(path, &context, &first)) return false;
  std::string name;
  for (size_t i = first; i < path.path.size(); i++) {
    if (i > first) name += '.';
    name += path.path[i].name;
  }
  node->op = Node::Op::kPath;
  node->path_context = context;
  node->path = find_path(context, name);
  if (node->path == nullptr) return fail_path(path.path[first], context, name);
  if (node->path->field == Field::kCache && context != in_.context) {
    return fail(path.path[first].offset,
                "the cache belongs to the statement's own context: write " +
                    std::string(context_name(in_.context)) + ".cache");
  }
  for (const PathSegment& segment : path.path) {
    const bool is_last = &segment == &path.path.back();
    const PathKeys allowed = is_last ? node->path->keys : PathKeys::kNone;
    const size_t keys_max = allowed == PathKeys::kAny ? SIZE_MAX : static_cast<size_t>(allowed) / 2;
    if (segment.keys.size() > keys_max) {
      return fail(
          segment.keys[keys_max].offset,
          "the path " + name + " has no elements" + (keys_max == 0 ? "" : " behind its first key"));
    }
  }
  return compile_keys(path.path.back().keys, node);
}

bool Compiler::find_path_context(const Expression& path, Context* context, size_t* first) {
  const PathSegment& head = path.path[0];
  const bool may_be_context = path.path.size() > 1 && head.keys.empty();
  const auto named = find_context(head.name);
  if (may_be_context && named && sees(in_.context, *named)) {
    *context = *named;
    *first = 1;
    return true;
  }
  *first = 0;
  if (in_.prefix == Prefix::kOptional) return true;
  const std::vector<std::string_view> contexts = visible_contexts(in_.context);
  if (may_be_context && (named || find_path(in_.context, head.name) == nullptr)) {
    return fail(head.offset, "statements of context " + std::string(context_name(in_.context)) +
                                 " do not see the context \"" + head.name + "\"" +
                                 suggest(head.name, contexts) + " They see " +
                                 list_names(contexts));
  }
  return fail(head.offset, "the path has no context: write " +
                               std::string(context_name(in_.context)) + "." + path_text(path) +
                               " (or another of " + list_names(contexts) + ")");
}

bool Compiler::fail_path(const PathSegment& at, Context context, std::string_view name) {
  const std::vector<std::string_view> names = path_names(context, context == in_.context);
  return fail(at.offset, "unknown path \"" + std::string(name) + "\" in context " +
                             std::string(context_name(context)) + suggest(name, names) +
                             " Its paths are " + list_names(names));
}

bool Compiler::compile_keys(const std::vector<Expression>& keys, Node* node) {
  for (const Expression& key : keys) {
    if (!compile_value(key, &node->keys.emplace_back())) return false;
  }
  return true;
}

bool Compiler::compile_symbol(const Expression& value, Node* node) {
  const auto found = find_symbol(in_.context, value.text);
  node->op = Node::Op::kConstant;
  if (found) {
    node->constant = Value::of_int(*found);
    return true;
  }
  std::vector<std::string_view> names;
  for (const Symbol& symbol : symbols_of(in_.context)) names.push_back(symbol.name);
  if (names.empty()) {
    return fail(value.offset, "unknown symbol \"" + value.text + "\": context " +
                                  std::string(context_name(in_.context)) + " has no symbols");
  }
  return fail(value.offset, "unknown symbol \"" + value.text + "\" in context " +
                                std::string(context_name(in_.context)) +
                                suggest(value.text, names) + " Its symbols are " +
                                list_names(names));
}

}  // namespace millrace::ottl
