// One pass, outermost message first. A message is opened in the output at the first change inside
// it, together with the messages around it (open()); the bytes between two changes are kept as one
// stretch. Unchanged messages therefore cost only the reading of their fields.
#include "otlp/edit.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "otlp/rope_reader.h"
#include "otlp/rope_writer.h"
#include "otlp/schema.h"

namespace millrace::otlp {

namespace {

using wire::WireType;

// The cost of reading a field, in units of the pace.
constexpr size_t kFieldUnits = 8;
constexpr size_t kItemUnits = 64;
constexpr size_t kCopyAtOnceBytes = 64 * 1024;
constexpr uint32_t kResourceSchemaUrl = 3;  // ResourceX.schema_url

// A message whose content is being edited.
struct Level {
  Level* around;  // the enclosing message; null: the request
  uint32_t field_number;
  std::span<const uint8_t> whole;  // tag, length and content, if contiguous in `around`
  Bytes content;
  const uint8_t* kept;  // the end of the content that is in the output, once the level is open
  bool is_open = false;
  RopeWriter::Nested nested = {};
};

// One edit of one request.
class Edit {
 public:
  Edit(Signal signal, const Rope& request, const Editors& editors, Work& work)
      : request_(request),
        editors_(editors),
        work_(work),
        list_(work),
        out_(work, std::max(kEditedBytesMax, 2 * request.size())),
        kept_(request) {
    context_.signal = signal;
  }

  Result<Rope> run() {
    RopeReader reader(request_);
    while (!reader.done()) {
      work_.pace.step(kFieldUnits);
      field_begin_ = reader.position();
      const uint32_t tag = reader.read_tag();
      if (tag != wire::make_tag(1, WireType::kLen)) {
        reader.skip_value(tag);
        continue;
      }
      const size_t size = reader.read_varint();
      field_end_ = reader.position() + size;
      std::optional<Bytes> resource_x = contiguous(reader.take(size));
      if (!resource_x) return fail(no_memory("editing", size, work_.pool.budget()));
      Level level = level_of(nullptr, 1, {}, std::move(*resource_x));
      edit_resource_x(level);
      close(level);
      if (list_.failed()) return fail(*list_.failure());
      if (out_.failed()) return out_.finish();
    }
    if (kept_.position() == 0) return request_;
    keep_request_until(request_.size());
    return out_.finish();
  }

 private:
  static Level level_of(Level* around, uint32_t field_number, std::span<const uint8_t> whole,
                        Bytes content) {
    const uint8_t* const begin = content.data();
    return {around, field_number, whole, std::move(content), begin};
  }
  bool stopped() const { return out_.failed() || list_.failed(); }

  // Returns the message in one piece; copies it if it is in several.
  std::optional<Bytes> contiguous(const Rope& message) {
    if (message.pieces().size() <= 1) return message.to_bytes();
    ChunkRef chunk = work_.pool.try_acquire(message.size());
    if (!chunk) return std::nullopt;
    uint8_t* at = chunk->data();
    for (const Bytes& piece : message.pieces()) {
      for (size_t done = 0; done < piece.size(); done += kCopyAtOnceBytes) {
        const size_t part = std::min(kCopyAtOnceBytes, piece.size() - done);
        std::memcpy(at, piece.data() + done, part);
        at += part;
        work_.pace.step(part / 4);
      }
    }
    const uint8_t* const data = chunk->data();
    return Bytes(std::move(chunk), data, message.size());
  }

  // Keeps the rest of the request up to `end`.
  void keep_request_until(size_t end) {
    const Rope stretch = kept_.take(end - kept_.position());
    for (const Bytes& piece : stretch.pieces()) out_.keep(piece, piece.view());
  }
  void keep_until(Level& level, const uint8_t* until) {
    out_.keep(level.content, {level.kept, until});
    level.kept = until;
  }

  void open(Level& level) {
    if (level.is_open) return;
    level.is_open = true;
    if (level.around == nullptr) {
      keep_request_until(field_begin_);
      kept_.skip(field_end_ - field_begin_);
    } else {
      open(*level.around);
      keep_until(*level.around, level.whole.data());
      level.around->kept += level.whole.size();
    }
    const size_t size = level.content.size();
    level.nested = out_.open(level.field_number, size + size / 8);
  }

  void close(Level& level) {
    if (!level.is_open) return;
    keep_until(level, level.content.data() + level.content.size());
    out_.close(level.nested);
  }

  // Leaves a field of an open level out of the output.
  void drop(Level& level, const wire::Field& field) {
    keep_until(level, field.whole.data());
    level.kept += field.whole.size();
  }

  // Calls `edit_inside(level)` for each nested message; a change inside it opens its Level. Field
  // `dropped` is left out (0: none).
  template <class IsWanted, class EditInside>
  void edit_nested(Level& level, uint32_t dropped, const IsWanted& is_wanted,
                   const EditInside& edit_inside) {
    wire::FieldReader fields(level.content.view());
    for (wire::Field field; !stopped() && fields.next(&field);) {
      work_.pace.step(kFieldUnits);
      if (field.type != WireType::kLen) continue;
      if (field.number == dropped) drop(level, field);
      if (!is_wanted(field.number)) continue;
      Level inside = level_of(&level, field.number, field.whole,
                              Bytes(level.content.chunk(), field.bytes.data(), field.bytes.size()));
      edit_inside(inside);
      close(inside);
    }
  }

  void edit_resource_x(Level& level) {
    std::optional<Bytes> resource = merged(level.content);
    if (!resource) return;
    resource_ =
        ResourceView{.bytes = level.content, .resource = std::move(*resource), .schema_url = {}};
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
  bool edits_items() const { return editors_.item && context_.signal != Signal::kProfiles; }

  void edit_scope_x(Level& level) {
    std::optional<Bytes> scope = merged(level.content);
    if (!scope) return;
    scope_ = ScopeView{.bytes = level.content, .scope = std::move(*scope)};
    wire::FieldReader fields(scope_.scope.view());
    for (wire::Field field; fields.next(&field);) {
      work_.pace.step(kFieldUnits);
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
      work_.pace.step(kFieldUnits);
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
      work_.pace.step(kFieldUnits);
      if (dropped != 0 && field.is(dropped, WireType::kLen)) drop(level, field);
      if (!field.is(items_field, WireType::kLen)) continue;
      work_.pace.step(kItemUnits);
      context_.item = field.bytes;
      list_.reset(field.bytes, attributes_field);
      editors_.item(context_, list_);
      if (list_.failed() || !list_.is_changed()) continue;
      open(level);
      drop(level, field);
      out_.write_len_prefix(items_field, list_.message_size());
      list_.write_message(level.content, &out_);
    }
  }

  // Edits field 1 of `level`, which may be absent, single, or several parts of one message. Returns
  // the number of the field that must be left out from now on, because its new content is written.
  uint32_t edit_singular(const AttributeEditor& editor, Level& level, const Bytes& content,
                         uint32_t attributes_field) {
    if (!editor) return 0;
    list_.reset(content.view(), attributes_field);
    editor(context_, list_);
    if (list_.failed() || !list_.is_changed()) return 0;
    open(level);
    out_.write_len_prefix(1, list_.message_size());
    list_.write_message(content, &out_);
    return 1;
  }

  void add_schema_url(Level& level) {
    if (stopped() || editors_.schema_url.empty()) return;
    wire::FieldReader fields(level.content.view());
    std::string_view found;
    for (wire::Field field; fields.next(&field);) {
      work_.pace.step(kFieldUnits);
      if (field.is(kResourceSchemaUrl, WireType::kLen)) found = field.text();
    }
    if (!found.empty()) return;
    open(level);
    keep_until(level, level.content.data() + level.content.size());
    out_.write_len_prefix(kResourceSchemaUrl, editors_.schema_url.size());
    out_.write(as_span(editors_.schema_url));
  }

  // Returns field 1 of `message`; several parts are copied together. Nothing, and a failure of the
  // output, when there is no memory for that.
  std::optional<Bytes> merged(const Bytes& message) {
    Bytes only;
    size_t count = 0;
    size_t size = 0;
    const auto each = [&](const auto& visit) {
      wire::FieldReader fields(message.view());
      for (wire::Field field; fields.next(&field);) {
        work_.pace.step(kFieldUnits);
        if (field.is(1, WireType::kLen) && !field.bytes.empty()) visit(field.bytes);
      }
    };
    each([&](MessageBytes part) {
      count++;
      size += part.size();
      only = Bytes(message.chunk(), part.data(), part.size());
    });
    if (count <= 1) return only;
    ChunkRef chunk = work_.pool.try_acquire(size);
    if (!chunk) {
      out_.refuse_memory();
      return std::nullopt;
    }
    uint8_t* at = chunk->data();
    each([&](MessageBytes part) {
      std::memcpy(at, part.data(), part.size());
      at += part.size();
    });
    const uint8_t* const data = chunk->data();
    return Bytes(std::move(chunk), data, size);
  }

  const Rope& request_;
  const Editors& editors_;
  Work& work_;
  EditContext context_;
  ResourceView resource_;
  ScopeView scope_;
  AttributeList list_;
  RopeWriter out_;
  RopeReader kept_;         // its position is the end of the request's bytes in the output
  size_t field_begin_ = 0;  // the position of the current ResourceX in the request
  size_t field_end_ = 0;
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
