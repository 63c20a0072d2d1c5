#include "rules/read.h"

#include <cctype>
#include <span>
#include <utility>

#include "ottl/compile.h"
#include "yaml/scalar.h"

namespace millrace::rules {
namespace {

using config::Section;
using ottl::Context;
using ottl::Surroundings;
using yaml::Node;

// A text of the configuration and its place.
struct Text {
  std::string text;
  const Node* node = nullptr;
  std::string path;  // "processors::transform::trace_statements[0]"
};

std::string lowered(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

bool is_string(const Node& node) {
  return node.kind == Node::Kind::kScalar &&
         (node.quoted || (!yaml::to_boolean(node) && !yaml::to_number(node)));
}

std::string element_path(const Section& section, std::string_view key, size_t index) {
  return section.path() + "::" + std::string(key) + "[" + std::to_string(index) + "]";
}

void report(config::Diagnostics& diagnostics, const Text& at, std::string message) {
  diagnostics.error(at.node->place, at.path, std::move(message));
}

// The list behind a key; null: there is none, or it is no list.
const Node* find_list(Section& section, std::string_view key) {
  const Node* const list = section.find(key);
  if (list == nullptr || list->kind == Node::Kind::kNull) return nullptr;
  if (list->kind == Node::Kind::kSequence) return list;
  section.error_at(key, "expected a list");
  return nullptr;
}

// As find_list(), for lists of groups. As in otelcol, the key alone is an error.
const Node* find_groups(Section& section, std::string_view key) {
  const Node* const list = section.find(key);
  if (list != nullptr && list->kind == Node::Kind::kNull) {
    section.error_at(key, "expected a list, found nothing: write [], or leave the key out");
    return nullptr;
  }
  return find_list(section, key);
}

std::vector<Text> read_texts(Section& section, std::string_view key) {
  std::vector<Text> texts;
  const Node* const list = section.find(key);
  if (list != nullptr && list->kind == Node::Kind::kScalar) {
    // Split at commas, as otelcol does with every list.
    std::vector<std::string> parts;
    section.text_list(key, &parts);
    for (std::string& part : parts) {
      texts.push_back({std::move(part), list, section.path() + "::" + std::string(key)});
    }
    return texts;
  }
  if (find_list(section, key) == nullptr) return texts;
  for (size_t i = 0; i < list->sequence.size(); i++) {
    const Node& element = list->sequence[i];
    Text text{element.original.empty() ? element.scalar : element.original, &element,
              element_path(section, key, i)};
    if (element.kind != Node::Kind::kScalar && element.original.empty()) {
      report(section.diagnostics(), text, "expected text");
    } else {
      texts.push_back(std::move(text));
    }
  }
  return texts;
}

std::vector<std::string> plain(const std::vector<Text>& texts) {
  std::vector<std::string> all;
  for (const Text& text : texts) all.push_back(text.text);
  return all;
}

std::optional<Context> read_context(Section& section, Signal signal) {
  std::string name;
  if (!section.text("context", &name)) return std::nullopt;
  name = lowered(std::move(name));
  const auto context = name == "instrumentation_scope" ? std::nullopt : ottl::find_context(name);
  if (name == "exemplar" || name == "profile") {
    section.error_at("context", "the context " + name + " is not supported");
  } else if (!context || !ottl::belongs_to(*context, signal)) {
    std::string names;
    for (size_t i = 0; i < ottl::kContextCount; i++) {
      const auto each = static_cast<Context>(i);
      if (!ottl::belongs_to(each, signal)) continue;
      names += (names.empty() ? "" : ", ") + std::string(ottl::context_name(each));
    }
    section.error_at("context", "unknown context \"" + name + "\" for " +
                                    std::string(signal_name(signal)) + ": expected one of " +
                                    names);
  }
  return context;
}

void compile_conditions(config::Diagnostics& diagnostics, const std::vector<Text>& texts,
                        const Surroundings& in, std::vector<ottl::CompiledCondition>* conditions) {
  for (const Text& text : texts) {
    auto compiled = ottl::compile_condition(text.text, in);
    if (compiled) {
      conditions->push_back(std::move(*compiled));
    } else {
      report(diagnostics, text, std::move(compiled.error().message));
    }
  }
}

// `at`: the group.
void compile_group(config::Diagnostics& diagnostics, const Text& at, Signal signal,
                   std::optional<Context> context, const std::vector<Text>& conditions,
                   const std::vector<Text>& statements, StatementGroup group,
                   std::vector<StatementGroup>* groups) {
  Surroundings in{context.value_or(Context::kResource), ottl::Prefix::kOptional};
  if (!context) {
    in.prefix = ottl::Prefix::kRequired;
    const auto inferred = ottl::infer_context(signal, plain(statements), plain(conditions));
    if (!inferred) {
      // Of several texts the place of the group is meant; of one its own.
      const bool is_one = statements.size() + conditions.size() == 1;
      const Text& place = !is_one ? at : statements.empty() ? conditions[0] : statements[0];
      return report(diagnostics, place, inferred.error().message);
    }
    in.context = *inferred;
  }
  group.context = in.context;
  for (const Text& text : statements) {
    auto compiled = ottl::compile_statement(text.text, in);
    if (compiled) {
      group.statements.push_back(std::move(*compiled));
    } else {
      report(diagnostics, text, std::move(compiled.error().message));
    }
  }
  compile_conditions(diagnostics, conditions, in, &group.conditions);
  groups->push_back(std::move(group));
}

void read_group(Section& section, Signal signal, ErrorMode default_mode,
                std::vector<StatementGroup>* groups) {
  StatementGroup group;
  group.error_mode = default_mode;
  const size_t errors_before = section.diagnostics().all().size();
  const auto context = read_context(section, signal);
  const auto conditions = read_texts(section, "conditions");
  const auto statements = read_texts(section, "statements");
  read_error_mode(section, &group.error_mode);
  section.boolean("shared_cache", &group.shares_cache);
  if (section.diagnostics().all().size() != errors_before) return;
  compile_group(section.diagnostics(), {{}, &section.node(), section.path()}, signal, context,
                conditions, statements, std::move(group), groups);
}

// Lists of conditions by context, in order of the contexts.
void add_condition(ottl::CompiledCondition condition, Context context, ErrorMode mode,
                   std::vector<ConditionList>* set) {
  for (ConditionList& list : *set) {
    if (list.context != context) continue;
    list.conditions.push_back(std::move(condition));
    return;
  }
  ConditionList& list = set->emplace_back();
  list.context = context;
  list.error_mode = mode;
  list.conditions.push_back(std::move(condition));
}

void infer_conditions(Section& section, Signal signal, const std::vector<Text>& texts,
                      ErrorMode mode, std::vector<ConditionList>* set) {
  for (const Text& text : texts) {
    const auto context = ottl::infer_context(signal, {}, std::span(&text.text, 1));
    if (!context) {
      report(section.diagnostics(), text, context.error().message);
      continue;
    }
    auto compiled = ottl::compile_condition(text.text, {*context, ottl::Prefix::kRequired});
    if (compiled) {
      add_condition(std::move(*compiled), *context, mode, set);
    } else {
      report(section.diagnostics(), text, std::move(compiled.error().message));
    }
  }
}

void read_condition_set(Section& section, Signal signal, ErrorMode mode,
                        std::vector<ConditionList>* set) {
  const size_t errors_before = section.diagnostics().all().size();
  const auto context = read_context(section, signal);
  const auto texts = read_texts(section, "conditions");
  read_error_mode(section, &mode);
  if (section.diagnostics().all().size() != errors_before) return;
  if (!context) return infer_conditions(section, signal, texts, mode, set);
  ConditionList list;
  list.context = *context;
  list.error_mode = mode;
  compile_conditions(section.diagnostics(), texts, {*context, ottl::Prefix::kOptional},
                     &list.conditions);
  if (!list.conditions.empty()) set->push_back(std::move(list));
}

// Each element is text or a mapping.
struct Elements {
  std::vector<Text> texts;
  std::vector<Text> mappings;
};
std::optional<Elements> read_elements(Section& section, std::string_view key, const Node& list,
                                      bool mappings_may_come_first) {
  Elements elements;
  for (size_t i = 0; i < list.sequence.size(); i++) {
    const Node& element = list.sequence[i];
    Text at{element.original.empty() ? element.scalar : element.original, &element,
            element_path(section, key, i)};
    if (element.kind == Node::Kind::kNull) {
      report(section.diagnostics(), at, "the element is empty");
      return std::nullopt;
    }
    const bool is_text = is_string(element);
    if (!is_text && element.kind != Node::Kind::kMapping) {
      report(section.diagnostics(), at, "expected text, or a mapping with a context");
      return std::nullopt;
    }
    const bool is_mixed =
        is_text ? !elements.mappings.empty() && !mappings_may_come_first : !elements.texts.empty();
    if (is_mixed) {
      report(section.diagnostics(), at,
             "a list of texts and mappings is not allowed: write only texts, or only mappings");
      return std::nullopt;
    }
    (is_text ? elements.texts : elements.mappings).push_back(std::move(at));
  }
  return elements;
}

}  // namespace

void read_error_mode(Section& section, ErrorMode* mode) {
  std::string text;
  if (!section.text("error_mode", &text)) return;
  const std::string name = lowered(text);
  if (name == "ignore") {
    *mode = ErrorMode::kIgnore;
  } else if (name == "silent") {
    *mode = ErrorMode::kSilent;
  } else if (name == "propagate") {
    *mode = ErrorMode::kPropagate;
  } else {
    section.error_at("error_mode", "expected ignore, silent or propagate, found \"" + text + "\"");
  }
}

void read_statement_groups(Section& section, std::string_view key, Signal signal,
                           ErrorMode default_mode, std::vector<StatementGroup>* groups) {
  const Node* const list = find_groups(section, key);
  if (list == nullptr) return;
  const auto elements = read_elements(section, key, *list, true);
  if (!elements) return;
  for (const Text& mapping : elements->mappings) {
    Section group(*mapping.node, section.diagnostics(), mapping.path);
    read_group(group, signal, default_mode, groups);
    group.finish();
  }
  if (elements->texts.empty()) return;
  StatementGroup group;
  group.error_mode = default_mode;
  compile_group(section.diagnostics(), {{}, list, section.path() + "::" + std::string(key)}, signal,
                std::nullopt, {}, elements->texts, std::move(group), groups);
}

bool read_condition_sets(Section& section, std::string_view key, Signal signal,
                         ErrorMode default_mode, std::vector<std::vector<ConditionList>>* sets) {
  const Node* const list = find_groups(section, key);
  if (list == nullptr) return false;
  const auto elements = read_elements(section, key, *list, false);
  if (!elements) return true;
  for (const Text& mapping : elements->mappings) {
    Section set(*mapping.node, section.diagnostics(), mapping.path);
    read_condition_set(set, signal, default_mode, &sets->emplace_back());
    set.finish();
  }
  if (!elements->texts.empty()) {
    infer_conditions(section, signal, elements->texts, default_mode, &sets->emplace_back());
  }
  return true;
}

bool read_conditions(Section& section, std::string_view key, Context context, ErrorMode mode,
                     std::vector<ConditionList>* set) {
  const Node* const conditions = section.find(key);
  if (conditions == nullptr || conditions->kind == Node::Kind::kNull) return false;
  ConditionList& list = set->emplace_back();
  list.context = context;
  list.error_mode = mode;
  compile_conditions(section.diagnostics(), read_texts(section, key),
                     {context, ottl::Prefix::kOptional}, &list.conditions);
  return true;
}

std::vector<std::string> number_rules(std::vector<StatementGroup>& groups) {
  std::vector<std::string> texts;
  for (StatementGroup& group : groups) {
    group.first_rule = static_cast<uint32_t>(texts.size());
    for (const auto& statement : group.statements) texts.push_back(statement.text);
  }
  return texts;
}

std::vector<std::string> number_rules(std::vector<std::vector<ConditionList>>& sets) {
  std::vector<std::string> texts;
  for (std::vector<ConditionList>& set : sets) {
    for (ConditionList& list : set) {
      list.first_rule = static_cast<uint32_t>(texts.size());
      for (const auto& condition : list.conditions) texts.push_back(condition.text);
    }
  }
  return texts;
}

}  // namespace millrace::rules
