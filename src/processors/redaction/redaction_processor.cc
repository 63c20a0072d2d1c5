#include "processors/redaction/redaction_processor.h"

#include <optional>
#include <string>
#include <utility>

#include "otlp/attribute_list.h"
#include "otlp/edit.h"
#include "otlp/value_text.h"
#include "processors/redaction/db_sanitizer.h"
#include "processors/redaction/key_lists.h"
#include "processors/redaction/key_rules.h"
#include "processors/redaction/log_body.h"
#include "processors/redaction/text_redactor.h"
#include "wire/field_search.h"
#include "wire/protobuf.h"

namespace millrace::processors::redaction {

namespace {

using otlp::AnyValueView;
using otlp::AttributeList;
using otlp::EditContext;
using otlp::MessageBytes;
using Change = AttributeList::Change;
using Kind = KeyLists::Kind;

constexpr uint32_t kLogBody = 5;
constexpr uint32_t kSpanName = 5;
constexpr uint32_t kSpanKind = 6;
constexpr uint64_t kInternal = 1;  // of Span.SpanKind; the kind between them is the server's
constexpr uint64_t kClient = 3;
constexpr size_t kSystemBytesMax = 64;  // no known system has a longer name
// A message up to this size is searched as a whole; the walk cannot be suspended in a search.
constexpr size_t kSearchedBytesMax = 256 * 1024;
// In a span up to this size the events are searched without a step.
constexpr size_t kSkippedAtOnceBytes = 16 * 1024;

// The redaction of one request.
class Redaction final : public otlp::TextEditor {
 public:
  Redaction(const Options& options, KeyRules& rules, Signal signal, Work& work)
      : options_(options),
        rules_(rules),
        work_(work),
        is_log_(signal == Signal::kLogs),
        masks_queries_(options.db.is_enabled()),
        redactor_(options, work),
        db_(options.db, work),
        keys_(options.summary, work),
        text_(work),
        event_(work),
        body_(rules, redactor_, masks_queries_ ? &db_ : nullptr, keys_, work) {}

  bool has_nothing(MessageBytes message) override {
    if (!options_.bytes_tell || message.size() > kSearchedBytesMax) return false;
    work_.pace.step(message.size());
    return !options_.finds_blocked_value(as_text(message));
  }
  // Precondition: options.bytes_tell, and nothing is listed.
  std::optional<std::string_view> edit(std::string_view key, std::string_view text) override {
    if (rules_.of(key) == KeyRule::kIgnored || redactor_.is_allowed(text)) return std::nullopt;
    return redactor_.redact(text);
  }
  const std::optional<Error>& failure() const override { return redactor_.failure(); }

  void edit_attributes(AttributeList& list) {
    if (!has_nothing(list.message())) edit_each(list);
  }
  void edit_each(AttributeList& list) {
    if (masks_queries_) db_system_ = db_system_of(list);
    list.change_each([&](std::string_view key, const AnyValueView& value, std::string_view* text) {
      return change(key, value, text);
    });
    give_failures(list);
    keys_.write(KeyLists::Of::kAttributes, list);
  }

  void edit_span(const EditContext& context, AttributeList& list) {
    if (has_nothing(context.item)) return;
    edit_each(list);
    edit_events(context.item, list);
    if (masks_queries_ && options_.db.sanitizes_span_names) edit_span_name(context.item, list);
  }

  void edit_log_record(const EditContext& context, AttributeList& list) {
    if (body_is_text(context.item) && has_nothing(context.item)) return;
    edit_each(list);
    // A reader joins a body that comes in several parts, so each of them is looked at.
    size_t part_count = 0;
    wire::FieldReader fields(context.item);
    for (wire::Field field; !list.failed() && fields.next(&field);) {
      work_.pace.step(otlp::kFieldUnits);
      if (!field.is(kLogBody, wire::WireType::kLen)) continue;
      ++part_count;
      if (body_.redact(field.bytes)) list.replace(field, body_.content());
      if (body_.failure()) list.fail(*body_.failure());
    }
    if (part_count == 0 && body_.redact({})) list.append_field(kLogBody, body_.content());
    if (body_.failure()) list.fail(*body_.failure());
    give_failures(list);
    keys_.write(KeyLists::Of::kBody, list);
  }

 private:
  void edit_events(MessageBytes span, AttributeList& list) {
    const auto edit_event = [&](const wire::Field& field) {
      event_.reset(field.bytes, otlp::kEventAttributes);
      edit_attributes(event_);
      if (event_.is_changed() || event_.failed()) list.replace(field, event_);
    };
    if (span.size() <= kSkippedAtOnceBytes) {
      wire::FieldSearch events(span, otlp::kSpanEvents);
      for (wire::LenField event;
           !list.failed() && (event = events.next_len()).bytes.data() != nullptr;) {
        edit_event({.number = otlp::kSpanEvents,
                    .type = wire::WireType::kLen,
                    .bytes = event.bytes,
                    .whole = event.whole});
      }
      return;
    }
    wire::FieldReader fields(span);
    for (wire::Field field; !list.failed() && fields.next(&field);) {
      work_.pace.step(otlp::kFieldUnits);
      if (field.is(otlp::kSpanEvents, wire::WireType::kLen)) edit_event(field);
    }
  }

  // Numbers in a body are looked at as well, but not as the text that stands in the bytes.
  bool body_is_text(MessageBytes item) {
    using Type = AnyValueView::Type;
    wire::FieldReader fields(item);
    for (wire::Field field; fields.next(&field);) {
      work_.pace.step(otlp::kFieldUnits);
      if (!field.is(kLogBody, wire::WireType::kLen)) continue;
      const Type type = AnyValueView::read(field.bytes, &work_.pace).type;
      if (type != Type::kString && type != Type::kEmpty) return false;
    }
    return true;
  }

  // Copied: the list may move its values.
  static std::string db_system_of(AttributeList& list) {
    for (const char* key : {"db.system.name", "db.system"}) {
      const auto value = list.find(key);
      if (value && value->type == AnyValueView::Type::kString && !value->text.empty()) {
        return std::string(value->text.substr(0, kSystemBytesMax));
      }
    }
    return {};
  }

  // The system is what the attributes say after their edit. Readers use the last name.
  void edit_span_name(MessageBytes span, AttributeList& list) {
    std::optional<wire::Field> name;
    uint64_t kind = 0;
    wire::FieldReader fields(span);
    for (wire::Field field; fields.next(&field);) {
      work_.pace.step(otlp::kFieldUnits);
      if (field.is(kSpanName, wire::WireType::kLen)) name = field;
      if (field.is(kSpanKind, wire::WireType::kVarint)) kind = field.value;
    }
    if (!name || kind < kInternal || kind > kClient || list.failed()) return;
    if (redactor_.is_allowed(name->text())) return;
    const auto masked = db_.of_span_name(name->text(), db_system_of(list));
    if (masked) list.replace(*name, *masked);
    if (db_.failure()) list.fail(*db_.failure());
  }

  std::string_view text_of(const AnyValueView& value) {
    if (options_.redact_all_types) return text_.of(value);
    return value.type == AnyValueView::Type::kString ? value.text : std::string_view();
  }

  Change change(std::string_view key, const AnyValueView& value, std::string_view* text) {
    const KeyRule rule = rules_.of(key);
    if (rule == KeyRule::kIgnored) {
      keys_.add(Kind::kIgnored, key);
      return Change::kKeep;
    }
    if (rule == KeyRule::kRemoved) {
      keys_.add(Kind::kRedacted, key);
      return Change::kErase;
    }
    const std::string_view before = text_of(value);
    if (redactor_.is_allowed(before)) {
      keys_.add(Kind::kAllowed, key);
      return Change::kKeep;
    }
    if (rule == KeyRule::kMasked) {
      keys_.add(Kind::kMasked, key);
      *text = redactor_.mask_all(before);
      return Change::kSetText;
    }
    std::string_view redacted = redactor_.redact(before).value_or(before);
    if (masks_queries_) {
      redacted = db_.of_attribute(key, redacted, db_system_, is_log_).value_or(redacted);
    }
    if (redacted == before) return Change::kKeep;
    keys_.add(Kind::kMasked, key);
    *text = redacted;
    return Change::kSetText;
  }

  void give_failures(AttributeList& list) {
    if (redactor_.failure()) list.fail(*redactor_.failure());
    if (db_.failure()) list.fail(*db_.failure());
    if (text_.failed()) list.fail(*text_.failure());
  }

  const Options& options_;
  KeyRules& rules_;
  Work& work_;
  const bool is_log_;
  const bool masks_queries_;
  TextRedactor redactor_;
  DbSanitizer db_;
  std::string db_system_;  // of the message whose attributes are edited
  KeyLists keys_;
  otlp::ValueText text_;
  AttributeList event_;
  LogBody body_;
};

class RedactionProcessor final : public pipeline::Processor {
 public:
  explicit RedactionProcessor(const Options& options) : options_(options), rules_(options_) {}

  Result<pipeline::ProcessorResult> process(pipeline::Payload& payload, Work& work) override {
    Redaction redaction(options_, rules_, payload.signal, work);
    const auto edit_attributes = [&](const EditContext&, AttributeList& list) {
      redaction.edit_attributes(list);
    };
    otlp::Editors editors{
        .resource = edit_attributes, .scope = edit_attributes, .item = edit_attributes};
    const bool are_texts_all = options_.bytes_tell && options_.summary == Summary::kSilent;
    if (are_texts_all && payload.signal != Signal::kLogs) {
      editors.item_texts = &redaction;
    } else if (payload.signal == Signal::kTraces) {
      editors.item = [&](const EditContext& context, AttributeList& list) {
        redaction.edit_span(context, list);
      };
    } else if (payload.signal == Signal::kLogs) {
      editors.item = [&](const EditContext& context, AttributeList& list) {
        redaction.edit_log_record(context, list);
      };
    }
    Result<Rope> edited = otlp::edit_request(payload.signal, payload.bytes, editors, work);
    if (!edited) return fail(std::move(edited.error()));
    payload.bytes = std::move(*edited);
    return pipeline::ProcessorResult{};
  }

 private:
  const Options options_;
  KeyRules rules_;
};

}  // namespace

std::unique_ptr<pipeline::Processor> make_redaction_processor(const Options& options) {
  return std::make_unique<RedactionProcessor>(options);
}

}  // namespace millrace::processors::redaction
