#include "otlp/attribute_list.h"

#include "wire/protobuf.h"
#include "wire/writer.h"

namespace millrace::otlp {

void AttributeList::reset(MessageBytes message, uint32_t field_number) {
  message_ = message;
  field_number_ = field_number;
  entries_.clear();
  own_.clear();
  is_changed_ = false;
  wire::FieldReader fields(message);
  for (wire::Field field; fields.next(&field);) {
    if (!field.is(field_number, wire::WireType::kLen)) continue;
    Entry entry;
    entry.whole = field.whole;
    entry.view = KeyValueView::read(field.bytes);
    entries_.push_back(entry);
  }
}

std::optional<size_t> AttributeList::find_index(std::string_view key) const {
  for (size_t i = 0; i < entries_.size(); i++) {
    if (!entries_[i].is_erased && key_of(entries_[i]) == key) return i;
  }
  return std::nullopt;
}

std::optional<AnyValueView> AttributeList::find(std::string_view key) const {
  const std::optional<size_t> index = find_index(key);
  if (!index) return std::nullopt;
  return AnyValueView::read(value_of(entries_[*index]));
}

std::optional<std::string> AttributeList::copy_value(std::string_view key) const {
  const std::optional<size_t> index = find_index(key);
  if (!index) return std::nullopt;
  return std::string(as_text(value_of(entries_[*index])));
}

void AttributeList::set(std::string_view key, std::string_view any_value) {
  is_changed_ = true;
  std::optional<size_t> index = find_index(key);
  if (!index) {
    Entry added;
    added.is_own_key = true;
    added.own_key = own_.size();
    added.own_key_size = key.size();
    own_ += key;
    entries_.push_back(added);
    index = entries_.size() - 1;
  }
  Entry& entry = entries_[*index];
  entry.is_own_value = true;
  entry.own_value = own_.size();
  entry.own_value_size = any_value.size();
  own_ += any_value;
}

void AttributeList::erase(std::string_view key) {
  for (Entry& entry : entries_) {
    if (entry.is_erased || key_of(entry) != key) continue;
    entry.is_erased = true;
    is_changed_ = true;
  }
}

size_t AttributeList::content_size(const Entry& entry) const {
  return wire::len_field_size(1, key_of(entry).size()) +
         wire::len_field_size(2, value_of(entry).size());
}

size_t AttributeList::message_size() const {
  size_t size = message_.size();
  for (const Entry& entry : entries_) {
    if (entry.is_erased) {
      size -= entry.whole.size();
    } else if (entry.is_own_value) {
      size += wire::len_field_size(field_number_, content_size(entry)) - entry.whole.size();
    }
  }
  return size;
}

void AttributeList::write_message(const Bytes& owner, PieceList* into) const {
  const uint8_t* kept = message_.data();
  const uint8_t* const end = kept + message_.size();
  const auto keep_until = [&](const uint8_t* until) {
    into->keep_or_copy(owner, {kept, until});
    kept = until;
  };
  wire::Writer writer(128);
  for (const Entry& entry : entries_) {
    if (!entry.is_erased && !entry.is_own_value) continue;
    if (entry.whole.empty()) {
      keep_until(end);
    } else {
      keep_until(entry.whole.data());
      kept += entry.whole.size();
    }
    if (entry.is_erased) continue;
    const wire::Writer::Nested nested = writer.open(field_number_, content_size(entry));
    writer.string_field(1, key_of(entry));
    writer.bytes_field(2, value_of(entry));
    writer.close(nested);
    into->write(writer.view());
    writer.truncate(0);
  }
  keep_until(end);
}

std::string encode_string_value(std::string_view text) {
  wire::Writer writer(text.size() + 16);
  writer.string_field(1, text);
  return writer.to_string();
}

std::string encode_bool_value(int64_t is_true) {
  wire::Writer writer(16);
  writer.varint_field(2, is_true != 0);
  return writer.to_string();
}

std::string encode_int_value(int64_t number) {
  wire::Writer writer(16);
  writer.varint_field(3, static_cast<uint64_t>(number));
  return writer.to_string();
}

std::string encode_double_value(double number) {
  wire::Writer writer(16);
  writer.double_field(4, number);
  return writer.to_string();
}

}  // namespace millrace::otlp
