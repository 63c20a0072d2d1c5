#include "otlp/edit.h"

#include <utility>

#include "otlp/attribute_sinks.h"
#include "otlp/key_value.h"
#include "otlp/level_writer.h"
#include "otlp/schema.h"

namespace millrace::otlp {

namespace {

using wire::WireType;

// The cost of reading a field, in units of the pace.
constexpr size_t kEditFieldUnits = 8;
constexpr size_t kItemUnits = 64;
constexpr uint32_t kResourceSchemaUrl = 3;  // ResourceX.schema_url

// One edit of one request.
class Edit {
 public:
  Edit(Signal signal, const Rope& request, const Editors& editors, Work& work)
      : editors_(editors),
        work_(work),
        list_(work),
        joined_(work, "joining a value"),
        levels_(request, work, "editing") {
    context_.signal = signal;
  }

  Result<Rope> run() {
    Level level;
    while (levels_.next_resource_x(&level)) {
      edit_resource_x(level);
      levels_.close(level);
      if (list_.failed()) return fail(*list_.failure());
    }
    return levels_.finish();
  }

 private:
  bool stopped() const { return levels_.stopped() || list_.failed(); }

  // Calls `edit_inside(level)` for each nested message; a change inside it opens its Level. Field
  // `dropped` is left out (0: none).
  template <class IsWanted, class EditInside>
  void edit_nested(Level& level, uint32_t dropped, const IsWanted& is_wanted,
                   const EditInside& edit_inside) {
    wire::FieldReader fields(level.content.view());
    for (wire::Field field; !stopped() && fields.next(&field);) {
      work_.pace.step(kEditFieldUnits);
      if (field.type != WireType::kLen) continue;
      if (field.number == dropped) levels_.drop(level, field.whole);
      if (!is_wanted(field.number)) continue;
      Level inside = levels_.inside(level, field);
      edit_inside(inside);
      levels_.close(inside);
    }
  }

  void edit_resource_x(Level& level) {
    resource_ = ResourceView{
        .bytes = level.content, .resource = levels_.merged(level.content, 1), .schema_url = {}};
    if (stopped()) return;
    context_.resource = &resource_;
    context_.resource_number++;
    context_.scope = nullptr;
    const uint32_t dropped =
        edit_singular(editors_.resource, level, resource_.resource, kResourceAttributes);
    const bool looks_inside = editors_.scope || edits_items();
    if (dropped != 0 || looks_inside) {
      edit_nested(
          level, dropped,
          [&](uint32_t number) { return looks_inside && number == kResourceScopes; },
          [&](Level& scope_x) { edit_scope_x(scope_x); });
    }
    add_schema_url(level);
  }
  bool edits_items() const {
    return (editors_.item || editors_.item_texts != nullptr) &&
           context_.signal != Signal::kProfiles;
  }

  void edit_scope_x(Level& level) {
    scope_ = ScopeView{.bytes = level.content, .scope = levels_.merged(level.content, 1)};
    if (stopped()) return;
    wire::FieldReader fields(scope_.scope.view());
    for (wire::Field field; fields.next(&field);) {
      work_.pace.step(kEditFieldUnits);
      if (field.is(1, WireType::kLen)) scope_.name = field.text();
      if (field.is(2, WireType::kLen)) scope_.version = field.text();
    }
    context_.scope = &scope_;
    context_.scope_number++;
    const uint32_t dropped = edit_singular(editors_.scope, level, scope_.scope, kScopeAttributes);
    if (context_.signal == Signal::kMetrics || !edits_items()) {
      if (dropped == 0 && !edits_items()) return;
      return edit_nested(
          level, dropped, [&](uint32_t number) { return edits_items() && number == kScopeItems; },
          [&](Level& metric) { edit_metric(metric); });
    }
    const bool is_traces = context_.signal == Signal::kTraces;
    edit_items(level, dropped, kScopeItems, is_traces ? kSpanAttributes : kLogRecordAttributes);
  }

  void edit_metric(Level& level) {
    context_.metric_name = {};
    context_.metric_number++;
    wire::FieldReader fields(level.content.view());
    for (wire::Field field; fields.next(&field);) {
      work_.pace.step(kEditFieldUnits);
      if (field.is(1, WireType::kLen)) context_.metric_name = field.text();
    }
    edit_nested(level, 0, is_metric_data, [&](Level& data) {
      edit_items(data, 0, kDataPoints,
                 point_attributes(static_cast<MetricType>(data.field_number)));
    });
  }

  // Edits the spans, log records or data points in field `items_field` of `level`, and leaves field
  // `dropped` out (0: none).
  void edit_items(Level& level, uint32_t dropped, uint32_t items_field, uint32_t attributes_field) {
    wire::FieldReader fields(level.content.view());
    for (wire::Field field; !stopped() && fields.next(&field);) {
      work_.pace.step(kEditFieldUnits);
      if (dropped != 0 && field.is(dropped, WireType::kLen)) levels_.drop(level, field.whole);
      if (!field.is(items_field, WireType::kLen)) continue;
      work_.pace.step(kItemUnits);
      if (editors_.item_texts != nullptr) {
        const bool is_span = context_.signal == Signal::kTraces;
        if (!editors_.item_texts->has_nothing(field.bytes)) {
          edit_texts(level, field, attributes_field, is_span ? kSpanEvents : 0);
        }
        continue;
      }
      context_.item = field.bytes;
      list_.reset(field.bytes, attributes_field);
      editors_.item(context_, list_);
      if (list_.failed() || !list_.is_changed()) continue;
      levels_.drop(level, field.whole);
      levels_.out().write_len_prefix(items_field, list_.message_size());
      list_.write_message(level.content, &levels_.out());
    }
  }

  // `events_field`: of messages with texts of their own in this one; 0: none.
  void edit_texts(Level& around, const wire::Field& message, uint32_t attributes_field,
                  uint32_t events_field) {
    Level level = levels_.inside(around, message);
    wire::FieldReader fields(message.bytes);
    for (wire::Field field; !stopped() && fields.next(&field);) {
      work_.pace.step(kEditFieldUnits);
      if (field.type != WireType::kLen) continue;
      if (field.number == attributes_field) edit_text(level, field);
      if (field.number == events_field) edit_texts(level, field, kEventAttributes, 0);
    }
    const std::optional<Error>& failure =
        joined_.failed() ? joined_.failure() : editors_.item_texts->failure();
    if (failure) return levels_.stop(*failure);
    levels_.close(level);
  }

  void edit_text(Level& level, const wire::Field& attribute) {
    KeyValueView pair = read_key_value(attribute.bytes);
    if (pair.is_split) pair.value = joined_value(attribute.bytes);
    const std::optional<std::string_view> before = read_text(pair.value);
    std::optional<std::string_view> text;
    if (before) text = editors_.item_texts->edit(pair.key, *before);
    if (!text && !pair.is_split) return;
    levels_.drop(level, attribute.whole);
    RopeSink sink{level.content, levels_.out()};
    if (text) {
      write_text_attribute(sink, attribute.number, pair.key, *text);
    } else {
      write_attribute(sink, attribute.number, pair.key, pair.value);
    }
  }
  // Every reader joins the parts of a value.
  MessageBytes joined_value(MessageBytes key_value) {
    joined_.clear();
    MessageReader parts(key_value, 2, &work_.pace);
    for (MessageBytes part; parts.next(&part);) joined_.append(as_text(part));
    return as_span(joined_.view());
  }

  // Edits field 1 of `level`, which may be absent, single, or several parts of one message. Returns
  // the number of the field that must be left out from now on, because its new content is written.
  uint32_t edit_singular(const AttributeEditor& editor, Level& level, const Bytes& content,
                         uint32_t attributes_field) {
    if (!editor) return 0;
    list_.reset(content.view(), attributes_field);
    editor(context_, list_);
    if (list_.failed() || !list_.is_changed()) return 0;
    levels_.open(level);
    levels_.out().write_len_prefix(1, list_.message_size());
    list_.write_message(content, &levels_.out());
    return 1;
  }

  void add_schema_url(Level& level) {
    if (stopped() || editors_.schema_url.empty()) return;
    wire::FieldReader fields(level.content.view());
    std::string_view found;
    for (wire::Field field; fields.next(&field);) {
      work_.pace.step(kEditFieldUnits);
      if (field.is(kResourceSchemaUrl, WireType::kLen)) found = field.text();
    }
    if (!found.empty()) return;
    levels_.keep_rest(level);
    levels_.out().write_len_prefix(kResourceSchemaUrl, editors_.schema_url.size());
    levels_.out().write(as_span(editors_.schema_url));
  }

  const Editors& editors_;
  Work& work_;
  EditContext context_;
  ResourceView resource_;
  ScopeView scope_;
  AttributeList list_;
  ReservedText joined_;
  LevelWriter levels_;
};

}  // namespace

Result<Rope> edit_request(Signal signal, const Rope& request, const Editors& editors, Work& work) {
  return Edit(signal, request, editors, work).run();
}

Result<Rope> edit_resource_attributes(Signal signal, const Rope& request,
                                      const AttributeEditor& edit, Work& work) {
  return edit_request(signal, request, {.resource = edit}, work);
}

Result<Rope> edit_resources(Signal signal, const Rope& request, const AttributeEditor& edit,
                            std::string_view schema_url, Work& work) {
  return edit_request(signal, request, {.resource = edit, .schema_url = schema_url}, work);
}

Result<Rope> edit_scope_attributes(Signal signal, const Rope& request, const AttributeEditor& edit,
                                   Work& work) {
  return edit_request(signal, request, {.scope = edit}, work);
}

Result<Rope> edit_item_attributes(Signal signal, const Rope& request, const AttributeEditor& edit,
                                  Work& work) {
  if (signal == Signal::kProfiles) return request;
  return edit_request(signal, request, {.item = edit}, work);
}

}  // namespace millrace::otlp
