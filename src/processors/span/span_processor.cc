#include "processors/span/span_processor.h"

#include <re2/re2.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "item_match/matcher.h"
#include "item_match/value.h"
#include "memory/reserved_text.h"
#include "otlp/attribute_list.h"
#include "otlp/edit.h"
#include "wire/writer.h"

namespace millrace::processors::span {

namespace {

using otlp::AnyValueView;
using otlp::AttributeList;
using otlp::EditContext;
using otlp::MessageBytes;

constexpr uint32_t kName = 5;
constexpr uint32_t kStatus = 15;
constexpr uint32_t kStatusMessage = 2;
constexpr uint32_t kStatusCode = 3;
// Units of the pace for trying one rule.
constexpr size_t kRuleUnits = 200;

// The changes of one request.
class Renaming {
 public:
  Renaming(const Options& options, Work& work)
      : options_(options),
        work_(work),
        selector_(options.match, Signal::kTraces, work),
        name_(work, "renaming spans"),
        next_(work, "renaming spans") {}

  void edit(const EditContext& context, AttributeList& list) {
    const Result<bool> is_selected = selector_.selects(context);
    if (!is_selected) return list.fail(is_selected.error());
    if (!*is_selected) return;
    const std::string_view before = otlp::SpanView::read(context.item, &work_.pace).name;
    std::string_view name = before;
    if (make_name(list)) name = name_.view();
    for (const Rule& rule : options_.rules) {
      if (name.empty()) break;  // otelcol looks only once, but no rule takes all of a name away
      if (!apply(rule, name, list)) continue;
      if (!options_.keep_original_name) {
        std::swap(name_, next_);
        name = name_.view();
      }
      if (options_.break_after_match) break;
    }
    if (name_.failed()) list.fail(*name_.failure());
    if (next_.failed()) list.fail(*next_.failure());
    if (list.failed()) return;
    if (name != before) set_field(context.item, kName, name, list);
    if (options_.status) set_status(context.item, *options_.status, list);
  }

 private:
  // From attributes. False: one of them is missing, or there are none.
  bool make_name(AttributeList& list) {
    if (options_.from_attributes.empty()) return false;
    name_.clear();
    for (size_t i = 0; i < options_.from_attributes.size(); i++) {
      const auto value = list.find(options_.from_attributes[i]);
      if (!value) return false;
      if (i > 0) name_.append(options_.separator);
      append(*value);
    }
    return true;
  }

  void append(const AnyValueView& value) {
    if (value.type == AnyValueView::Type::kString) return name_.append(value.text);
    const auto text = item_match::scalar_text(value);
    name_.append(text ? *text : "<unknown-attribute-type>");
  }

  // Sets an attribute for each group and writes the new name into next_. False: no match.
  bool apply(const Rule& rule, std::string_view name, AttributeList& list) {
    work_.pace.step(kRuleUnits + name.size());
    const re2::StringPiece piece(name.data(), name.size());
    std::vector<re2::StringPiece> groups(rule.group_names.size() + 1);
    if (!rule.pattern->Match(piece, 0, name.size(), re2::RE2::UNANCHORED, groups.data(),
                             static_cast<int>(groups.size()))) {
      return false;
    }
    next_.clear();
    size_t done = 0;
    for (size_t i = 1; i < groups.size(); i++) {
      const std::string& key = rule.group_names[i - 1];
      list.set(key, otlp::encode_string_value({groups[i].data(), groups[i].size()}));
      // A group that took no part, or one inside of another: otelcol cannot place it.
      if (groups[i].data() == nullptr) continue;
      const auto begin = static_cast<size_t>(groups[i].data() - name.data());
      if (begin < done) continue;
      next_.append(name.substr(done, begin - done));
      next_.append('{');
      next_.append(key);
      next_.append('}');
      done = begin + groups[i].size();
    }
    next_.append(name.substr(done));
    return true;
  }

  // One field in place of all that are there.
  static void set_field(MessageBytes span, uint32_t number, std::string_view content,
                        AttributeList& list) {
    bool is_set = false;
    wire::FieldReader fields(span);
    for (wire::Field field; fields.next(&field);) {
      if (!field.is(number, wire::WireType::kLen)) continue;
      if (is_set) {
        list.replace(field.whole, "");
      } else {
        list.replace(field, content);
      }
      is_set = true;
    }
    if (!is_set) list.append_field(number, content);
  }

  void set_status(MessageBytes span, const SpanStatus& status, AttributeList& list) {
    const auto code = static_cast<int32_t>(status.code);
    const otlp::SpanView view = otlp::SpanView::read(span, &work_.pace);
    if (view.status_code == code && view.status_message == status.description) return;
    wire::Writer content(64);
    if (!status.description.empty()) content.string_field(kStatusMessage, status.description);
    if (code != 0) content.varint_field(kStatusCode, static_cast<uint64_t>(code));
    set_field(span, kStatus, as_text(content.view()), list);
  }

  const Options& options_;
  Work& work_;
  item_match::Selector selector_;
  ReservedText name_;
  ReservedText next_;
};

class SpanProcessor final : public pipeline::Processor {
 public:
  explicit SpanProcessor(const Options& options) : options_(options) {}

  Result<pipeline::ProcessorResult> process(pipeline::Payload& payload, Work& work) override {
    Renaming renaming(options_, work);
    const auto edit = [&](const EditContext& context, AttributeList& list) {
      renaming.edit(context, list);
    };
    Result<Rope> edited = otlp::edit_item_attributes(payload.signal, payload.bytes, edit, work);
    if (!edited) return fail(std::move(edited.error()));
    payload.bytes = std::move(*edited);
    return pipeline::ProcessorResult{};
  }

 private:
  const Options options_;
};

}  // namespace

std::unique_ptr<pipeline::Processor> make_span_processor(const Options& options) {
  return std::make_unique<SpanProcessor>(options);
}

}  // namespace millrace::processors::span
