#include "processors/attributes/attributes_processor.h"

#include <re2/re2.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/identity_attribute.h"
#include "item_match/matcher.h"
#include "otlp/attribute_list.h"
#include "otlp/edit.h"
#include "processors/attributes/value.h"
#include "wire/utf8.h"

namespace millrace::processors::attributes {

namespace {

using otlp::AnyValueView;
using otlp::AttributeList;
using otlp::EditContext;

// Without the port; an IPv6 address loses its brackets.
std::string host_of(std::string_view address) {
  if (address.starts_with('[')) return std::string(address.substr(1, address.find(']') - 1));
  return std::string(address.substr(0, address.rfind(':')));
}

// otelcol joins the values of a header that came several times with ";". An address that is not
// known is empty text.
std::optional<std::string> read_context(std::string_view from, const Metadata* metadata) {
  if (metadata == nullptr) return std::nullopt;
  if (from == "client.address") return host_of(metadata->client_address);
  constexpr std::string_view kAuth = "auth.";
  constexpr std::string_view kMetadata = "metadata.";
  std::string name;
  if (from.starts_with(kAuth)) {
    name = identity_entry_name(from.substr(kAuth.size()));
  } else {
    if (from.starts_with(kMetadata)) from.remove_prefix(kMetadata.size());
    name = from;
    for (char& c : name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  }
  std::optional<std::string> joined;
  for (const MetadataEntry& entry : metadata->entries) {
    if (entry.name != name) continue;
    joined = joined ? *joined + ";" + entry.value : entry.value;
  }
  return joined;
}

// The actions on one request: values from the request are looked up once. One for each piece of
// work; the actions outlive it.
class Actions {
 public:
  Actions(const std::vector<Action>& actions, const Metadata* metadata) : actions_(actions) {
    for (const Action& action : actions_) {
      std::optional<std::string> value;
      if (!action.from_context.empty()) {
        value = read_context(action.from_context, metadata);
        // The disk may have it from a release that did not make headers UTF-8.
        if (value) value = otlp::encode_string_value(wire::to_utf8(*value));
      }
      context_values_.push_back(std::move(value));
    }
  }

  void apply(AttributeList& list) const {
    for (size_t i = 0; i < actions_.size(); i++) apply_one(actions_[i], context_values_[i], list);
  }

 private:
  static void apply_one(const Action& action, const std::optional<std::string>& context_value,
                        AttributeList& list) {
    using Kind = Action::Kind;
    switch (action.kind) {
      case Kind::kInsert:
        if (!list.contains(action.key)) set(action, context_value, list);
        return;
      case Kind::kUpdate:
        if (list.contains(action.key)) set(action, context_value, list);
        return;
      case Kind::kUpsert:
        return set(action, context_value, list);
      case Kind::kDelete:
        return list.erase_if(
            [&](std::string_view key) { return key == action.key || finds_in_key(action, key); });
      case Kind::kHash:
        return hash(action, list);
      case Kind::kExtract:
        return extract(action, list);
      case Kind::kConvert:
        return convert(action, list);
    }
  }

  static void set(const Action& action, const std::optional<std::string>& context_value,
                  AttributeList& list) {
    if (action.value) return list.set(action.key, *action.value);
    if (context_value) return list.set(action.key, *context_value);
    if (!action.from_attribute.empty() && list.set_copy(action.key, action.from_attribute)) return;
    if (action.default_value) list.set(action.key, *action.default_value);
  }

  static bool finds_in_key(const Action& action, std::string_view key) {
    return action.pattern != nullptr && item_match::finds(*action.pattern, key);
  }

  static void hash(const Action& action, AttributeList& list) {
    const auto hashed = [](const AnyValueView& value) {
      return otlp::encode_string_value(hash_value(value));
    };
    if (const auto value = list.find(action.key)) list.set(action.key, hashed(*value));
    if (action.pattern == nullptr) return;
    list.replace_if([&](std::string_view key) { return finds_in_key(action, key); }, hashed);
  }

  static void convert(const Action& action, AttributeList& list) {
    const auto value = list.find(action.key);
    if (!value || !list.may_copy(value->text.size() + value->members.size())) return;
    const auto converted = convert_value(*value, action.converted_type);
    if (converted) list.set(action.key, *converted);
  }

  static void extract(const Action& action, AttributeList& list) {
    const auto value = list.find(action.key);
    if (!value || value->type != AnyValueView::Type::kString) return;
    if (!list.may_copy(value->text.size())) return;
    const std::string text(value->text);  // the list may move while it is being changed
    std::vector<re2::StringPiece> groups(action.group_names.size() + 1);
    if (!action.pattern->Match(text, 0, text.size(), re2::RE2::UNANCHORED, groups.data(),
                               static_cast<int>(groups.size()))) {
      return;
    }
    for (size_t i = 0; i < action.group_names.size(); i++) {
      list.set(action.group_names[i],
               otlp::encode_string_value({groups[i + 1].data(), groups[i + 1].size()}));
    }
  }

  const std::vector<Action>& actions_;
  std::vector<std::optional<std::string>> context_values_;
};

// Puts the edited rope into the payload.
Result<pipeline::ProcessorResult> take(Result<Rope> edited, pipeline::Payload& payload) {
  if (!edited) return fail(std::move(edited.error()));
  payload.bytes = std::move(*edited);
  return pipeline::ProcessorResult{};
}

class AttributesProcessor final : public pipeline::Processor {
 public:
  explicit AttributesProcessor(const Options& options)
      : actions_(options.actions), match_(options.match) {}

  Result<pipeline::ProcessorResult> process(pipeline::Payload& payload, Work& work) override {
    const Actions actions(actions_, payload.metadata.get());
    item_match::Selector selector(match_, payload.signal, work);
    const auto edit = [&](const EditContext& context, AttributeList& list) {
      const Result<bool> is_selected = selector.selects(context);
      if (!is_selected) return list.fail(is_selected.error());
      if (*is_selected) actions.apply(list);
    };
    return take(otlp::edit_item_attributes(payload.signal, payload.bytes, edit, work), payload);
  }

 private:
  const std::vector<Action> actions_;
  const item_match::MatchConfig match_;
};

class ResourceProcessor final : public pipeline::Processor {
 public:
  explicit ResourceProcessor(const Options& options) : actions_(options.actions) {}

  Result<pipeline::ProcessorResult> process(pipeline::Payload& payload, Work& work) override {
    const Actions actions(actions_, payload.metadata.get());
    const auto edit = [&](const EditContext&, AttributeList& list) { actions.apply(list); };
    return take(otlp::edit_resource_attributes(payload.signal, payload.bytes, edit, work), payload);
  }

 private:
  const std::vector<Action> actions_;
};

// "insert region", "delete, of keys like ^card".
std::string text_of(const Action& action) {
  constexpr std::string_view kNames[] = {"insert", "update",  "upsert", "delete",
                                         "hash",   "extract", "convert"};
  std::string text(kNames[static_cast<size_t>(action.kind)]);
  if (!action.key.empty()) text += " " + action.key;
  if (action.pattern != nullptr) text += ", pattern " + action.pattern->pattern();
  return text;
}

using Make = std::unique_ptr<pipeline::Processor> (*)(const Options&);
pipeline::RuleSteps steps_of(const Options& options, Make make) {
  pipeline::RuleSteps steps;
  for (const Action& action : options.actions) steps.texts.push_back(text_of(action));
  steps.make = [options, make](size_t count) {
    Options first = options;
    first.actions.resize(count);
    return make(first);
  };
  return steps;
}

}  // namespace

std::unique_ptr<pipeline::Processor> make_attributes_processor(const Options& options) {
  return std::make_unique<AttributesProcessor>(options);
}

std::unique_ptr<pipeline::Processor> make_resource_processor(const Options& options) {
  return std::make_unique<ResourceProcessor>(options);
}

pipeline::RuleSteps attributes_steps(const Options& options) {
  return steps_of(options, make_attributes_processor);
}
pipeline::RuleSteps resource_steps(const Options& options) {
  return steps_of(options, make_resource_processor);
}

}  // namespace millrace::processors::attributes
