#include "otlp/edit.h"

#include <optional>
#include <utility>

#include "otlp/piece_list.h"
#include "otlp/rope_reader.h"
#include "otlp/schema.h"

namespace millrace::otlp {

namespace {

using wire::WireType;

// Rewrites some length-delimited fields of `message` and keeps the rest. `is_wanted(number)` says
// which; `edit_content(number, content)` gives the size of the new content, or nothing when it
// stays; `write_content(content, into)` then writes it. The size comes first so that the length and
// what follows lie behind one another. Nothing is written to `into` when nothing changed.
template <class IsWanted, class EditContent, class WriteContent>
bool rewrite_fields(const Bytes& message, const IsWanted& is_wanted,
                    const EditContent& edit_content, const WriteContent& write_content,
                    PieceList* into) {
  const uint8_t* kept = message.data();
  bool is_changed = false;
  wire::FieldReader fields(message.view());
  for (wire::Field field; fields.next(&field);) {
    if (field.type != WireType::kLen || !is_wanted(field.number)) continue;
    const Bytes before(message.chunk(), field.bytes.data(), field.bytes.size());
    const std::optional<size_t> size = edit_content(field.number, before);
    if (!size) continue;
    into->keep(message, {kept, field.whole.data()});
    kept = field.whole.data() + field.whole.size();
    into->write_len_prefix(field.number, *size);
    write_content(before, into);
    is_changed = true;
  }
  if (is_changed) into->keep(message, {kept, message.data() + message.size()});
  return is_changed;
}

// For content that is itself rewritten: `edit(number, content, into)` returns whether it changed.
template <class IsWanted, class Edit>
bool rewrite_nested(const Bytes& message, wire::Writer* writer, const IsWanted& is_wanted,
                    const Edit& edit, PieceList* into) {
  PieceList edited(writer);
  return rewrite_fields(
      message, is_wanted,
      [&](uint32_t number, const Bytes& content) -> std::optional<size_t> {
        if (!edit(number, content, &edited)) return std::nullopt;
        return edited.size();
      },
      [&](const Bytes&, PieceList* after) { after->append(std::move(edited)); }, into);
}

// One edit over one request.
class Edit {
 public:
  Edit(Signal signal, const AttributeEditor& editor) : editor_(editor) { context_.signal = signal; }

  enum class Target : uint8_t { kResource, kScope, kItem };
  Rope run(const Rope& request, Target target) {
    PieceList out(&writer_);
    RopeReader reader(request);
    while (!reader.done()) {
      RopeReader ahead = reader;
      const uint32_t tag = ahead.read_tag();
      if (tag != wire::make_tag(1, WireType::kLen)) {
        ahead.skip_value(tag);
        keep(reader.take(ahead.position() - reader.position()), &out);
        continue;
      }
      const size_t size = ahead.read_varint();
      const Bytes resource_x = ahead.take(size).to_bytes();
      PieceList content(&writer_);
      if (edit_resource_x(resource_x, target, &content)) {
        out.write_len_prefix(1, content.size());
        out.append(std::move(content));
        reader.skip(ahead.position() - reader.position());
      } else {
        keep(reader.take(ahead.position() - reader.position()), &out);
      }
    }
    return out.to_rope();
  }

 private:
  static void keep(const Rope& rope, PieceList* out) {
    for (const Bytes& piece : rope.pieces()) out->keep(piece, piece.view());
  }

  bool edit_resource_x(const Bytes& resource_x, Target target, PieceList* into) {
    const ResourceView resource = ResourceView::read(resource_x);
    context_.resource = &resource;
    context_.scope = nullptr;
    if (target == Target::kResource) {
      return edit_singular(resource_x, resource.resource, kResourceAttributes, into);
    }
    return rewrite_nested(
        resource_x, &writer_, [](uint32_t number) { return number == kResourceScopes; },
        [&](uint32_t, const Bytes& scope_x, PieceList* content) {
          return edit_scope_x(scope_x, target, content);
        },
        into);
  }

  bool edit_scope_x(const Bytes& scope_x, Target target, PieceList* into) {
    const ScopeView scope = ScopeView::read(scope_x);
    context_.scope = &scope;
    if (target == Target::kScope) {
      return edit_singular(scope_x, scope.scope, kScopeAttributes, into);
    }
    switch (context_.signal) {
      case Signal::kTraces:
        return edit_items(scope_x, kScopeItems, kSpanAttributes, into);
      case Signal::kLogs:
        return edit_items(scope_x, kScopeItems, kLogRecordAttributes, into);
      case Signal::kMetrics:
        return rewrite_nested(
            scope_x, &writer_, [](uint32_t number) { return number == kScopeItems; },
            [&](uint32_t, const Bytes& metric, PieceList* content) {
              return edit_metric(metric, content);
            },
            into);
      case Signal::kProfiles:
        break;
    }
    return false;
  }

  bool edit_metric(const Bytes& metric, PieceList* into) {
    context_.metric_name = {};
    wire::FieldReader fields(metric.view());
    for (wire::Field field; fields.next(&field);) {
      if (field.is(1, WireType::kLen)) context_.metric_name = field.text();
    }
    return rewrite_nested(
        metric, &writer_, is_metric_data,
        [&](uint32_t number, const Bytes& data, PieceList* content) {
          return edit_items(data, kDataPoints, point_attributes(static_cast<MetricType>(number)),
                            content);
        },
        into);
  }

  // Spans, log records or data points, which lie in field `items_field` of `around`.
  bool edit_items(const Bytes& around, uint32_t items_field, uint32_t attributes_field,
                  PieceList* into) {
    return rewrite_fields(
        around, [&](uint32_t number) { return number == items_field; },
        [&](uint32_t, const Bytes& item) -> std::optional<size_t> {
          context_.item = item.view();
          list_.reset(item.view(), attributes_field);
          editor_(context_, list_);
          if (!list_.is_changed()) return std::nullopt;
          return list_.message_size();
        },
        [&](const Bytes& item, PieceList* after) { list_.write_message(item, after); }, into);
  }

  // Field 1 of `around`, of which there may be none, one, or several that are one.
  bool edit_singular(const Bytes& around, const Bytes& content, uint32_t attributes_field,
                     PieceList* into) {
    list_.reset(content.view(), attributes_field);
    editor_(context_, list_);
    if (!list_.is_changed()) return false;
    into->write_len_prefix(1, list_.message_size());
    list_.write_message(content, into);
    const uint8_t* kept = around.data();
    wire::FieldReader fields(around.view());
    for (wire::Field field; fields.next(&field);) {
      if (!field.is(1, WireType::kLen)) continue;
      into->keep(around, {kept, field.whole.data()});
      kept = field.whole.data() + field.whole.size();
    }
    into->keep(around, {kept, around.data() + around.size()});
    return true;
  }

  const AttributeEditor& editor_;
  EditContext context_;
  AttributeList list_;
  wire::Writer writer_{4096};
};

}  // namespace

Rope edit_resource_attributes(Signal signal, const Rope& request, const AttributeEditor& edit) {
  return Edit(signal, edit).run(request, Edit::Target::kResource);
}

Rope edit_scope_attributes(Signal signal, const Rope& request, const AttributeEditor& edit) {
  return Edit(signal, edit).run(request, Edit::Target::kScope);
}

Rope edit_item_attributes(Signal signal, const Rope& request, const AttributeEditor& edit) {
  if (signal == Signal::kProfiles) return request;
  return Edit(signal, edit).run(request, Edit::Target::kItem);
}

}  // namespace millrace::otlp
