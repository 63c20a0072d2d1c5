#include "extensions/console/item_fields.h"

#include <bit>
#include <map>
#include <utility>

#include "extensions/console/json_writer.h"
#include "extensions/console/scan.h"
#include "otlp/schema.h"
#include "wire/utf8.h"

namespace millrace::extensions::console {
namespace {

using otlp::FieldRule;
using otlp::Kind;
using otlp::Message;
using otlp::MessageBytes;

constexpr int kDepthMax = 12;

Message item_of(Signal signal) {
  constexpr Message kItems[kSignalCount] = {Message::kSpan, Message::kMetric, Message::kLogRecord,
                                            Message::kProfile};
  return kItems[index_of(signal)];
}

bool is_double(std::string_view name) {
  for (const std::string_view each : {"as_double", "sum", "min", "max", "quantile", "value",
                                      "zero_threshold", "explicit_bounds", "double_value"}) {
    if (name == each) return true;
  }
  return false;
}

std::string text_of_double(uint64_t bits) {
  JsonWriter json;
  json.real(std::bit_cast<double>(bits));
  return json.take();
}

std::string text_of_number(const FieldRule& rule, uint64_t value) {
  if (rule.kind == Kind::kI64 || rule.kind == Kind::kPackedI64) {
    if (is_double(rule.name)) return text_of_double(value);
    if (rule.name == "as_int") return std::to_string(static_cast<int64_t>(value));
    return std::to_string(value);
  }
  if (rule.name == "scale" || rule.name == "offset") {
    return std::to_string(wire::zigzag_decode(value));
  }
  return std::to_string(rule.kind == Kind::kI32 ? value & UINT32_MAX : value);
}

class Flattening {
 public:
  explicit Flattening(ItemFields& into) : into_(into) {}

  void add_message(Message message, MessageBytes bytes, const std::string& prefix, int depth = 0) {
    std::map<uint32_t, size_t> indexes;  // of repeated messages
    wire::FieldReader reader(bytes);
    for (wire::Field field; reader.next(&field);) {
      const FieldRule* const rule = find(message, field.number);
      if (rule == nullptr) continue;  // unknown
      if (is_full()) return;
      add_field(*rule, field, prefix, indexes, depth);
    }
  }

  void add(std::string path, std::string_view value) {
    if (is_full()) return;
    into_.is_cut |= value.size() > kFieldTextBytesMax;
    into_.fields.push_back({std::move(path), wire::to_utf8(value, kFieldTextBytesMax)});
  }

 private:
  // There is one field more than what is shown.
  bool is_full() {
    if (into_.fields.size() < kFieldsMax) return false;
    into_.is_cut = true;
    return true;
  }

  static const FieldRule* find(Message message, uint32_t number) {
    for (const FieldRule& rule : otlp::fields_of(message)) {
      if (rule.number == number) return &rule;
    }
    return nullptr;
  }

  void add_field(const FieldRule& rule, const wire::Field& field, const std::string& prefix,
                 std::map<uint32_t, size_t>& indexes, int depth) {
    std::string path = prefix + std::string(rule.name);
    const bool is_len = field.type == wire::WireType::kLen;
    switch (rule.kind) {
      case Kind::kString:
        return add(std::move(path), field.text());
      case Kind::kBytes:
      case Kind::kTraceId:
      case Kind::kSpanId:
        return add(
            std::move(path),
            hex(field.bytes.first(std::min<size_t>(field.bytes.size(), kFieldTextBytesMax / 2))));
      case Kind::kVarint:
      case Kind::kI64:
      case Kind::kI32:
        return add(std::move(path), text_of_number(rule, field.value));
      case Kind::kPackedI64:
      case Kind::kPackedVarint:
        return is_len ? add_list(std::move(path), rule, field.bytes)
                      : add(std::move(path), text_of_number(rule, field.value));
      case Kind::kMessage:
        break;
    }
    if (!is_len || depth == kDepthMax) return;
    if (rule.message == Message::kKeyValue) return add_attribute(path, field.bytes, depth);
    if (rule.message == Message::kAnyValue) return add_value(path, field.bytes, depth);
    if (rule.repeated) path += "[" + std::to_string(indexes[rule.number]++) + "]";
    add_message(rule.message, field.bytes, path + ".", depth + 1);
  }

  void add_list(std::string path, const FieldRule& rule, MessageBytes bytes) {
    std::string text = "[";
    const uint8_t* at = bytes.data();
    const uint8_t* const end = at + bytes.size();
    while (at != end && text.size() < kFieldTextBytesMax) {
      uint64_t value = 0;
      if (rule.kind == Kind::kPackedI64) {
        if (end - at < 8) break;
        value = wire::load_fixed64(at);
        at += 8;
      } else {
        at = wire::read_varint(at, end, &value);
        if (at == nullptr) break;
      }
      if (text.size() > 1) text += ", ";
      text += text_of_number(rule, value);
    }
    add(std::move(path), at == end ? text + "]" : text + ", …]");
  }

  void add_attribute(const std::string& list, MessageBytes bytes, int depth) {
    const otlp::KeyValueView attribute = otlp::KeyValueView::read(bytes);
    std::string key = wire::to_utf8(attribute.key, kFieldTextBytesMax);
    add_value(list + "[\"" + key + "\"]", attribute.value, depth);
  }

  // A map's entries are fields of their own.
  void add_value(const std::string& path, MessageBytes bytes, int depth) {
    const otlp::AnyValueView value = otlp::AnyValueView::read(bytes);
    using Type = otlp::AnyValueView::Type;
    if (value.type == Type::kString) return add(path, value.text);
    if (value.type == Type::kKvlist && depth < kDepthMax) {
      otlp::ElementReader entries(value);
      for (MessageBytes entry; entries.next(&entry) && !is_full();) {
        add_attribute(path, entry, depth + 1);
      }
      return;
    }
    if (value.type == Type::kArray && value.members.size() > 16 * kFieldTextBytesMax) {
      into_.is_cut = true;
      return add(path, "[…]");
    }
    add(path, otlp::to_text(value));
  }

  ItemFields& into_;
};

}  // namespace

ItemFields fields_of_item(Signal signal, const otlp::ResourceView& resource,
                          const otlp::ScopeView& scope, otlp::MessageBytes item) {
  ItemFields fields;
  Flattening flattening(fields);
  flattening.add_message(item_of(signal), item, "");
  flattening.add_message(Message::kScope, scope.scope.view(), "scope.");
  if (!scope.schema_url.empty()) flattening.add("scope.schema_url", scope.schema_url);
  flattening.add_message(Message::kResource, resource.resource.view(), "resource.");
  if (!resource.schema_url.empty()) flattening.add("resource.schema_url", resource.schema_url);
  return fields;
}

std::vector<FieldChange> compare(const ItemFields& before, const ItemFields& after) {
  std::multimap<std::string_view, const ItemField*> unpaired;
  for (const ItemField& field : after.fields) unpaired.emplace(field.path, &field);
  std::vector<FieldChange> changes;
  for (const ItemField& field : before.fields) {
    const auto [first, last] = unpaired.equal_range(field.path);  // in the order of insertion
    if (first == last) {
      changes.push_back({field.path, Change::kRemoved, field.value, {}});
      continue;
    }
    const ItemField& now = *first->second;
    const bool is_same = now.value == field.value;
    changes.push_back({field.path, is_same ? Change::kSame : Change::kChanged,
                       is_same ? std::string() : field.value, now.value});
    unpaired.erase(first);
  }
  for (const ItemField& field : after.fields) {
    const auto [first, last] = unpaired.equal_range(field.path);
    if (first == last || first->second != &field) continue;
    changes.push_back({field.path, Change::kAdded, {}, field.value});
    unpaired.erase(first);
  }
  return changes;
}

}  // namespace millrace::extensions::console
