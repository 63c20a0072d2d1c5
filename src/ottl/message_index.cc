#include "ottl/message_index.h"

#include "otlp/key_value.h"
#include "ottl/value.h"
#include "wire/field_search.h"

namespace millrace::ottl {

Value ReceivedEntry::value() const { return Value::of_any(otlp::read_key_value(content()).value); }

namespace {

inline void add(ReceivedEntry* entry, const uint8_t* whole, otlp::MessageBytes content) {
  entry->content_data = content.data();
  entry->content_size = static_cast<uint32_t>(content.size());
  entry->whole_data = whole;
  if (const size_t value_at = otlp::short_value_position(content)) {
    entry->key_data = reinterpret_cast<const char*>(content.data()) + 2;
    entry->key_size = static_cast<uint32_t>(value_at - 2);
    return;
  }
  const std::string_view key = otlp::KeyValueView::read(content).key;
  entry->key_data = key.data();
  entry->key_size = static_cast<uint32_t>(key.size());
}

}  // namespace

bool MessageIndex::build(uint32_t attributes_number) {
  attributes_count_ = 0;
  if (message_.size() > UINT32_MAX) return false;
  if (attributes_ == nullptr) {
    attributes_ = std::make_unique_for_overwrite<ReceivedEntry[]>(kAttributesMax);
  }
  ReceivedEntry* entry = attributes_.get();
  ReceivedEntry* const entries_end = entry + kAttributesMax;
  const uint32_t attribute_tag = wire::make_tag(attributes_number, wire::WireType::kLen);
  const uint8_t* const begin = message_.data();
  const uint8_t* const end = begin + message_.size();
  // In registers while the entries are written.
  uint32_t present = 0;
  uint32_t repeated = 0;
  for (const uint8_t* at = begin; at != end;) {
    const auto left = static_cast<size_t>(end - at);
    const uint32_t head = left < 2 ? 0 : at[0] | uint32_t{at[1]} << 8;
    uint32_t tag = at[0];
    const uint8_t* content = at + 2;
    const uint8_t* next = nullptr;
    size_t size = (head >> 8) + 2;
    // Most are length-delimited, with a tag and a length of one byte each.
    const bool is_usual = (head & 0x8087) == static_cast<uint32_t>(wire::WireType::kLen) &&
                          (head & 0xf8) != 0 && size <= left;
    if (!is_usual) size = left < 2 ? 0 : wire::short_field_size(at, left);
    if (size != 0) {
      next = at + size;
    } else {
      const wire::AnyFormField field = wire::read_any_form(at, end, attributes_number);
      if (field.end == nullptr) return false;
      wire::read_tag(at, end, &tag);
      content = field.content;
      next = field.end;
    }
    if (tag == attribute_tag) {
      if (entry == entries_end) return false;
      add(entry++, at, {content, next});
    } else if (tag < wire::make_tag(kNumbersEnd, wire::WireType::kVarint)) {
      const uint32_t bit = uint32_t{1} << wire::field_number_of(tag);
      repeated |= present & bit;
      present |= bit;
      positions_[wire::field_number_of(tag)] = static_cast<uint32_t>(at - begin);
    }
    at = next;
  }
  present_ = present;
  repeated_ = repeated;
  attributes_count_ = static_cast<size_t>(entry - attributes_.get());
  return true;
}

}  // namespace millrace::ottl
